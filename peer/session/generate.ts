/**
 * One generation at the level of token ids: prefill, then a step for each token, or for several where drafts are
 * right, each token sampled by a draw that depends on its position alone, until an end id, the length or the caller ends it. Text is somebody else's concern.
 */
import { DeadlineError } from '../errors.ts'
import type { Route } from '../swarm/types.ts'
import type { Answer, HopTiming } from '../wire/frames.pb.js'
import { askRows, type Drawing, drawRows } from './draw-rows.ts'
import { Driver, type DriverContext } from './driver.ts'
import type { Recovery } from './patience.ts'
import { Speculation } from './speculation.ts'
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
  /** Nobody reads along: where others wait, this answer waits longer. Default false. */
  background?: boolean | undefined
  /** Peers that the first chain may run through; undefined: any. */
  onlyPeers?: ReadonlySet<string> | undefined
  /** Draft tokens and have the chain check several in a step, where that is faster. Default true. */
  speculate?: boolean | undefined
}

export type GenerationEvent =
  | { type: 'opened'; session: string; route: Route }
  | { type: 'recovered'; recovery: Recovery }
  | {
      type: 'token'
      token: number
      logprobs: TokenLogprobs | undefined
      /** Of the step that gave the token; none where another token of that step came before. */
      timings: HopTiming[]
      /** The same: how many tokens the step had drafted, and how many of them were right. */
      drafted: number
      accepted: number
    }
  | { type: 'ended'; reason: 'stop' | 'length' }

/** Leaving the loop frees the session on every hop before the generator returns. @throws ShoalError, the signal's reason */
export async function* generate(
  context: DriverContext,
  request: GenerationRequest,
  signal?: AbortSignal
): AsyncGenerator<GenerationEvent, void, undefined> {
  const { model, clock } = context
  const {
    prompt,
    maxTokens,
    sampling,
    endIds,
    choice,
    logprobs,
    deadlineMs,
    standby,
    background,
    onlyPeers,
    speculate = true
  } = request
  signal?.throwIfAborted()
  const until = deadlineMs === undefined ? undefined : clock.now() + deadlineMs
  const limit = limitOf(context, deadlineMs, signal)
  const reserveTokens = Math.min(prompt.length + maxTokens, model.contextLength)
  const driver = new Driver(context, { reserveTokens, standby, background, onlyPeers })
  const drawing: Drawing = {
    sampling,
    vocabulary: model.vocabulary,
    choice,
    promptLength: prompt.length,
    logprobs,
    endIds
  }
  const speculation = new Speculation(clock, { sampling, choice, prompt, reserveTokens }, speculate ? context.drafter : undefined)
  const tokens = [...prompt]
  try {
    while (tokens.length - prompt.length < maxTokens) {
      // A token of its own comes with every step, so one less is worth drafting; the first is not made to wait for any.
      const left = speculate && tokens.length > prompt.length ? maxTokens - (tokens.length - prompt.length) - 1 : 0
      const draft = await speculation.draft(tokens, left, limit.signal)
      const rows = askRows(drawing, tokens, draft.drafted)
      const read = (answer: Answer, row: (row: number) => Promise<Float32Array>) => drawRows(drawing, tokens, rows, answer, row)
      const answered = await driver.next(tokens, { ...rows, read }, until, limit.signal)
      const { answer, read: drawn, route, recovery } = answered
      const drafted = answer.rows.length - 1
      const accepted = drawn.length - 1
      if (tokens.length === prompt.length) yield { type: 'opened', session: driver.name, route }
      else if (recovery === undefined) speculation.stepped(draft, drafted, accepted, answer.timings)
      if (recovery !== undefined) yield { type: 'recovered', recovery }
      for (const [at, { token, logprobs }] of drawn.entries()) {
        if (endIds.has(token)) {
          yield { type: 'ended', reason: 'stop' }
          return
        }
        tokens.push(token)
        yield at === 0
          ? { type: 'token', token, logprobs, timings: answer.timings, drafted, accepted }
          : { type: 'token', token, logprobs, timings: [], drafted: 0, accepted: 0 }
      }
    }
    yield { type: 'ended', reason: 'length' }
  } finally {
    limit.forget()
    await Promise.all([driver.close(), speculation.close()])
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
