/** One arm's part of an answer, told alike whether the arm is a chain of peers or a cloud. */
import type { CompletionEvent, CompletionRequest, MeasuringService } from '../session/types.ts'
import type { ByteMeter, Cloud, Usage } from './cloud.ts'
import { cloudFailure } from './cloud-failure.ts'
import type { CloudOptions } from './cloud-options.ts'
import { cloudArm } from './cloud-options.ts'
import type { EdgeArm } from './edge-arms.ts'

type Finished = Extract<CompletionEvent, { type: 'finished' }>

export type LegEvent =
  /** Passed on as it is. */
  | { type: 'pass'; event: Extract<CompletionEvent, { type: 'started' | 'recovered' | 'text' }> }
  /** The text is whole; usage may follow. */
  | { type: 'ended'; reason: 'stop' | 'length'; finished?: Finished }
  | { type: 'usage'; usage: Usage }

export type LegEvents = AsyncGenerator<LegEvent, void, undefined>

export async function* edgeLeg(edge: MeasuringService, arm: EdgeArm, request: CompletionRequest, signal: AbortSignal): LegEvents {
  for await (const event of edge.complete({ ...request, onlyPeers: arm.peers }, signal)) {
    if (event.type !== 'finished') {
      yield { type: 'pass', event }
      continue
    }
    const { reason, promptTokens, completionTokens } = event
    yield { type: 'usage', usage: { promptTokens, completionTokens } }
    yield { type: 'ended', reason, finished: event }
  }
}

/** @throws BusyError, CloudError, InvalidRequestError, the signal's reason */
export async function* cloudLeg(
  cloud: Cloud,
  request: CompletionRequest,
  ask: { maxTokens: number; promptTokens: number; stream: boolean; digest: string },
  meter: ByteMeter,
  now: () => number,
  signal: AbortSignal
): LegEvents {
  const { options } = cloud
  try {
    let begun = false
    for await (const event of cloud.answer(request, ask.maxTokens, ask.stream, meter, signal)) {
      if (event.type !== 'text') {
        yield event
        continue
      }
      if (!begun) yield { type: 'pass', event: { type: 'started', model: ask.digest, promptTokens: ask.promptTokens, chain: [] } }
      begun = true
      yield { type: 'pass', event: { type: 'text', text: event.text, tokens: [] } }
    }
  } catch (thrown) {
    signal.throwIfAborted()
    throw cloudFailure(thrown, cloudArm(options), options.key, now())
  }
}

export function priceOf({ price }: CloudOptions, { promptTokens, completionTokens }: Usage): number {
  return price.prompt * promptTokens + price.completion * completionTokens
}
