/**
 * /health as a function of the directory.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeHealth } from '../../../peer/gateway/health.ts'
import type { DirectoryEntry, SpanOffer } from '../../../peer/swarm/types.ts'

const model = 'cd'.repeat(32)

function entry(peer: string, first: number, end: number, state: SpanOffer['state'] = 'serving'): DirectoryEntry {
  const offer: SpanOffer = {
    model,
    layers: 8,
    span: { first, end },
    state,
    numerics: 'kv=f32',
    prefillRate: 1,
    decodeRate: 1,
    freeKvTokens: 1024,
    queueMs: 2
  }
  return { announcement: { peer, sequence: 1, addresses: [], agent: 'node', adapter: 'llvmpipe', offers: [offer] }, ageMs: 10 }
}

const quiet = { answering: 0, recoveries: { count: 0, pauseMs: 0 }, drafts: { drafted: 0, accepted: 0 } }
const served = [{ name: 'psalter', digest: model, layers: 8 }]

test('ok once every layer of every model is held', () => {
  const counts = { answering: 1, recoveries: { count: 2, pauseMs: 35 }, drafts: { drafted: 9, accepted: 4 } }
  const health = describeHealth('self', counts, served, { entries: [entry('a', 0, 5), entry('b', 4, 8)] })
  assert.equal(health.status, 'ok')
  assert.equal(health.answering, 1)
  assert.deepEqual(health.recoveries, { count: 2, pause_ms: 35 })
  assert.deepEqual(health.drafts, { drafted: 9, accepted: 4 })
  assert.deepEqual(
    health.hops.map(({ peer, layers, free_kv_tokens }) => [peer, layers, free_kv_tokens]),
    [
      ['a', [0, 5], 1024],
      ['b', [4, 8], 1024]
    ]
  )
})

test('a loading peer holds nothing yet, and the missing layers are named', () => {
  const health = describeHealth('self', quiet, served, {
    entries: [entry('a', 0, 3), entry('b', 3, 6, 'loading'), entry('c', 6, 8)]
  })
  assert.equal(health.status, 'incomplete')
  assert.deepEqual(health.models[0]!.missing_layers, [3, 4, 5])
})

test('a gateway without models can answer nothing', () => {
  assert.equal(describeHealth('self', quiet, [], { entries: [] }).status, 'incomplete')
})
