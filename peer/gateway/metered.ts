/**
 * A service whose answers are counted while they come, so that keys and metrics count the same tokens.
 */
import { toShoalError } from '../errors.ts'
import type { CompletionEvent, PlacingService } from '../session/types.ts'

export interface Meter {
  started?: (event: Extract<CompletionEvent, { type: 'started' }>) => void
  text?: (text: string) => void
  tokens?: (kind: 'prompt' | 'completion', count: number) => void
  finished?: (event: Extract<CompletionEvent, { type: 'finished' }>) => void
  recovered?: (pauseMs: number) => void
  /** Once an answer: how it ended, as the reason it finished, the code of its error, or `left` by its client. */
  ended?: (how: string) => void
}

export function metered(service: PlacingService, meters: readonly Meter[]): PlacingService {
  const complete: PlacingService['complete'] = async function* (request, signal) {
    const counted = { prompt: 0, completion: 0 }
    const countUpTo = (kind: 'prompt' | 'completion', total: number) => {
      const more = total - counted[kind]
      if (more <= 0) return
      counted[kind] = total
      for (const { tokens } of meters) tokens?.(kind, more)
    }
    let how = 'left'
    try {
      for await (const event of service.complete(request, signal)) {
        // An answer that goes on elsewhere starts there as well, with what it has said so far as part of the prompt.
        if (event.type === 'started') {
          if (counted.prompt === 0) countUpTo('prompt', event.promptTokens)
          for (const { started } of meters) started?.(event)
        } else if (event.type === 'text') {
          countUpTo('completion', counted.completion + event.tokens.length)
          for (const { text } of meters) text?.(event.text)
        } else if (event.type === 'recovered') for (const { recovered } of meters) recovered?.(event.pauseMs)
        else if (event.type === 'finished') {
          // A cloud tells its tokens at the end alone.
          countUpTo('prompt', event.promptTokens)
          countUpTo('completion', event.completionTokens)
          how = event.reason
          for (const { finished } of meters) finished?.(event)
        }
        yield event
      }
    } catch (thrown) {
      how = signal?.aborted ? 'left' : toShoalError(thrown).code.toLowerCase()
      throw thrown
    } finally {
      for (const { ended } of meters) ended?.(how)
    }
  }
  return { model: service.model, complete }
}
