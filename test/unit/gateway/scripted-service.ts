/**
 * A CompletionService that follows a script: the gateway's tests decide what the swarm does and when.
 */
import type { CompletionEvent, CompletionRequest, CompletionService } from '../../../peer/session/types.ts'

export const digest = 'ab'.repeat(32)

export const started: CompletionEvent = {
  type: 'started',
  model: digest,
  promptTokens: 5,
  chain: [
    { peer: 'peer-a', span: { first: 0, end: 3 } },
    { peer: 'peer-b', span: { first: 3, end: 8 } }
  ]
}

export const text = (value: string): CompletionEvent => ({ type: 'text', text: value, tokens: [1] })

export const finished: CompletionEvent = {
  type: 'finished',
  reason: 'stop',
  promptTokens: 5,
  completionTokens: 3,
  ttftMs: 40,
  tpotMs: 7,
  hops: [
    { queueMs: 0.5, computeMs: 2 },
    { queueMs: 0.25, computeMs: 3 }
  ]
}

/** A step waits for the signal where it is told to hang. */
export type Step = CompletionEvent | Error | 'hang' | Promise<void>

export interface ScriptedService extends CompletionService {
  readonly requests: CompletionRequest[]
  /** Resolves when an answer was left or aborted before its script ended. */
  readonly freed: Promise<void>
}

export function scriptedService(script: readonly Step[]): ScriptedService {
  const requests: CompletionRequest[] = []
  const { promise: freed, resolve } = Promise.withResolvers<void>()
  return {
    model: { name: 'psalter', digest, contextLength: 256, warnings: [] },
    requests,
    freed,
    async *complete(request, signal) {
      requests.push(request)
      let ended = false
      try {
        for (const step of script) {
          if (step === 'hang') await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
          else if (step instanceof Error) throw step
          else if (step instanceof Promise) await step
          else yield step
        }
        ended = true
      } finally {
        if (!ended) resolve()
      }
    }
  }
}
