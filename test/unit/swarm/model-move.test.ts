import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Span } from '../../../peer/model/types.ts'
import { LEAST_GAP, type ModelQuestion, type ModelWish, placeElsewhere, wantedElsewhere } from '../../../peer/swarm/model-move.ts'
import { ChainFlow } from '../../../peer/swarm/throughput.ts'
import type { SpanOffer } from '../../../peer/swarm/types.ts'
import { directoryOf, offerOf } from './kit.ts'

const digests = ['aa', 'bb', 'cc'].map(pair => pair.repeat(32))

interface TestPeer {
  /** Index of its model. */
  model: number
  span: Span
  rate: number
  roams: boolean
  sessions: number
}

interface Swarm {
  layers: number
  peers: Record<string, TestPeer>
  /** Sessions a minute that each model is asked for, however many hold it. */
  demands: number[]
}

function holdersOf({ peers }: Swarm, model: number, but?: string): TestPeer[] {
  return Object.entries(peers).flatMap(([id, peer]) => (peer.model === model && id !== but ? [peer] : []))
}

function flowOf(holders: readonly TestPeer[], layers: number): number {
  return new ChainFlow(
    layers,
    holders.map(({ span, rate }) => ({ span, rate: rate / (span.end - span.first) }))
  ).throughput
}

/** What each holder is asked for: the model's demand, shared by who holds the same layer. */
function offers(swarm: Swarm): Record<string, SpanOffer> {
  return Object.fromEntries(
    Object.entries(swarm.peers).map(([id, peer]) => {
      const { model, span, rate, roams, sessions } = peer
      const sharing = holdersOf(swarm, model).filter(other => other.span.first < span.end && span.first < other.span.end)
      const demand = swarm.demands[model]! / sharing.length
      return [id, offerOf(span, swarm.layers, { model: digests[model]!, decodeRate: rate, sessions, roams, demand })]
    })
  )
}

function askOf(swarm: Swarm, self: string, more: Partial<ModelQuestion> = {}): ModelQuestion {
  const { model, span, rate, sessions } = swarm.peers[self]!
  const said = offers(swarm)
  return {
    directory: directoryOf(said),
    models: digests.map(digest => ({ digest, layers: swarm.layers })),
    self,
    current: { model: digests[model]!, span, sessions, demand: said[self]!.demand ?? 0, decodeRate: rate },
    ...more
  }
}

const roomOf = ({ layers, peers }: Swarm, self: string) => ({
  decodeRate: peers[self]!.rate,
  spanBytes: ({ first, end }: Span) => end - first,
  memoryBytes: layers
})

function moved(swarm: Swarm, self: string, wish: ModelWish, span: Span): Swarm {
  const model = digests.indexOf(wish.digest)
  return { ...swarm, peers: { ...swarm.peers, [self]: { ...swarm.peers[self]!, model, span } } }
}

function planOf(swarm: Swarm, self: string): { wish: ModelWish; after: Swarm } | undefined {
  const wish = wantedElsewhere(askOf(swarm, self))
  const span = wish && placeElsewhere(wish, roomOf(swarm, self))
  return span && { wish: wish!, after: moved(swarm, self, wish!, span) }
}

const swarms = fc.integer({ min: 1, max: 6 }).chain(layers =>
  fc
    .record({
      layers: fc.constant(layers),
      demands: fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 3, maxLength: 3 }),
      peers: fc.array(
        fc.record({
          model: fc.nat({ max: 2 }),
          first: fc.nat({ max: layers - 1 }),
          length: fc.integer({ min: 1, max: layers }),
          rate: fc.integer({ min: 10, max: 200 }),
          roams: fc.boolean(),
          sessions: fc.nat({ max: 2 })
        }),
        { minLength: 1, maxLength: 9 }
      )
    })
    .map(
      ({ peers, ...rest }): Swarm => ({
        ...rest,
        peers: Object.fromEntries(
          peers.map(({ first, length, ...peer }, at) => [
            `peer-${at}`,
            { ...peer, span: { first, end: Math.min(layers, first + length) } }
          ])
        )
      })
    )
)

test('who goes leaves a served model served, and makes another whole or faster', () => {
  let moves = 0
  fc.assert(
    fc.property(swarms, swarm => {
      const { layers, peers } = swarm
      for (const self of Object.keys(peers)) {
        const plan = planOf(swarm, self)
        if (plan === undefined) continue
        moves++
        const from = peers[self]!.model
        const to = digests.indexOf(plan.wish.digest)
        assert.notEqual(from, to)
        const left = flowOf(holdersOf(swarm, from, self), layers)
        assert.ok(left > 0 || flowOf(holdersOf(swarm, from), layers) === 0, 'nothing that serves is taken')
        const [before, after] = [swarm, plan.after].map(state => flowOf(holdersOf(state, to), layers))
        assert.ok(after! > before!)
        assert.equal(plan.wish.reason === 'hole', before === 0)
      }
    }),
    { numRuns: 500 }
  )
  assert.ok(moves > 100, `${moves} moves seen`)
})

