import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { NoRouteError } from '../../../peer/errors.ts'
import type { Span } from '../../../peer/model/types.ts'
import { changesNumerics } from '../../../peer/swarm/numerics.ts'
import { Reputation } from '../../../peer/swarm/reputation.ts'
import { planRoute, type RouteQuestion } from '../../../peer/swarm/routing.ts'
import type { Directory, Route } from '../../../peer/swarm/types.ts'
import { directoryOf, model, offerOf } from './kit.ts'

const ask = (layers: number, more: Partial<RouteQuestion> = {}): RouteQuestion => ({
  model,
  layers,
  reserveTokens: 256,
  now: 0,
  ...more
})

/** Every chain there is, by trying all; the cost written down again from the words: link + 1 ms a hop + queue + layers / rate. */
function cheapestByTrying(
  directory: Directory,
  layers: number,
  partial: boolean,
  linkMs: (a?: string, b?: string) => number
): number {
  let best = Number.POSITIVE_INFINITY
  const go = (layer: number, last: string | undefined, used: Set<string>, cost: number) => {
    if (layer === layers) {
      best = Math.min(best, cost + linkMs(last, undefined))
      return
    }
    for (const { announcement } of directory.entries)
      for (const offer of announcement.offers) {
        if (used.has(announcement.peer)) continue
        const { first, end } = offer.span
        if (partial ? !(first <= layer && layer < end) : first !== layer) continue
        for (let exit = partial ? layer + 1 : end; exit <= end; exit++)
          go(
            exit,
            announcement.peer,
            new Set([...used, announcement.peer]),
            cost + linkMs(last, announcement.peer) + 1 + offer.queueMs + ((exit - layer) * 1_000) / offer.decodeRate
          )
      }
  }
  go(0, undefined, new Set(), 0)
  return best
}

function assertWhole(route: Route, directory: Directory, layers: number): void {
  let covered = 0
  const peers = new Set<string>()
  for (const { peer, span } of route.hops) {
    assert.equal(span.first, covered, 'every layer once, in order')
    assert.ok(span.end > span.first)
    covered = span.end
    assert.ok(!peers.has(peer), `${peer} has one place in the chain`)
    peers.add(peer)
    const entry = directory.entries.find(({ announcement }) => announcement.peer === peer)
    assert.ok(entry?.announcement.offers.some(offer => offer.span.first <= span.first && span.end <= offer.span.end))
  }
  assert.equal(covered, layers)
}

const swarm = fc.integer({ min: 1, max: 6 }).chain(layers =>
  fc.record({
    layers: fc.constant(layers),
    peers: fc.array(
      fc.record({
        spans: fc.array(fc.tuple(fc.nat({ max: layers - 1 }), fc.integer({ min: 1, max: layers })), {
          minLength: 1,
          maxLength: 2
        }),
        decodeRate: fc.integer({ min: 1, max: 1_000 }),
        queueMs: fc.integer({ min: 0, max: 50 })
      }),
      { maxLength: 5 }
    ),
    links: fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 36, maxLength: 36 })
  })
)

for (const partialSpans of [false, true])
  test(`a route is found whenever there is one, whole and the cheapest (${partialSpans ? 'parts of spans' : 'whole spans'})`, () => {
    fc.assert(
      fc.property(swarm, ({ layers, peers, links }) => {
        const directory = directoryOf(
          Object.fromEntries(
            peers.map(({ spans, decodeRate, queueMs }, i) => [
              `p${i}`,
              spans.map(([first, length]) =>
                offerOf({ first, end: Math.min(layers, first + length) }, layers, { decodeRate, queueMs })
              )
            ])
          )
        )
        const index = (peer?: string) => (peer === undefined ? 5 : Number(peer.slice(1)))
        const linkMs = (a?: string, b?: string) => links[index(a) * 6 + index(b)]!
        const cheapest = cheapestByTrying(directory, layers, partialSpans, linkMs)
        const question = ask(layers, { partialSpans, linkMs })
        if (cheapest === Number.POSITIVE_INFINITY) {
          assert.throws(() => planRoute(directory, question), NoRouteError)
          return
        }
        const route = planRoute(directory, question)
        assertWhole(route, directory, layers)
        assert.ok(Math.abs(route.decodeMs - cheapest) < 1e-6, `${route.decodeMs} ms, ${cheapest} would do`)
      }),
      { numRuns: 400 }
    )
  })

const span = (first: number, end: number): Span => ({ first, end })
const peersOf = (route: Route) => route.hops.map(({ peer }) => peer)

test('of two equally fast chains the one with fewer hops', () => {
  const directory = directoryOf({ a: offerOf(span(0, 4), 8), b: offerOf(span(4, 8), 8), whole: offerOf(span(0, 8), 8) })
  assert.deepEqual(peersOf(planRoute(directory, ask(8, { linkMs: () => 0 }))), ['whole'])
})

