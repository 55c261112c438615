/** Which peers stand by for a route's hops. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Reputation } from '../../../peer/swarm/reputation.ts'
import { planRoute } from '../../../peer/swarm/routing.ts'
import { peersOf, withStandbys } from '../../../peer/swarm/standbys.ts'
import { directoryOf, model, offerOf } from './kit.ts'

const LAYERS = 6
const [LOW, HIGH] = [
  { first: 0, end: 3 },
  { first: 3, end: 6 }
]
const question = { model, layers: LAYERS, reserveTokens: 100, now: 0 }
const fast = { decodeRate: 1_000 }

function standbysOf(offers: Parameters<typeof directoryOf>[0], more: Partial<Parameters<typeof withStandbys>[2]> = {}) {
  const directory = directoryOf({ low: offerOf(LOW!, LAYERS, fast), high: offerOf(HIGH!, LAYERS, fast), ...offers })
  const route = planRoute(directory, question)
  assert.deepEqual(
    route.hops.map(({ peer }) => peer),
    ['low', 'high']
  )
  return withStandbys(directory, route, { ...question, ...more }).hops.map(({ standby }) => standby?.peer)
}

test('the fastest other holder of the same span stands by, where there is one', () => {
  assert.deepEqual(standbysOf({}), [undefined, undefined])
  assert.deepEqual(
    standbysOf({
      slow: offerOf(LOW!, LAYERS, { decodeRate: 1 }),
      other: offerOf(LOW!, LAYERS),
      whole: offerOf({ first: 0, end: 6 }, LAYERS)
    }),
    ['other', undefined]
  )
})

test('no standby has another model, class, part, state or too little KV', () => {
  for (const changes of [
    { model: 'cd'.repeat(32) },
    { numerics: 'kv=f16' },
    { state: 'loading' as const },
    { freeKvTokens: 99 },
    { span: { first: 0, end: 2 } },
    { layers: 7 }
  ])
    assert.deepEqual(standbysOf({ other: offerOf(LOW!, LAYERS, changes) }), [undefined, undefined], JSON.stringify(changes))
})

test('who holds KV of the session is preferred, and needs none free; the banned never stand by', () => {
  const offers = {
    full: offerOf(LOW!, LAYERS, { decodeRate: 1, freeKvTokens: 0 }),
    other: offerOf(LOW!, LAYERS)
  }
  assert.deepEqual(standbysOf(offers), ['other', undefined])
  assert.deepEqual(standbysOf(offers, { holding: new Set(['full']) }), ['full', undefined])
  const reputation = new Reputation()
  reputation.failed('full', 0)
  assert.deepEqual(standbysOf(offers, { holding: new Set(['full']), reputation }), ['other', undefined])
})

test('routes go through who holds KV already, unless it is banned or too few of them make a chain', () => {
  const holding = new Set(['high', 'spare', 'low'])
  const directory = directoryOf({
    high: offerOf(HIGH!, LAYERS),
    // Full, by this very session among others.
    spare: offerOf(LOW!, LAYERS, { decodeRate: 10, freeKvTokens: 0 }),
    faster: offerOf(LOW!, LAYERS, fast)
  })
  const via = (more: object) => planRoute(directory, { ...question, ...more }).hops.map(({ peer }) => peer)
  assert.deepEqual(via({}), ['faster', 'high'])
  assert.deepEqual(via({ holding }), ['spare', 'high'])
  const reputation = new Reputation()
  reputation.failed('spare', 0)
  assert.deepEqual(via({ holding, reputation }), ['faster', 'high'])
})

test('in any directory a standby is another holder of its hop’s span, and nobody is named twice', () => {
  const spans = [LOW!, HIGH!, { first: 0, end: 6 }]
  const peers = fc.dictionary(
    fc.constantFrom(...'abcdefgh'),
    fc.record({
      span: fc.constantFrom(...spans),
      decodeRate: fc.integer({ min: 1, max: 9 }),
      freeKvTokens: fc.constantFrom(0, 200)
    }),
    { minKeys: 1 }
  )
  fc.assert(
    fc.property(peers, fc.subarray([...'abcdefgh']), (peers, held) => {
      const offers = Object.fromEntries(
        Object.entries(peers).map(([peer, { span, ...rest }]) => [peer, offerOf(span, LAYERS, rest)])
      )
      const directory = directoryOf(offers)
      let route: ReturnType<typeof planRoute>
      try {
        route = planRoute(directory, question)
      } catch {
        return
      }
      const planned = withStandbys(directory, route, { ...question, holding: new Set(held) })
      const named = peersOf(planned).map(({ peer }) => peer)
      assert.equal(new Set(named).size, named.length)
      for (const { span, standby } of planned.hops) {
        if (standby === undefined) continue
        assert.deepEqual(offers[standby.peer]!.span, span)
        assert.ok(offers[standby.peer]!.freeKvTokens >= 100 || held.includes(standby.peer))
      }
    })
  )
})