test('who has gone for demand does not want back, and moves come to an end whoever goes first', () => {
  fc.assert(
    fc.property(swarms, fc.infiniteStream(fc.nat()), (swarm, draws) => {
      let now = swarm
      for (let moves = 0; ; moves++) {
        assert.ok(moves < 40, 'still moving')
        const may = Object.keys(now.peers).filter(self => now.peers[self]!.roams && planOf(now, self) !== undefined)
        if (may.length === 0) return
        const self = may[draws.next().value! % may.length]!
        const from = now.peers[self]!.model
        const { wish, after } = planOf(now, self)!
        const back = planOf(after, self)
        if (wish.reason === 'demand' && back !== undefined) assert.notEqual(digests.indexOf(back.wish.digest), from)
        now = after
      }
    }),
    { numRuns: 200 }
  )
})

test('of two that claim at once, those that count on each other never both go', () => {
  let contests = 0
  fc.assert(
    fc.property(swarms, swarm => {
      const ids = Object.keys(swarm.peers)
      const plans = new Map(ids.map(id => [id, planOf(swarm, id)]))
      for (const one of ids)
        for (const other of ids) {
          const [a, b] = [plans.get(one), plans.get(other)]
          if (one >= other || a === undefined || b === undefined) continue
          const claims = directoryOf(
            Object.fromEntries(
              Object.entries(offers(swarm)).map(([id, offer]) => {
                const plan = id === one ? a : id === other ? b : undefined
                if (plan === undefined) return [id, offer]
                const { span } = plan.after.peers[id]!
                const loading = offerOf(span, swarm.layers, { model: plan.wish.digest, state: 'loading' })
                return [id, [{ ...offer, leaving: true }, loading]]
              })
            )
          )
          const go = [one, other].filter(self => {
            const wish = wantedElsewhere(askOf(swarm, self, { directory: claims, claiming: true }))
            return wish !== undefined && placeElsewhere(wish, roomOf(swarm, self)) !== undefined
          })
          const model = swarm.peers[one]!.model
          if (model !== swarm.peers[other]!.model) continue
          contests++
          if (go.length < 2) continue
          const rest = { ...swarm, peers: Object.fromEntries(Object.entries(swarm.peers).filter(([id]) => !go.includes(id))) }
          assert.ok(
            flowOf(holdersOf(rest, model), swarm.layers) > 0 || flowOf(holdersOf(swarm, model), swarm.layers) === 0,
            `${go} both left`
          )
        }
    }),
    { numRuns: 300 }
  )
  assert.ok(contests > 50, `${contests} contests seen`)
})

const whole = { first: 0, end: 4 }
const [a, b] = digests as [string, string]

function ask(said: Parameters<typeof directoryOf>[0], more: Partial<ModelQuestion['current']> = {}): ModelQuestion {
  return {
    directory: directoryOf(said),
    models: [a, b].map(digest => ({ digest, layers: 4 })),
    self: 'self',
    current: { model: a, span: whole, sessions: 0, demand: 0, decodeRate: 100, ...more }
  }
}

test('demand draws a peer only where it is twice as pressing, and somebody waits', () => {
  const swarm = (own: number, other: number) => ({
    x: offerOf(whole, 4, { model: a, demand: own }),
    y: offerOf(whole, 4, { model: b, demand: other })
  })
  assert.equal(wantedElsewhere(ask(swarm(0, 8)))?.reason, 'demand')
  // 25 tokens a second are decoded; 2 sessions a minute ask for 3.
  assert.equal(wantedElsewhere(ask(swarm(0, 2))), undefined)
  assert.equal(wantedElsewhere(ask(swarm(8, 8 * LEAST_GAP)))?.digest, b)
  assert.equal(wantedElsewhere(ask(swarm(9, 8 * LEAST_GAP))), undefined)
  assert.equal(wantedElsewhere(ask(swarm(8, 8 * LEAST_GAP), { demand: 1 })), undefined, 'its own counts')
})

test('the only holder stays, whatever another model is asked for; a hole goes before demand', () => {
  const crowd = { y: offerOf(whole, 4, { model: b, demand: 1_000 }) }
  assert.equal(wantedElsewhere(ask(crowd)), undefined)
  const holed = { x: offerOf(whole, 4, { model: a }), y: offerOf({ first: 0, end: 2 }, 4, { model: b }) }
  const wish = wantedElsewhere(ask(holed))
  assert.equal(wish?.reason, 'hole')
  const room = { decodeRate: 100, spanBytes: ({ first, end }: Span) => end - first }
  assert.deepEqual(placeElsewhere(wish!, { ...room, memoryBytes: 2 }), { first: 2, end: 4 })
  assert.equal(placeElsewhere(wish!, { ...room, memoryBytes: 1 }), undefined, 'half of what is missing helps nobody')
})

test('those that may go first are waited for: idle ones, and of two idle ones always the same', () => {
  const said = { x: offerOf(whole, 4, { model: a, roams: true }), y: offerOf({ first: 0, end: 2 }, 4, { model: b }) }
  const busy = wantedElsewhere(ask(said, { sessions: 1 }))
  assert.equal(busy?.rank, 1)
  const ranks = ['self', 'x'].map(self => {
    const other = self === 'self' ? 'x' : 'self'
    return wantedElsewhere({ ...ask({ ...said, x: [], [other]: said.x }), self })!.rank
  })
  assert.deepEqual(ranks.toSorted(), [0, 1])
})
