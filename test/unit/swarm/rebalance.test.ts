import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Span } from '../../../peer/model/types.ts'
import { LEAST_GAIN, planMove, type RebalanceQuestion } from '../../../peer/swarm/rebalance.ts'
import { ChainFlow } from '../../../peer/swarm/throughput.ts'
import type { SpanOffer } from '../../../peer/swarm/types.ts'
import { directoryOf, model, offerOf } from './kit.ts'

interface TestPeer {
  span: Span
  rate: number
  /** Layers it has memory for. */
  room: number
  movable: boolean
  sessions: number
}

type Peers = Record<string, TestPeer>

function offersOf(peers: Peers, layers: number): Record<string, SpanOffer> {
  return Object.fromEntries(
    Object.entries(peers).map(([id, { span, rate, movable, sessions }]) => [
      id,
      offerOf(span, layers, { decodeRate: rate, movable, sessions })
    ])
  )
}

function askOf(peers: Peers, layers: number, self: string, more: Partial<RebalanceQuestion> = {}): RebalanceQuestion {
  const { span, rate, room, sessions } = peers[self]!
  return {
    directory: directoryOf(offersOf(peers, layers)),
    model,
    layers,
    self,
    current: span,
    sessions,
    decodeRate: rate,
    spanBytes: ({ first, end }) => end - first,
    memoryBytes: room,
    ...more
  }
}

const flowOf = (peers: Peers, layers: number) =>
  new ChainFlow(
    layers,
    Object.values(peers).map(({ span, rate }) => ({ span, rate: rate / (span.end - span.first) }))
  ).throughput

const missingOf = (peers: Peers, layers: number) =>
  Array.from({ length: layers }, (_, layer) => layer).filter(
    layer => !Object.values(peers).some(({ span }) => span.first <= layer && layer < span.end)
  )

const swarm = fc.integer({ min: 1, max: 8 }).chain(layers =>
  fc.record({
    layers: fc.constant(layers),
    peers: fc
      .array(
        fc.record({
          first: fc.nat({ max: layers - 1 }),
          length: fc.integer({ min: 1, max: layers }),
          rate: fc.integer({ min: 10, max: 200 }),
          more: fc.nat({ max: 3 }),
          movable: fc.boolean(),
          sessions: fc.nat({ max: 2 })
        }),
        { minLength: 1, maxLength: 7 }
      )
      .map(
        (drawn): Peers =>
          Object.fromEntries(
            drawn.map(({ first, length, rate, more, movable, sessions }, at) => {
              const span = { first, end: Math.min(layers, first + length) }
              return [`peer-${at}`, { span, rate, room: span.end - span.first + more, movable, sessions }]
            })
          )
      )
  })
)

test('a move leaves no layer without a holder that has one, and fills a hole or gains a third', () => {
  fc.assert(
    fc.property(swarm, ({ layers, peers }) => {
      for (const self of Object.keys(peers)) {
        const move = planMove(askOf(peers, layers, self))
        if (move === undefined) continue
        const moved = { ...peers, [self]: { ...peers[self]!, span: move.span } }
        assert.ok(move.span.end - move.span.first <= peers[self]!.room, 'within its memory')
        const [before, after] = [missingOf(peers, layers), missingOf(moved, layers)]
        assert.ok(
          after.every(layer => before.includes(layer)),
          `layers ${after} from ${before}`
        )
        if (move.reason === 'throughput') {
          assert.ok(flowOf(moved, layers) >= LEAST_GAIN * flowOf(peers, layers) * (1 - 1e-9))
          const { [self]: _, ...rest } = peers
          assert.ok(flowOf(rest, layers) > 0, 'service goes on without it')
        } else {
          assert.equal(flowOf(peers, layers), 0)
          assert.ok(flowOf(moved, layers) > 0 || after.length < before.length)
        }
      }
    }),
    { numRuns: 400 }
  )
})

test('moves come to an end, whoever goes first', () => {
  fc.assert(
    fc.property(swarm, fc.infiniteStream(fc.nat()), ({ layers, peers }, draws) => {
      let now = peers
      // A third more each time, from the least chain to all peers on one layer: far fewer than this.
      for (let moves = 0; ; moves++) {
        assert.ok(moves < 60, 'still moving')
        const may = Object.keys(now).filter(self => now[self]!.movable && planMove(askOf(now, layers, self)) !== undefined)
        if (may.length === 0) return
        const self = may[draws.next().value! % may.length]!
        now = { ...now, [self]: { ...now[self]!, span: planMove(askOf(now, layers, self))!.span } }
      }
    }),
    { numRuns: 150 }
  )
})

test('the order of entries changes nothing', () => {
  fc.assert(
    fc.property(swarm, fc.nat(), ({ layers, peers }, turn) => {
      const entries = Object.entries(peers)
      const at = turn % entries.length
      const turned = Object.fromEntries([...entries.slice(at), ...entries.slice(0, at)])
      for (const self of Object.keys(peers))
        assert.deepEqual(planMove(askOf(turned, layers, self)), planMove(askOf(peers, layers, self)))
    }),
    { numRuns: 300 }
  )
})