test('missing layers are named; spans that do not join are told from missing ones', () => {
  const directory = directoryOf({ a: offerOf(span(0, 3), 8), b: offerOf(span(4, 6), 8) })
  assert.throws(() => planRoute(directory, ask(8)), /layers 3, 6–7 of 8/)
  const overlapping = directoryOf({ a: offerOf(span(0, 5), 8), b: offerOf(span(3, 8), 8) })
  assert.throws(() => planRoute(overlapping, ask(8)), /no spans join/)
  assert.deepEqual(peersOf(planRoute(overlapping, ask(8, { partialSpans: true }))), ['a', 'b'])
})

test('loading offers, other models and excluded peers are not routed through', () => {
  const whole = span(0, 8)
  assert.throws(() => planRoute(directoryOf({ a: offerOf(whole, 8, { state: 'loading' }) }), ask(8)), NoRouteError)
  assert.throws(() => planRoute(directoryOf({ a: offerOf(whole, 8, { model: 'cd'.repeat(32) }) }), ask(8)), NoRouteError)
  const two = directoryOf({ a: offerOf(whole, 8), b: offerOf(whole, 8, { decodeRate: 1 }) })
  assert.deepEqual(peersOf(planRoute(two, ask(8))), ['a'])
  assert.deepEqual(peersOf(planRoute(two, ask(8, { exclude: new Set(['a']) }))), ['b'])
  assert.deepEqual(peersOf(planRoute(two, ask(8, { onlyPeers: new Set(['b']) }))), ['b'])
  assert.throws(() => planRoute(two, ask(8, { exclude: new Set(['a', 'b']) })), NoRouteError)
})

test('banned peers are avoided unless nobody else holds their layers, and come back after 15 s', () => {
  const reputation = new Reputation()
  const two = directoryOf({ a: offerOf(span(0, 8), 8), b: offerOf(span(0, 8), 8, { decodeRate: 1 }) })
  reputation.failed('a', 0)
  assert.deepEqual(peersOf(planRoute(two, ask(8, { reputation }))), ['b'])
  assert.deepEqual(peersOf(planRoute(two, ask(8, { reputation, exclude: new Set(['b']) }))), ['a'])
  assert.deepEqual(peersOf(planRoute(two, ask(8, { reputation, now: 15_000 }))), ['a'])
})

test('where all are banned, the one that failed longest ago is tried, however fast the others are', () => {
  const reputation = new Reputation()
  const two = directoryOf({ a: offerOf(span(0, 8), 8), b: offerOf(span(0, 8), 8, { decodeRate: 1 }) })
  reputation.failed('b', 0)
  reputation.failed('a', 1_000)
  assert.deepEqual(peersOf(planRoute(two, ask(8, { reputation, now: 1_000 }))), ['b'])
  reputation.failed('b', 2_000)
  assert.deepEqual(peersOf(planRoute(two, ask(8, { reputation, now: 2_000 }))), ['a'])
})

test('a peer without room for the session only when no other has it', () => {
  const two = directoryOf({ full: offerOf(span(0, 8), 8, { freeKvTokens: 0 }), b: offerOf(span(0, 8), 8, { decodeRate: 1 }) })
  assert.deepEqual(peersOf(planRoute(two, ask(8))), ['b'])
  assert.deepEqual(peersOf(planRoute(two, ask(8, { exclude: new Set(['b']) }))), ['full'])
})

test('a recovery prefers the numerics of the chain it continues, and hops can be bounded', () => {
  const directory = directoryOf({
    fast: offerOf(span(0, 8), 8, { numerics: 'kv=f16', decodeRate: 1_000 }),
    same: offerOf(span(0, 8), 8)
  })
  const previous: Route = {
    hops: [{ peer: 'gone', addresses: [], span: span(0, 8), numerics: 'kv=f32', promisedMs: 1, promisedBatchedMs: 1 }],
    decodeMs: 1,
    prefillMs: 1
  }
  assert.deepEqual(peersOf(planRoute(directory, ask(8))), ['fast'])
  assert.deepEqual(peersOf(planRoute(directory, ask(8, { previous }))), ['same'])
  const chain = directoryOf({ a: offerOf(span(0, 4), 8), b: offerOf(span(4, 8), 8) })
  assert.throws(() => planRoute(chain, ask(8, { maxHops: 1 })), NoRouteError)
})

