/**
 * A CompletionService that follows a script, and a gateway of it: tests decide what the swarm does and when.
 */
import { describeHealth } from '../../../peer/gateway/health.ts'
import { startGateway } from '../../../peer/gateway/server.ts'
import type {
  CompletionEvent,
  CompletionRequest,
  CompletionService,
  Placement,
  PlacingService
} from '../../../peer/session/types.ts'

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
  ],
  drafts: { drafted: 6, accepted: 2 }
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

/** Has a gateway on loopback whose one model follows the script once it has told of the placements. */
export async function withScriptedGateway(
  placements: readonly Placement[],
  script: readonly Step[],
  use: (url: string, scripted: ScriptedService) => Promise<void>
): Promise<void> {
  const scripted = scriptedService(script)
  const service: PlacingService = {
    model: scripted.model,
    async *complete(request, signal) {
      for (const placement of placements) yield { type: 'placed', placement }
      yield* scripted.complete(request, signal)
    }
  }
  const gateway = await startGateway({
    services: () => [service],
    selection: () => ({ decisions: [] }),
    health: async counts => describeHealth('self', counts, [], { entries: [] }),
    host: '127.0.0.1',
    port: 0
  })
  try {
    await use(gateway.url, scripted)
  } finally {
    await gateway.close()
  }
}