test('of peers that may fill the same hole one is first, and those without sessions are before those with', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 2 }), { minLength: 2, maxLength: 6 }), kept => {
      const layers = 6
      const peers: Peers = { fixed: { span: { first: 0, end: 3 }, rate: 100, room: 3, movable: false, sessions: 0 } }
      kept.forEach((sessions, at) => {
        peers[`idle-${at}`] = { span: { first: 0, end: 3 }, rate: 100, room: 3, movable: true, sessions }
      })
      const movers = Object.keys(peers).slice(1)
      const ranks = movers.map(self => {
        const move = planMove(askOf(peers, layers, self))
        assert.deepEqual(move?.span, { first: 3, end: 6 })
        return move!.rank
      })
      assert.deepEqual(
        ranks.toSorted((a, b) => a - b),
        movers.map((_, at) => at)
      )
      const inOrder = movers.toSorted((a, b) => ranks[movers.indexOf(a)]! - ranks[movers.indexOf(b)]!)
      const busy = inOrder.map(self => peers[self]!.sessions > 0)
      assert.deepEqual(busy, busy.toSorted(), 'busy ones last')
    })
  )
})

test('of peers that have all said that they move into a hole just one still goes', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 1 }), { minLength: 2, maxLength: 6 }), kept => {
      const layers = 6
      const fixed = offerOf({ first: 0, end: 3 }, layers)
      const offers: Record<string, SpanOffer[]> = { fixed: [fixed] }
      for (let at = 0; at < kept.length; at++) {
        // Old word of sessions must not matter: each knows its own only.
        const serving = offerOf({ first: 0, end: 3 }, layers, { movable: true, sessions: 0, leaving: true })
        offers[`idle-${at}`] = [serving, offerOf({ first: 3, end: 6 }, layers, { state: 'loading' })]
      }
      const going = Object.keys(offers).filter(
        self =>
          self !== 'fixed' &&
          planMove({
            directory: directoryOf(offers),
            model,
            layers,
            self,
            current: { first: 0, end: 3 },
            sessions: kept[Number(self.slice(5))]!,
            decodeRate: 100,
            spanBytes: ({ first, end }) => end - first,
            memoryBytes: 3,
            claiming: true
          }) !== undefined
      )
      assert.equal(going.length, 1)
    })
  )
})

test('who loads into the hole keeps others where they are, unless it is stuck', () => {
  const layers = 6
  const peers: Peers = {
    fixed: { span: { first: 0, end: 3 }, rate: 100, room: 3, movable: false, sessions: 0 },
    idle: { span: { first: 0, end: 3 }, rate: 100, room: 3, movable: true, sessions: 0 }
  }
  const newcomer = offerOf({ first: 3, end: 6 }, layers, { state: 'loading' })
  const directory = directoryOf({ ...offersOf(peers, layers), newcomer })
  assert.equal(planMove(askOf(peers, layers, 'idle', { directory })), undefined)
  assert.deepEqual(planMove(askOf(peers, layers, 'idle', { directory, stuck: new Set(['newcomer']) })), {
    span: { first: 3, end: 6 },
    reason: 'hole',
    rank: 0
  })
})

test('a peer widens its span where memory allows and nobody else is there', () => {
  const peers: Peers = { alone: { span: { first: 0, end: 3 }, rate: 100, room: 8, movable: true, sessions: 0 } }
  assert.deepEqual(planMove(askOf(peers, 6, 'alone'))?.span, { first: 0, end: 6 })
  // With room for four it must not exchange a hole for another, so it takes what lies beside.
  peers.alone!.room = 4
  assert.deepEqual(planMove(askOf(peers, 6, 'alone'))?.span, { first: 0, end: 4 })
})

test('a bottleneck is relieved by a peer that is not needed where it is, and only for a third', () => {
  const layers = 6
  const peer = (first: number, end: number, rate: number): TestPeer => ({
    span: { first, end },
    rate,
    room: 3,
    movable: true,
    sessions: 0
  })
  const peers: Peers = { a: peer(0, 3, 300), b: peer(0, 3, 300), c: peer(3, 6, 150) }
  // 50 a second come through c; with b beside it 150 do, and a lets 100 through.
  assert.deepEqual(planMove(askOf(peers, layers, 'b')), {
    span: { first: 3, end: 6 },
    reason: 'throughput',
    rank: planMove(askOf(peers, layers, 'a'))!.rank === 0 ? 1 : 0
  })
  assert.equal(planMove(askOf({ ...peers, c: peer(3, 6, 240) }, layers, 'b')), undefined, '80 to 100 is a quarter')
  assert.equal(planMove(askOf(peers, layers, 'c')), undefined, 'nobody else holds its layers')
})
