/**
 * One generation at the level of token ids: prefill, then a token a step, each sampled by a draw that depends on its
 * position alone, until an end id, the length or the caller ends it. Text is somebody else's concern.
 */
import { DeadlineError } from '../errors.ts'
import type { Route } from '../swarm/types.ts'
import type { Answer, HopTiming } from '../wire/frames.pb.js'
import { adjustmentsOf } from './adjust-logits.ts'
import { draw } from './draw.ts'
import { Driver, type DriverContext } from './driver.ts'
import { fullLogprobs, rowLogprobs } from './logprobs.ts'
import type { Recovery } from './patience.ts'
import { headAsk, sampleFull, sampleRow } from './sampler.ts'
import type { Sampling, TokenLogprobs } from './types.ts'

export interface GenerationRequest {
  prompt: readonly number[]
  /** Most tokens to produce; prompt and answer together fit the context (the caller's duty). */
  maxTokens: number
  sampling: Sampling
  /** Ids that end the answer; not produced. */
  endIds: ReadonlySet<number>
  /** Which of several answers to the same prompt this is; the draw depends on it. */
  choice: number
  /** Tell log-probabilities: each token's, and those of so many of the likeliest. */
  logprobs: number | undefined
  /** Milliseconds the whole answer may take. */
  deadlineMs: number | undefined
  /** Have other peers keep the hops' KV: a lost hop costs no prefill. */
  standby: boolean
  /** Peers that the first chain may run through; undefined: any. */
  onlyPeers?: ReadonlySet<string> | undefined
}

export type GenerationEvent =
  | { type: 'opened'; session: string; route: Route }
  | { type: 'recovered'; recovery: Recovery }
  | { type: 'token'; token: number; timings: HopTiming[]; logprobs: TokenLogprobs | undefined }
  | { type: 'ended'; reason: 'stop' | 'length' }

/** Leaving the loop frees the session on every hop before the generator returns. @throws ShoalError, the signal's reason */
export async function* generate(
  context: DriverContext,
  request: GenerationRequest,
  signal?: AbortSignal
): AsyncGenerator<GenerationEvent, void, undefined> {
  const { model, clock } = context
  const { prompt, maxTokens, sampling, endIds, choice, logprobs, deadlineMs, standby, onlyPeers } = request
  signal?.throwIfAborted()
  const until = deadlineMs === undefined ? undefined : clock.now() + deadlineMs
  const limit = limitOf(context, deadlineMs, signal)
  const reserveTokens = Math.min(prompt.length + maxTokens, model.contextLength)
  const driver = new Driver(context, { reserveTokens, standby, onlyPeers })
  const tokens = [...prompt]
  try {
    while (tokens.length - prompt.length < maxTokens) {
      const uniform = draw(sampling.seed, choice, tokens.length)
      const adjustments = adjustmentsOf(sampling, tokens, prompt.length)
      const head = { rows: 1, ...headAsk(sampling, model.vocabulary, adjustments, logprobs) }
      const pick = (answer: Answer) => sampleRow(answer.rows[0]!, model.vocabulary, sampling, uniform, adjustments)
      const ask = { head, needsRow: (answer: Answer) => pick(answer) === undefined }
      const answered = await driver.next(tokens, ask, until, limit.signal)
      if (tokens.length === prompt.length) yield { type: 'opened', session: driver.name, route: answered.route }
      if (answered.recovery !== undefined) yield { type: 'recovered', recovery: answered.recovery }
      const { answer, logits } = answered
      const token = logits === undefined ? pick(answer)! : sampleFull(logits, sampling, uniform, adjustments)
      if (endIds.has(token)) {
        yield { type: 'ended', reason: 'stop' }
        return
      }
      tokens.push(token)
      yield {
        type: 'token',
        token,
        timings: answer.timings,
        logprobs:
          logprobs === undefined
            ? undefined
            : logits === undefined
              ? rowLogprobs(answer.rows[0]!, adjustments, token, logprobs)
              : fullLogprobs(logits, token, logprobs)
      }
    }
    yield { type: 'ended', reason: 'length' }
  } finally {
    limit.forget()
    await driver.close()
  }
}

/** The caller's signal and the deadline as one. */
function limitOf({ clock }: DriverContext, deadlineMs: number | undefined, parent: AbortSignal | undefined) {
  const controller = new AbortController()
  const onAbort = () => controller.abort(parent?.reason)
  parent?.addEventListener('abort', onAbort, { once: true })
  const forgetTimer =
    deadlineMs === undefined
      ? () => {}
      : clock.after(deadlineMs, () => controller.abort(new DeadlineError(`the answer took longer than its ${deadlineMs} ms`)))
  return {
    signal: controller.signal,
    forget: () => {
      forgetTimer()
      parent?.removeEventListener('abort', onAbort)
    }
  }
}
