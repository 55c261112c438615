/**
 * One answer of the chat: the conversation goes to the session as messages, events come back as changes of the page's state.
 */
import { ContextLengthError } from '../peer/errors.ts'
import { neutralSampling } from '../peer/session/neutral-sampling.ts'
import type { ChatMessage, CompletionEvent, CompletionService } from '../peer/session/types.ts'
import { type AnswerTrace, type ChatSettings, type PageState, type Turn, withAnswer } from './state.ts'

type Change = (change: (state: PageState) => PageState) => void

/** What the model reads of the conversation: everything said that has words. */
export function messagesOf(turns: readonly Turn[]): ChatMessage[] {
  return turns.filter(turn => turn.text !== '').map(({ role, text }) => ({ role, content: text }))
}

/** Writes the answer to the last user turn into the state's last turn. @throws ShoalError, the signal's reason */
export async function converse(
  service: CompletionService,
  messages: readonly ChatMessage[],
  settings: ChatSettings,
  change: Change,
  signal: AbortSignal
): Promise<void> {
  const { temperature, seed, maxTokens } = settings
  const sampling = { ...neutralSampling, temperature, seed }
  // The model's context is short for some models: what does not fit is forgotten from the front, a question and its answer at a time.
  for (let forgotten = 0; ; forgotten = nextUserTurn(messages, forgotten)) {
    const input = { messages: messages.slice(forgotten) }
    try {
      for await (const event of service.complete({ input, maxTokens, sampling, stop: [] }, signal))
        change(state => withAnswer(state, answer => ({ ...applied(answer, event), forgotten })))
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

type AnswerTurn = Turn & { role: 'assistant' }

function applied(answer: AnswerTurn, event: CompletionEvent): AnswerTurn {
  const empty: AnswerTrace = {
    chain: [],
    lost: [],
    numericsChanged: false,
    hops: undefined,
    ttftMs: undefined,
    tpotMs: undefined,
    tokens: []
  }
  const trace = answer.trace ?? empty
  switch (event.type) {
    case 'started':
      return { ...answer, state: 'streaming', trace: { ...trace, chain: event.chain } }
    case 'recovered': {
      const numericsChanged = trace.numericsChanged || event.numericsChanged
      return { ...answer, trace: { ...trace, chain: event.chain, lost: [...trace.lost, event.lost], numericsChanged } }
    }
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
  }
}
