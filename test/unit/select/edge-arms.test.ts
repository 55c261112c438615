import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EdgeQuestion, edgeArms, whyNoEdge } from '../../../peer/select/edge-arms.ts'
import type { Way } from '../../../peer/select/energy.ts'
import { Reputation } from '../../../peer/swarm/reputation.ts'
import type { DirectoryEntry } from '../../../peer/swarm/types.ts'

const model = 'ab'.repeat(32)

/** A peer is as far as the first letters of its name say. */
function entry(peer: string, first: number, end: number, decodeRate = 1_000, watts?: number): DirectoryEntry {
  const span = { first, end }
  const offer = {
    model,
    layers: 8,
    span,
    state: 'serving' as const,
    numerics: '',
    prefillRate: 1e4,
    decodeRate,
    freeKvTokens: 100 * end,
    queueMs: 5
  }
  return {
    announcement: {
      peer,
      sequence: 1,
      addresses: [],
      agent: 'node',
      adapter: '',
      offers: [offer],
      ...(watts === undefined ? {} : { watts })
    },
    ageMs: 0
  }
}

const question: EdgeQuestion = {
  model: { digest: model, layers: 8, width: 64 },
  reserveTokens: 10,
  reputation: new Reputation(),
  now: 0,
  wayTo: ({ peer }) => peer.split('-')[0] as Way,
  promptPrice: 0,
  tokenPrice: 0,
  bandwidth: 1e6
}
const of = (...entries: DirectoryEntry[]) => edgeArms({ entries }, question)

test('each class has the best chain that needs to go so far', () => {
  const local = [entry('local-a', 0, 4), entry('local-b', 4, 8)]
  assert.deepEqual(
    of(...local).map(({ id }) => id),
    ['edge:local']
  )
  // Faster, and farther.
  const both = of(...local, entry('lan-c', 0, 8, 1e5))
  assert.deepEqual(
    both.map(({ id, peers }) => [id, [...peers]]),
    [
      ['edge:local', ['local-a', 'local-b']],
      ['edge:lan', ['local-a', 'local-b', 'lan-c']]
    ]
  )
  // No better than what is here: no class of its own.
  assert.deepEqual(
    of(...local, entry('wan-c', 0, 8, 1)).map(({ id }) => id),
    ['edge:local']
  )
  // A chain is as far as its farthest hop.
  assert.deepEqual(
    of(local[0]!, entry('wan-d', 4, 8)).map(({ id }) => id),
    ['edge:wan']
  )
})

test('an arm has what its hops announce: the least room, every queue, watts or what is usual', () => {
  const [arm] = of(entry('lan-a', 0, 4, 1_000, 20), entry('lan-b', 4, 8))
  assert.equal(arm!.freeKvTokens, 400)
  assert.equal(arm!.waitMs, 10)
  assert.equal(arm!.hopBytes, 4 + 64 * 2)
  assert.deepEqual(
    [...arm!.watts],
    [
      ['lan-a', 20],
      ['lan-b', 45]
    ]
  )
})

test('a hole is no arm, and says which layers', () => {
  assert.deepEqual(of(entry('lan-a', 0, 4)), [])
  assert.match(whyNoEdge({ entries: [entry('lan-a', 0, 4)] }, question)!.message, /layers 4–7 of 8/)
})
