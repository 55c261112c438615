/**
 * Where a step sits that does not come back, from what the hops answered to a probe. Each hop's reply comes through all
 * hops before it, so the first one that is missing names the hop that is gone. A function of values.
 */
import type { ProbeReply } from '../wire/frames.pb.js'

export type Verdict =
  /** It does not answer, and nothing after it can. */
  | { kind: 'silent'; hop: number }
  /** The hop before it answers, and can't reach it. */
  | { kind: 'unreached'; hop: number }
  /** It answers, and its run will not end. */
  | { kind: 'hung'; hop: number }
  /** It is there and works, or opens. */
  | { kind: 'busy'; hop: number }
  /** It is there and waits for a frame: the step, a credit or the answer is lost on the way. */
  | { kind: 'starved'; hop: number }

/** What is too long, of what a hop replied. */
export interface TooLong {
  /** Its run. */
  isHung: (reply: ProbeReply) => boolean
  /** Its dial to the next hop. */
  isUnreached: (reply: ProbeReply) => boolean
}

/**
 * `step`: the oldest without an answer; undefined while the chain opens.
 * `replies` by hop, undefined where none came.
 */
export function judge(
  replies: readonly (ProbeReply | undefined)[],
  step: number | undefined,
  { isHung, isUnreached }: TooLong
): Verdict {
  const answered = replies.findLastIndex(reply => reply !== undefined)
  const last = replies.length - 1
  if (answered < 0) return { kind: 'silent', hop: 0 }
  if (answered < last) {
    const reply = replies[answered]!
    if (reply.passedOn) return { kind: 'silent', hop: answered + 1 }
    return isUnreached(reply) ? { kind: 'unreached', hop: answered + 1 } : { kind: 'busy', hop: answered }
  }
  if (step === undefined) return { kind: 'busy', hop: last }
  const holder = replies.findIndex(reply => reply !== undefined && reply.executed < step)
  if (holder < 0) return { kind: 'starved', hop: last }
  const reply = replies[holder]!
  if (reply.runTokens === 0) return { kind: 'starved', hop: holder }
  if (isHung(reply)) return { kind: 'hung', hop: holder }
  return { kind: reply.received < step ? 'starved' : 'busy', hop: holder }
}
