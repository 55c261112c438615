/**
 * Conversations as values: what is kept of one, how it is called, how it leaves the page as a file, and what is believed of
 * one that was read from the browser's storage, which other versions of the page may have written.
 */
import { readPlacement } from './gateway-trace.ts'
import { isRecord, readList, readNumber } from './records.ts'
import type { AnswerTrace, ConversationHead, Turn } from './state.ts'

/** Kept at most; the ones longest untouched go first. A list longer than this is searched by nobody. */
export const MAX_CONVERSATIONS = 200
/** Of all texts of one conversation: a book. Longer ones are shown and not kept. */
export const MAX_CONVERSATION_CHARS = 2_000_000
const MAX_TITLE_CHARS = 60
const MAX_TURNS = 10_000
const MAX_PLACEMENTS = 64

export interface Conversation extends ConversationHead {
  version: 1
  /** Digest and name of the model that was asked last. */
  model: { digest: string; name: string } | undefined
  system: string
  turns: readonly KeptTurn[]
}

/** A turn without its notices: why something failed last week helps nobody. */
export type KeptTurn = Turn

/** The first question's beginning, cut between words. */
export function titleOf(turns: readonly Turn[]): string {
  const text = (turns.find(turn => turn.role === 'user')?.text ?? '').replace(/\s+/g, ' ').trim()
  if (text.length <= MAX_TITLE_CHARS) return text === '' ? 'Untitled' : text
  const cut = text.slice(0, MAX_TITLE_CHARS)
  return `${/^(.{20,})\s/.exec(cut)?.[1] ?? cut}…`
}

/** As it is kept: answers that were under way count as stopped. */
export function keptTurns(turns: readonly Turn[]): KeptTurn[] {
  return turns.map(turn =>
    turn.role === 'user'
      ? turn
      : {
          ...turn,
          notice: undefined,
          state: turn.state === 'finished' ? 'finished' : turn.state === 'failed' ? 'failed' : 'stopped'
        }
  )
}

export function isKeepable(turns: readonly Turn[]): boolean {
  return turns.length <= MAX_TURNS && turns.reduce((sum, turn) => sum + turn.text.length, 0) <= MAX_CONVERSATION_CHARS
}

/** Newest first. */
export function newestFirst(heads: readonly ConversationHead[]): ConversationHead[] {
  return [...heads].sort((a, b) => b.changed - a.changed || (a.id < b.id ? -1 : 1))
}

/** The ids that must go so that no more than `most` are kept. */
export function surplus(heads: readonly ConversationHead[], most = MAX_CONVERSATIONS): string[] {
  return newestFirst(heads)
    .slice(most)
    .map(({ id }) => id)
}

/** What storage held, or undefined where it is not a conversation this version can show. */
export function readConversation(value: unknown): Conversation | undefined {
  if (!isRecord(value) || value.version !== 1) return undefined
  const { id, title, changed, system, turns, model } = value
  if (typeof id !== 'string' || typeof title !== 'string' || typeof changed !== 'number' || typeof system !== 'string')
    return undefined
  if (!Array.isArray(turns) || turns.length > MAX_TURNS) return undefined
  const read = turns.map(readTurn)
  if (read.includes(undefined)) return undefined
  const named =
    isRecord(model) && typeof model.digest === 'string' && typeof model.name === 'string'
      ? { digest: model.digest, name: model.name }
      : undefined
  return { version: 1, id, title, changed, system, model: named, turns: read as KeptTurn[] }
}

function readTurn(value: unknown): KeptTurn | undefined {
  if (!isRecord(value) || typeof value.text !== 'string') return undefined
  if (value.role === 'user') return { role: 'user', text: value.text }
  if (value.role !== 'assistant') return undefined
  const state = value.state === 'finished' || value.state === 'failed' ? value.state : 'stopped'
  const forgotten = typeof value.forgotten === 'number' ? value.forgotten : 0
  const trace = isTrace(value.trace) ? withLater(value.trace) : undefined
  return { role: 'assistant', text: value.text, state, cut: value.cut === true, forgotten, notice: undefined, trace }
}

function isTrace(value: unknown): value is AnswerTrace {
  if (!isRecord(value)) return false
  const { chain, lost, recoveries, tokens, hops } = value
  const isHop = (hop: unknown) =>
    isRecord(hop) &&
    typeof hop.peer === 'string' &&
    isRecord(hop.span) &&
    Number.isInteger(hop.span.first) &&
    Number.isInteger(hop.span.end)
  const isTime = (time: unknown) => isRecord(time) && Number.isFinite(time.computeMs) && Number.isFinite(time.queueMs)
  const isNumber = (key: string) => value[key] === undefined || Number.isFinite(value[key])
  return (
    [chain, lost, recoveries, tokens].every(Array.isArray) &&
    (chain as unknown[]).every(isHop) &&
    (lost as unknown[]).every(peer => typeof peer === 'string') &&
    (recoveries as unknown[]).every(one => isRecord(one) && Number.isFinite(one.at) && Number.isFinite(one.pauseMs)) &&
    (tokens as unknown[]).every(Number.isInteger) &&
    (hops === undefined || (Array.isArray(hops) && hops.every(isTime))) &&
    ['promptTokens', 'ttftMs', 'tpotMs'].every(isNumber)
  )
}

/** What earlier versions of the page did not keep. */
function withLater(trace: AnswerTrace): AnswerTrace {
  const { gateway, numericsChanged } = trace
  return {
    ...trace,
    numericsChanged: numericsChanged === true,
    gateway: typeof gateway === 'string' ? gateway : undefined,
    placements: readList(trace.placements, MAX_PLACEMENTS, readPlacement),
    answerTokens: readNumber(trace.answerTokens)
  }
}

/** One conversation as Markdown, for people. */
export function toMarkdown({ title, model, system, turns }: Conversation): string {
  const parts = [`# ${title}`]
  if (model !== undefined) parts.push(`Model: ${model.name} (${model.digest})`)
  if (system !== '') parts.push(`## System\n\n${system}`)
  for (const turn of turns) parts.push(`## ${turn.role === 'user' ? 'You' : 'Answer'}\n\n${turn.text}`)
  return `${parts.join('\n\n')}\n`
}

/** Conversations as JSON, for programs: roles and texts as OpenAI's API takes them. */
export function toJson(conversations: readonly Conversation[]): string {
  const plain = conversations.map(({ title, changed, model, system, turns }) => ({
    title,
    changed: new Date(changed).toISOString(),
    model,
    messages: [
      ...(system === '' ? [] : [{ role: 'system', content: system }]),
      ...turns.map(({ role, text }) => ({ role, content: text }))
    ]
  }))
  return `${JSON.stringify(plain, undefined, 2)}\n`
}

/** A file's name that every system takes. */
export function fileNameOf(title: string, extension: string): string {
  const plain = title
    .normalize('NFKD')
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
    .toLowerCase()
  return `${plain === '' ? 'conversation' : plain}.${extension}`
}
