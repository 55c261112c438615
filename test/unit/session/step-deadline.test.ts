import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Pace } from '../../../peer/session/pace.ts'
import { hungMs, reachMs, silenceMs, stepDeadlineMs } from '../../../peer/session/step-deadline.ts'

const hop = (peer: string, promisedMs: number, promisedBatchedMs = promisedMs) => ({
  peer,
  addresses: [],
  span: { first: 0, end: 1 },
  numerics: '',
  promisedMs,
  promisedBatchedMs
})
const route = { hops: [hop('a', 20), hop('b', 30)], decodeMs: 50, prefillMs: 5 }
const timing = (ms: number) => ({ queueUs: 0, computeUs: ms * 1000 })

/** Decode steps of 100 ms, 20 of them on the way. */
function measured(): Pace {
  const pace = new Pace()
  pace.answered(route, 1, [timing(30), timing(50)], 100)
  return pace
}

test('before anything is measured, three times the promise; then three times what was seen', () => {
  assert.equal(stepDeadlineMs({ ...route, hops: [hop('a', 100), hop('b', 100)] }, 1, new Pace()), 600)
  assert.equal(stepDeadlineMs({ ...route, hops: [...route.hops, hop('c', 20)] }, 1, measured()), 3 * (30 + 50 + 20 + 20))
})

test('whatever was measured, a frozen hop is asked after within a second and given up within two', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 60_000, noNaN: true }), fc.integer({ min: 1, max: 8192 }), (ms, tokens) => {
      const pace = new Pace()
      pace.answered(route, 1, [timing(ms), timing(ms)], 2 * ms + 20)
      const deadline = stepDeadlineMs(route, tokens, pace)
      assert.ok(deadline >= 300 && deadline <= 1_000)
      assert.equal(silenceMs(pace, 0, false), 1_000)
      assert.equal(silenceMs(pace, 0, true), 500)
    })
  )
})

test('slow links, bytes in flight and hops given up in vain make it more patient, within a bound', () => {
  const far = new Pace()
  far.answered(route, 1, [timing(30), timing(50)], 80 + 3_000)
  assert.equal(silenceMs(far, 0, false), 6_000)
  assert.equal(silenceMs(measured(), 125_000, false), 2_000)
  const doubtful = measured()
  for (const wanted of [2_000, 4_000, 8_000, 16_000, 16_000]) {
    doubtful.silenced()
    assert.equal(silenceMs(doubtful, 0, false), wanted)
  }
  assert.equal(silenceMs(doubtful, 1e9, false), 20_000)
  doubtful.answered(route, 1, [timing(30), timing(50)], 100)
  assert.equal(silenceMs(doubtful, 0, false), 8_000)
})

test('one slow step counts at once and is forgotten over some', () => {
  const pace = measured()
  pace.answered(route, 1, [timing(30), timing(1_050)], 1_100)
  assert.equal(pace.run(route.hops[1]!, 1).ms, 1_050)
  for (let step = 0; step < 10; step++) pace.answered(route, 1, [timing(30), timing(50)], 100)
  assert.ok(pace.run(route.hops[1]!, 1).ms < 50 + 1_000 * 0.03)
})

test('a run is hung after eight times what it takes, at least two seconds, and fifteen the first time', () => {
  assert.equal(hungMs(route.hops[0]!, 1, new Pace()), 15_000)
  assert.equal(hungMs(route.hops[0]!, 1, measured()), 2_000)
  const slow = new Pace()
  slow.answered(route, 1, [timing(500), timing(50)], 600)
  assert.equal(hungMs(route.hops[0]!, 1, slow), 4_000)
  // Prefill has not been seen: it may compile pipelines of its own.
  assert.equal(hungMs(route.hops[0]!, 128, slow), 8 * 128 * 500)
  slow.answered(route, 100, [timing(1_000), timing(50)], 1_100)
  assert.equal(hungMs(route.hops[0]!, 128, slow), 8 * 1_280)
})

test('a hop with an address of its own is reached in 1.5 s, over WebRTC in 4, over slow links later; each that was not doubles it', () => {
  const pace = new Pace()
  const relayed = '/ip4/127.0.0.1/tcp/1/ws/p2p/A/p2p-circuit'
  const tab = { ...hop('a', 20), addresses: [relayed, `${relayed}/webrtc/p2p/B`] }
  const edge = { ...tab, addresses: [relayed, '/ip4/127.0.0.1/tcp/2'] }
  const limits = () => [reachMs(edge, pace), reachMs(tab, pace)]
  assert.deepEqual(limits(), [1_500, 4_000])
  pace.unreached()
  assert.deepEqual(limits(), [3_000, 8_000])
  // 500 ms of this on the way.
  pace.answered(route, 1, [timing(30), timing(50)], 580)
  assert.deepEqual(limits(), [5_000, 5_000])
})

test('what a run costs keeps the promised shape, and is raised by what was measured', () => {
  // 20 ms for a token, 2 for each of many.
  const batched = hop('a', 20, 2)
  const pace = new Pace()
  assert.deepEqual(pace.cost(batched), { fixedMs: 18, tokenMs: 2 })
  pace.answered({ hops: [batched], decodeMs: 20, prefillMs: 2 }, 41, [timing(300)], 300)
  assert.deepEqual(pace.cost(batched), { fixedMs: 54, tokenMs: 6 })
})
