import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { partsAt, planStarts, replayFrom, replayUntil, startsFromTokens } from '../../../peer/session/replay.ts'
import type { HopState } from '../../../peer/wire/frames.pb.js'
import { Part } from '../../../peer/wire/step-parts.ts'

const NEW: HopState = { kvLength: 0, logFirst: 0, logEnd: 0 }
const whole = (length: number): HopState => ({ kvLength: length, logFirst: 0, logEnd: length })
const unlogged = (length: number): HopState => ({ kvLength: length, logFirst: 0, logEnd: 0 })

test('a first chain is fed from token ids', () => {
  assert.deepEqual(planStarts([NEW, NEW, NEW], 21), [0, 0, 0])
  assert.deepEqual(startsFromTokens(3), [0, 0, 0])
  assert.deepEqual(partsAt([0, 0, 0], 0), [])
})

test('the neighbour before the lost hop replays, and the one after it keeps its KV', () => {
  const starts = planStarts([whole(30), NEW, unlogged(29)], 30)
  assert.deepEqual(starts, [30, 0, 29])
  assert.deepEqual(partsAt(starts, 0), [Part.replay, Part.run, Part.pass])
  assert.equal(replayUntil(starts, 0, 100), 29)
  assert.deepEqual(partsAt(starts, 29), [Part.replay, Part.run, Part.run])
  assert.deepEqual(partsAt(starts, 30), [])
})

test('hops that replace one hop, and two lost apart, are fed from the nearest log', () => {
  assert.deepEqual(planStarts([whole(30), NEW, NEW, unlogged(30)], 30), [30, 0, 0, 29])
  const apart = planStarts([whole(30), NEW, whole(30), NEW], 30)
  assert.deepEqual(apart, [30, 0, 30, 0])
  assert.deepEqual(partsAt(apart, 5), [Part.replay, Part.run, Part.replay, Part.run])
})

test('where no log reaches, survivors compute again what an earlier log or the token ids give', () => {
  assert.deepEqual(planStarts([unlogged(30), NEW, unlogged(30)], 30), [0, 0, 29])
  assert.deepEqual(planStarts([whole(30), { kvLength: 30, logFirst: 8, logEnd: 30 }, NEW], 30), [30, 0, 0])
  assert.deepEqual(planStarts([whole(30), { kvLength: 30, logFirst: 0, logEnd: 20 }, NEW], 30), [30, 20, 0])
})

test('a standby in a lost hop’s place, which has no log, computes only what had not come to it yet', () => {
  // The step under way is at 30. Behind by one, up to date, and ahead of the hop after it.
  assert.deepEqual(planStarts([whole(30), unlogged(29), unlogged(30)], 31), [30, 29, 30])
  assert.deepEqual(planStarts([whole(31), unlogged(30), unlogged(30)], 31), [31, 30, 30])
  assert.deepEqual(planStarts([whole(31), unlogged(31), unlogged(30)], 31), [31, 30, 30])
  assert.deepEqual(planStarts([whole(30), unlogged(30), unlogged(29)], 31), [30, 29, 29])
  // In the first hop's place it takes token ids, in the last one's it answers for the last position.
  assert.deepEqual(planStarts([unlogged(29), unlogged(30), unlogged(30)], 31), [29, 30, 30])
  assert.deepEqual(planStarts([whole(31), whole(31), unlogged(31)], 31), [31, 31, 30])
  // When the hop after it is lost later, its log begins where it took over: the one before feeds it anew.
  const tookOver = { kvLength: 40, logFirst: 29, logEnd: 40 }
  assert.deepEqual(planStarts([whole(40), tookOver, NEW], 40), [40, 0, 0])
  assert.deepEqual(planStarts([whole(40), tookOver, unlogged(38)], 40), [40, 40, 38])
})

const state = fc
  .tuple(fc.nat(40), fc.nat(40), fc.nat(40))
  .map(([kv, a, b]) => ({ kvLength: kv, logFirst: Math.min(a, b, kv), logEnd: Math.min(Math.max(a, b), kv) }))

test('whatever the hops hold, every step of the plan finds its input and all hold everything in the end', () => {
  fc.assert(
    fc.property(fc.array(state, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 45 }), (states, length) => {
      const starts = planStarts(states, length)
      // The hops as they are, played through the plan one position at a time.
      const held = states.map(({ kvLength }) => kvLength)
      const logs = states.map(({ logFirst, logEnd }) => new Set(range(logFirst, logEnd)))
      let lastRan = -1
      for (const position of range(replayFrom(starts), length)) {
        const parts = partsAt(starts, position)
        for (const hop of states.keys()) {
          const part = parts[hop] ?? Part.run
          if (part === Part.run) {
            const before = hop === 0 ? Part.run : (parts[hop - 1] ?? Part.run)
            assert.notEqual(before, Part.pass, `hop ${hop} lacks input at ${position}`)
            assert.ok(position <= held[hop]!, `hop ${hop} skips to ${position}`)
            held[hop] = position + 1
            for (const logged of logs[hop]!) if (logged >= position) logs[hop]!.delete(logged)
            logs[hop]!.add(position)
            if (hop === states.length - 1) lastRan = position
          } else {
            assert.ok(position < held[hop]!)
            if (part === Part.replay) assert.ok(logs[hop]!.has(position), `hop ${hop} replays ${position} without a log`)
          }
        }
      }
      for (const have of held) assert.ok(have >= length)
      assert.equal(lastRan, length - 1)
    }),
    { numRuns: 2_000, seed: 5 }
  )
})

test('a step never spans a start, and parts only change there', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(40), { minLength: 1, maxLength: 6 }),
      fc.nat(40),
      fc.integer({ min: 1, max: 10 }),
      (starts, from, size) => {
        const until = replayUntil(starts, from, from + size)
        assert.ok(until > from && until <= from + size)
        for (const position of range(from, until)) assert.deepEqual(partsAt(starts, position), partsAt(starts, from))
      }
    ),
    { numRuns: 500, seed: 6 }
  )
})

test('with whole logs no survivor but the last hop computes anything again', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 2, maxLength: 6 }), fc.integer({ min: 1, max: 40 }), (survives, length) => {
      const states = survives.map(held => (held ? whole(length) : NEW))
      const expected = survives.map((held, hop) => (!held ? 0 : hop === survives.length - 1 ? length - 1 : length))
      assert.deepEqual(planStarts(states, length), expected)
    }),
    { numRuns: 200, seed: 7 }
  )
})

function range(from: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - from) }, (_, at) => from + at)
}
