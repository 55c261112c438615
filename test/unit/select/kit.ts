/** Arms, requests and outcomes for the tests of the selector. */
import fc from 'fast-check'
import type { Arm, Ask } from '../../../peer/select/arms.ts'
import { INTERACTIVE } from '../../../peer/select/classes.ts'
import type { Outcome } from '../../../peer/select/reward.ts'
import type { SelectorState } from '../../../peer/select/selector.ts'
import { finished, select, started } from '../../../peer/select/selector.ts'

export function arm(id: string, changes: Partial<Arm> = {}): Arm {
  return {
    id,
    place: 'edge',
    waitMs: 0,
    linkMs: 10,
    prefillMsPerToken: 1,
    decodeMsPerToken: 20,
    freeKvTokens: 4_096,
    bandwidth: 1e7,
    promptPrice: 0,
    tokenPrice: 0,
    ...changes
  }
}

export function ask(changes: Partial<Ask> = {}): Ask {
  return {
    class: INTERACTIVE,
    policy: 'any',
    promptTokens: 100,
    maxTokens: 50,
    promptBytes: 1_000,
    tokenBytes: 10,
    stream: true,
    now: 0,
    ...changes
  }
}

/** A streamed answer of 11 tokens in the given times. */
export function answer(firstTokenMs: number, perTokenMs: number, changes: Partial<Outcome> = {}): Outcome {
  return {
    result: 'answered',
    stream: true,
    startedAt: 1_000,
    firstTokenAt: 1_000 + firstTokenMs,
    endedAt: 1_000 + firstTokenMs + 10 * perTokenMs,
    promptTokens: 100,
    completionTokens: 11,
    energy: 20,
    money: 0,
    ...changes
  }
}

/** Serves `count` requests one after another; returns which arm each went to. */
export function serve(from: SelectorState, arms: readonly Arm[], count: number, outcomeOf: (arm: string) => Outcome) {
  let state = from
  const went: string[] = []
  for (let request = 0; request < count; request++) {
    const chosen = select(state, ask(), arms).arm!
    const begun = started(state, ask(), arms.find(({ id }) => id === chosen)!)
    state = finished(begun.state, begun.pull, outcomeOf(chosen))
    went.push(chosen)
  }
  return { state, went }
}

/** Measures as a hostile or broken arm could bring them. */
export const anyMeasure = fc.oneof(
  fc.double({ min: 0, max: 1e5, noNaN: true }),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 1e15, 1e308, Number.MIN_VALUE)
)

export const anyOutcome: fc.Arbitrary<Outcome> = fc.record({
  result: fc.constantFrom('answered', 'failed', 'refused', 'left'),
  stream: fc.boolean(),
  startedAt: anyMeasure,
  firstTokenAt: anyMeasure,
  endedAt: anyMeasure,
  promptTokens: anyMeasure,
  completionTokens: anyMeasure,
  energy: anyMeasure,
  money: anyMeasure
})

export const anyArm: fc.Arbitrary<Arm> = fc.record({
  id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
  place: fc.constantFrom('edge', 'cloud'),
  waitMs: anyMeasure,
  linkMs: anyMeasure,
  prefillMsPerToken: anyMeasure,
  decodeMsPerToken: anyMeasure,
  freeKvTokens: anyMeasure,
  bandwidth: anyMeasure,
  promptPrice: anyMeasure,
  tokenPrice: anyMeasure,
  pausedUntil: fc.constantFrom(0, 5, Number.NaN)
})
