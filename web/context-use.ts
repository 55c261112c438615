/**
 * How much of what the model reads at once a conversation takes: exact for what a chain has read and written, estimated for
 * what has been typed since.
 */
import type { Turn } from './state.ts'

/** Until a chain has counted: usual for English text in byte-pair vocabularies. */
const USUAL_CHARS_PER_TOKEN = 4

export interface ContextUse {
  tokens: number
  of: number
  /** 0 … 1. */
  share: number
  /** False where part of it is estimated. */
  exact: boolean
}

/** `draft` is what the composer holds. */
export function contextUse(turns: readonly Turn[], system: string, draft: string, contextLength: number): ContextUse {
  let counted = 0
  let countedChars = 0
  let countedTurns = 0
  turns.forEach((turn, index) => {
    if (turn.role !== 'assistant' || turn.trace?.promptTokens === undefined) return
    counted = turn.trace.promptTokens + turn.trace.tokens.length
    countedTurns = index + 1
  })
  for (const turn of turns.slice(0, countedTurns)) countedChars += turn.text.length
  const charsPerToken = counted > 0 && countedChars > 0 ? countedChars / counted : USUAL_CHARS_PER_TOKEN
  const rest = turns.slice(countedTurns).reduce((sum, turn) => sum + turn.text.length, draft.length)
  const uncounted = rest + (countedTurns === 0 ? system.length : 0)
  const tokens = counted + Math.ceil(uncounted / charsPerToken)
  return { tokens, of: contextLength, share: Math.min(1, tokens / contextLength), exact: uncounted === 0 }
}
