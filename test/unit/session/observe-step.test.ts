import assert from 'node:assert/strict'
import { test } from 'node:test'
import { observeStep } from '../../../peer/session/observe-step.ts'
import type { Route } from '../../../peer/swarm/types.ts'

const hop = { addresses: [], numerics: '', promisedBatchedMs: 1 }
const route: Route = {
  hops: [
    { ...hop, peer: 'a', span: { first: 0, end: 3 }, promisedMs: 30 },
    { ...hop, peer: 'b', span: { first: 3, end: 8 }, promisedMs: 5 }
  ],
  decodeMs: 35,
  prefillMs: 4
}
const timings = [
  { queueUs: 90_000, computeUs: 45_500 },
  { queueUs: 0, computeUs: 2_000 }
]

const row = { ids: [], logits: [], extraLogits: [], logSumExp: 0, logSumExpAtTemperature: 0 }
const answer = (count: number, rows: number, known = timings) => ({ count, rows: Array(rows).fill(row), timings: known })

test('a decode step holds each hop’s compute time, without its queue, against its promise', () => {
  assert.deepEqual(observeStep(route, answer(1, 1)), [
    { peer: 'a', promisedMs: 30, observedMs: 45.5 },
    { peer: 'b', promisedMs: 5, observedMs: 2 }
  ])
})

test('prefill, and hops that told no time, say nothing', () => {
  assert.deepEqual(observeStep(route, answer(2, 1)), [])
  assert.deepEqual(observeStep(route, answer(1, 1, timings.slice(0, 1))), [{ peer: 'a', promisedMs: 30, observedMs: 45.5 }])
})

test('a step with a draft says what is certain whether its tokens cost as much as each by itself or nothing', () => {
  // 45.5 ms of two tokens is between once and twice what was promised of one; 2 ms is less than even one.
  assert.deepEqual(observeStep(route, answer(2, 2)), [{ peer: 'b', promisedMs: 5, observedMs: 2 }])
  const slow = [{ queueUs: 0, computeUs: 240_000 }]
  assert.deepEqual(observeStep(route, answer(4, 4, slow)), [{ peer: 'a', promisedMs: 30, observedMs: 60 }])
})
