/**
 * One answer of the chat: the conversation goes to the session as messages, events come back as changes of the page's state.
 */
import { ContextLengthError } from '../peer/errors.ts'
import { neutralSampling } from '../peer/session/neutral-sampling.ts'
import type { ChatMessage, CompletionEvent, CompletionRequest } from '../peer/session/types.ts'
import type { GatewayEvent } from './gateway.ts'
import { type AnswerTrace, type ChatSettings, type PageState, type Turn, withAnswer } from './state.ts'

type Change = (change: (state: PageState) => PageState) => void

/** What the model reads of the conversation: everything said that has words. */
export function messagesOf(turns: readonly Turn[]): ChatMessage[] {
  return turns.filter(turn => turn.text !== '').map(({ role, text }) => ({ role, content: text }))
}

/** An answer may take this share of the context, so that a question still fits beside a long allowed answer. */
const ANSWER_SHARE = 0.5

/** Whoever answers: this tab's own session, or a gateway. */
export interface Answerer {
  contextLength: number
  /** Host of the gateway; undefined: this tab drives the chain. */
  gateway: string | undefined
  complete: (request: CompletionRequest, signal: AbortSignal) => AsyncGenerator<CompletionEvent | GatewayEvent, void, undefined>
}

/** Writes the answer to the last user turn into the state's last turn. @throws ShoalError, the signal's reason */
export async function converse(
  { contextLength, gateway, complete }: Answerer,
  messages: readonly ChatMessage[],
  settings: ChatSettings,
  change: Change,
  signal: AbortSignal
): Promise<void> {
  const { system, temperature, topP, topK, minP, repetitionPenalty } = settings
  const seed = settings.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]!
  const sampling = { ...neutralSampling, temperature, topP, topK, minP, repetitionPenalty, seed }
  const maxTokens = Math.min(settings.maxTokens, Math.max(1, Math.floor(contextLength * ANSWER_SHARE)))
  const before: ChatMessage[] = system.trim() === '' ? [] : [{ role: 'system', content: system }]
  // The model's context is short for some models: what does not fit is forgotten from the front, a question and its answer at a time.
  for (let forgotten = 0; ; forgotten = nextUserTurn(messages, forgotten)) {
    const input = { messages: [...before, ...messages.slice(forgotten)] }
    try {
      for await (const event of complete({ input, maxTokens, sampling, stop: [] }, signal))
        change(state => withAnswer(state, answer => ({ ...applied(answer, event, gateway), forgotten })))
      return
    } catch (error) {
      if (!(error instanceof ContextLengthError) || nextUserTurn(messages, forgotten) >= messages.length) throw error
    }
  }
}

function nextUserTurn(messages: readonly ChatMessage[], after: number): number {
  const next = messages.findIndex((message, index) => index > after && message.role === 'user')
  return next < 0 ? messages.length : next
}

const emptyTrace: AnswerTrace = {
  chain: [],
  lost: [],
  numericsChanged: false,
  recoveries: [],
  promptTokens: undefined,
  hops: undefined,
  ttftMs: undefined,
  tpotMs: undefined,
  tokens: [],
  answerTokens: undefined,
  gateway: undefined,
  placements: []
}

type AnswerTurn = Turn & { role: 'assistant' }

function applied(answer: AnswerTurn, event: CompletionEvent | GatewayEvent, gateway: string | undefined): AnswerTurn {
  const trace = answer.trace ?? { ...emptyTrace, gateway }
  switch (event.type) {
    case 'started':
      return { ...answer, state: 'streaming', trace: { ...trace, chain: event.chain, promptTokens: event.promptTokens } }
    case 'recovered':
      return { ...answer, trace: recovered(trace, event, answer.text.length) }
    case 'text':
      return {
        ...answer,
        state: 'streaming',
        text: answer.text + event.text,
        trace: { ...trace, tokens: [...trace.tokens, ...event.tokens] }
      }
    case 'finished': {
      const { hops, ttftMs, tpotMs, reason } = event
      return { ...answer, state: 'finished', cut: reason === 'length', trace: { ...trace, hops, ttftMs, tpotMs } }
    }
    case 'told':
      return { ...answer, trace: { ...trace, ...event.trace } }
    case 'ended':
      return { ...answer, state: 'finished', cut: event.reason === 'length', trace: { ...trace, ...event.trace } }
  }
}

function recovered(trace: AnswerTrace, event: CompletionEvent & { type: 'recovered' }, at: number): AnswerTrace {
  const { chain, lost, pauseMs } = event
  return {
    ...trace,
    chain,
    lost: [...trace.lost, lost],
    numericsChanged: trace.numericsChanged || event.numericsChanged,
    recoveries: [...trace.recoveries, { lost, at, pauseMs }]
  }
}