test('each layer is kept in the class that computed it, unless only another holds it', () => {
  const f16 = 'kv=f16,w=Q4_K+Q6_K,k=1'
  const f32 = 'kv=f32,w=Q4_K,k=1'
  const hop = (first: number, end: number, numerics: string) => ({
    peer: 'gone',
    addresses: [],
    span: span(first, end),
    numerics,
    promisedMs: 1,
    promisedBatchedMs: 1
  })
  const previous: Route = { hops: [hop(0, 4, f16), hop(4, 8, f32)], decodeMs: 1, prefillMs: 1 }
  const fast = { decodeRate: 1_000 }
  const directory = directoryOf({
    // A class of the chain, but not the one that computed these layers.
    front: offerOf(span(0, 4), 8, { numerics: f32, ...fast }),
    back: offerOf(span(4, 8), 8, { numerics: f16, ...fast }),
    // Two of the same class hold less, and so name fewer types of weights.
    a: offerOf(span(0, 2), 8, { numerics: 'kv=f16,w=Q4_K,k=1' }),
    b: offerOf(span(2, 4), 8, { numerics: 'kv=f16,w=Q6_K,k=1' }),
    c: offerOf(span(4, 8), 8, { numerics: f32 })
  })
  const kept = planRoute(directory, ask(8, { previous }))
  assert.deepEqual(peersOf(kept), ['a', 'b', 'c'])
  assert.equal(changesNumerics(previous, kept), false)
  // The estimate is of time alone.
  assert.ok(kept.decodeMs < 200, `${kept.decodeMs} ms`)
  const changed = planRoute(directory, ask(8, { previous, exclude: new Set(['a']) }))
  assert.deepEqual(peersOf(changed), ['front', 'c'])
  assert.equal(changesNumerics(previous, changed), true)
  // Of two that change something, the one that changes fewer layers.
  const whole = directoryOf({
    all: offerOf(span(0, 8), 8, { numerics: 'kv=f32,k=2', ...fast }),
    front: directory.entries[0]!.announcement.offers[0]!,
    c: directory.entries[4]!.announcement.offers[0]!
  })
  assert.deepEqual(peersOf(planRoute(whole, ask(8, { previous }))), ['front', 'c'])
  // A peer that has failed is worse than one that rounds otherwise.
  const reputation = new Reputation()
  reputation.failed('a', 0)
  assert.deepEqual(peersOf(planRoute(directory, ask(8, { previous, reputation }))), ['front', 'c'])
})

test('bans double, are forgiven with time, and observed rates discount', () => {
  const reputation = new Reputation()
  assert.equal(reputation.failed('a', 0), 15_000)
  assert.equal(reputation.failed('a', 20_000), 20_000 + 30_000)
  assert.equal(reputation.failed('a', 60_000), 60_000 + 60_000)
  assert.equal(reputation.isBanned('a', 119_999), true)
  assert.equal(reputation.isBanned('a', 120_000), false)
  // Forty minutes forgive the three strikes.
  assert.equal(reputation.failed('a', 60_000 + 40 * 60_000), 60_000 + 40 * 60_000 + 15_000)
  for (let i = 0; i < 30; i++) reputation.observed('slow', 10, 40, 0)
  assert.ok(Math.abs(reputation.ratio('slow', 0) - 0.25) < 0.01)
  assert.equal(reputation.ratio('nobody', 0), 1)
})

test('a peer that does not keep its rate is passed by, until that was long ago', () => {
  const two = directoryOf({ boasts: offerOf(span(0, 8), 8, { decodeRate: 1_000 }), keeps: offerOf(span(0, 8), 8) })
  const reputation = new Reputation()
  const promised = planRoute(two, ask(8, { reputation }))
  assert.deepEqual(
    promised.hops.map(({ peer, promisedMs }) => [peer, promisedMs]),
    [['boasts', 8]]
  )
  for (let step = 0; step < 20; step++) reputation.observed('boasts', 8, 400, 0)
  assert.deepEqual(peersOf(planRoute(two, ask(8, { reputation }))), ['keeps'])
  // Its estimate is what was observed, its promise what it announced.
  const slow = planRoute(two, ask(8, { reputation, exclude: new Set(['keeps']) }))
  assert.equal(slow.hops[0]!.promisedMs, 8)
  assert.ok(slow.decodeMs > 350 && slow.decodeMs < 450, `${slow.decodeMs} ms`)
  const ratio = reputation.ratio('boasts', 0)
  // Half of what is held against it is forgotten in ten minutes.
  assert.ok(Math.abs(1 - reputation.ratio('boasts', 10 * 60_000) - (1 - ratio) / 2) < 1e-9)
  assert.deepEqual(peersOf(planRoute(two, ask(8, { reputation, now: 4 * 60 * 60_000 }))), ['boasts'])
})

test('a large swarm is planned within a blink', () => {
  const layers = 80
  const offers = Object.fromEntries(
    Array.from({ length: 400 }, (_, i) => [
      `p${i}`,
      offerOf(span((i % 20) * 4, (i % 20) * 4 + 4), layers, { decodeRate: 50 + (i % 37), queueMs: i % 11 })
    ])
  )
  const started = performance.now()
  assert.equal(planRoute(directoryOf(offers), ask(layers)).hops.length, 20)
  assert.ok(performance.now() - started < 2_000, `${performance.now() - started} ms`)
})
