import assert from 'node:assert/strict'
import { test } from 'node:test'
import { observeStep } from '../../../peer/session/observe-step.ts'
import type { Route } from '../../../peer/swarm/types.ts'

const hop = { addresses: [], numerics: '' }
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

test('a decode step holds each hop’s compute time, without its queue, against its promise', () => {
  assert.deepEqual(observeStep(route, 1, timings), [
    { peer: 'a', promisedMs: 30, observedMs: 45.5 },
    { peer: 'b', promisedMs: 5, observedMs: 2 }
  ])
})

test('prefill, and hops that told no time, say nothing', () => {
  assert.deepEqual(observeStep(route, 2, timings), [])
  assert.deepEqual(observeStep(route, 1, timings.slice(0, 1)), [{ peer: 'a', promisedMs: 30, observedMs: 45.5 }])
})
