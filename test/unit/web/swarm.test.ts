/** The swarm as people see it: places on the map, rows of the table, who left, which model needs a donor. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { neediest, thinSpans, withGone } from '../../../web/layers.ts'
import type { Holder } from '../../../web/state.ts'
import { chainPath, distanceOf, placePeers } from '../../../web/swarm-map.ts'
import { columns, rowsOf, type SwarmRow, sorted } from '../../../web/swarm-table.ts'

const holder = (peer: string, first: number, end: number, decodeRate = 100): Holder => {
  const offer = {
    ...{ model: 'm', layers: 24, span: { first, end }, state: 'serving' as const, numerics: '', prefillRate: 1 },
    ...{ decodeRate, freeKvTokens: 10, queueMs: 1 }
  }
  const announcement = { peer, sequence: 1, addresses: [], agent: 'tab' as const, adapter: 'a', offers: [offer] }
  return { entry: { announcement, ageMs: 0 }, offer }
}

test('farther is farther, and what is not measured lies on the rim', () => {
  const places = [0.2, 1, 5, 40, 200, 9_000].map(distanceOf)
  assert.deepEqual(
    places.toSorted((a, b) => a - b),
    places
  )
  assert.equal(places[0], places[1])
  assert.ok(distanceOf(undefined) > places.at(-1)!)
})

test('layers are the hours of a clock, this tab is its middle', () => {
  const peers = placePeers([holder('me', 0, 24), holder('b', 3, 9), holder('c', 15, 21)], 24, 'me', { b: 1, c: 1 })
  assert.deepEqual(
    peers.map(({ peer, x, y }) => [peer, x, y]),
    [
      ['b', 24, 0],
      ['c', -24, 0]
    ]
  )
  const chain = [
    { peer: 'b', span: { first: 0, end: 9 } },
    { peer: 'me', span: { first: 9, end: 15 } },
    { peer: 'c', span: { first: 15, end: 24 } }
  ]
  assert.equal(chainPath(chain, peers, 'me'), 'M0 0L24 0L0 0L-24 0L0 0')
})

const anyHolders = fc.uniqueArray(
  fc.record({
    peer: fc.uuid(),
    first: fc.integer({ min: 0, max: 23 }),
    rtt: fc.option(fc.float({ min: 0, max: 500, noNaN: true }))
  }),
  { selector: ({ peer }) => peer, maxLength: 12 }
)

test('the same peers stand in the same places, each as far out as it is, none on another', () => {
  fc.assert(
    fc.property(anyHolders, drawn => {
      const holders = drawn.map(({ peer, first }) => holder(peer, first, first + 1))
      const roundTrips = Object.fromEntries(drawn.flatMap(({ peer, rtt }) => (rtt === null ? [] : [[peer, rtt]])))
      const peers = placePeers(holders, 24, undefined, roundTrips)
      assert.deepEqual(placePeers(holders.toReversed(), 24, undefined, roundTrips), peers)
      for (const { x, y, roundTripMs } of peers) assert.ok(Math.abs(Math.hypot(x, y) - distanceOf(roundTripMs)) < 0.2)
    })
  )
  // A dozen newcomers with the same layers, all unmeasured.
  const crowd = placePeers(
    Array.from({ length: 12 }, (_, at) => holder(`p${at}`, 0, 8)),
    24,
    undefined,
    {}
  )
  for (const [index, a] of crowd.entries())
    for (const b of crowd.slice(index + 1)) assert.ok(Math.hypot(a.x - b.x, a.y - b.y) > 9, `${a.peer} on ${b.peer}`)
})

test('a table sorts by any column, both ways, the unknown last', () => {
  const rows = rowsOf([holder('x-b', 8, 16, 800), holder('x-a', 0, 8, 0), holder('x-c', 0, 4, 100)], { 'x-b': 9, 'x-c': 3 })
  const order = (column: (typeof columns)[number], descending: boolean) =>
    sorted(rows, { column, descending })
      .map(({ peer }) => peer.slice(-1))
      .join('')
  assert.equal(order('peer', false), 'abc')
  assert.equal(order('peer', true), 'cba')
  assert.equal(order('span', false), 'cab')
  assert.equal(order('roundTripMs', false), 'cba')
  assert.equal(order('roundTripMs', true), 'bca')
  // 8 layers at 800 a second are 10 ms, 4 at 100 are 40; no rate, no time.
  assert.deepEqual(
    rows.map(({ tokenMs }: SwarmRow) => tokenMs),
    [10, undefined, 40]
  )
  assert.equal(order('tokenMs', false), 'bca')
  for (const column of columns) assert.equal(sorted(rows, { column, descending: true }).length, 3)
})

test('who left is shown for a while, and not when it is back', () => {
  const [a, b] = [holder('a', 0, 8), holder('b', 8, 16)]
  const left = withGone([], [a, b], [a], 1_000)
  assert.deepEqual(
    left.map(({ holder }) => holder),
    [b]
  )
  assert.deepEqual(withGone(left, [a], [a], 5_000), left)
  assert.deepEqual(withGone(left, [a], [a, b], 5_000), [])
  assert.deepEqual(withGone(left, [a], [a], 9_001), [])
})

test('a donor hosts the model whose thinnest layer is thinnest, of those it allows', () => {
  const models = ['a', 'b', 'c'].map(digest => ({ digest, name: digest, layers: 2 }))
  const coverages = { a: { counts: [2, 1], peers: 2 }, b: { counts: [3, 0], peers: 3 }, c: { counts: [0, 0], peers: 0 } }
  assert.equal(neediest(models, coverages, [])?.digest, 'b')
  assert.equal(neediest(models, coverages, ['b'])?.digest, 'c')
  assert.equal(neediest(models, coverages, ['b', 'c'])?.digest, 'a')
  assert.equal(neediest(models, coverages, ['a', 'b', 'c']), undefined)
  assert.deepEqual(thinSpans([1, 1, 0, 2, 1]), [
    { first: 0, end: 2 },
    { first: 4, end: 5 }
  ])
})
