import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SourceError } from '../../../peer/errors.ts'
import type { GenerationEvent } from '../../../peer/session/generate.ts'
import { Donors } from './donors.ts'
import { PROMPT, tokensOf } from './small-swarm.ts'
import { greedyReference, StandInEngine } from './stand-in-engine.ts'

const MINUTE = 60_000

/** Layers 0 to 3 held twice more than needed, by two that may move; the rest once, layers 3 to 6 by a fast peer. */
async function threePartsAndTwoIdle() {
  const donors = new Donors()
  await donors.add({ fixed: { first: 6, end: 8 } })
  const middle = await donors.add({ fixed: { first: 3, end: 6 }, rate: 5_000 })
  const idle = [donors.start({ room: 3 }), donors.start({ room: 3 })]
  for (const { donation } of idle) await donors.clock.until(donation.serving)
  await donors.add({ fixed: { first: 0, end: 3 } })
  for (const { span } of idle) assert.deepEqual(span(), { first: 0, end: 3 })
  return { donors, middle, idle }
}

test('the only holder of layers vanishes: one idle peer takes them, and the answer that ran goes on', async t => {
  const { donors, middle, idle } = await threePartsAndTwoIdle()
  const { clock } = donors
  const events: GenerationEvent[] = []
  const answer = donors.generate({ maxTokens: 40 })
  while (tokensOf(events).length < 10) events.push((await clock.until(answer.next())).value!)
  middle.kill()
  const killedAt = clock.now()
  for (let next = await clock.until(answer.next()); !next.done; next = await clock.until(answer.next())) events.push(next.value)
  assert.deepEqual(tokensOf(events), await greedyReference(PROMPT, 40))
  const recovered = events.filter(event => event.type === 'recovered')
  assert.equal(recovered.length, 1)
  const seconds = (clock.now() - killedAt) / 1_000
  t.diagnostic(`${seconds.toFixed(1)} s from the death to the end of the answer`)
  assert.ok(seconds < 20, `${seconds} s`)
  await clock.pass(10 * MINUTE)
  assert.equal(donors.moves(), 1)
  assert.deepEqual(idle.map(({ span }) => `${span()!.first}-${span()!.end}`).sort(), ['0-3', '3-6'])
  await donors.end()
})

test('two that don’t see each other both mean to go, hear of it, and one goes', async () => {
  const { donors, middle, idle } = await threePartsAndTwoIdle()
  const ids = idle.map(({ id }) => id)
  // They learn of each other only when they offer the missing layers, and 2 s late.
  const offeredAt = new Map<string, number>()
  donors.visible = (reader, { peer, offers }) => {
    if (!ids.includes(reader) || !ids.includes(peer)) return true
    if (!offers.some(({ span }) => span.first === 3)) return false
    const at = offeredAt.get(peer) ?? donors.clock.now()
    offeredAt.set(peer, at)
    return donors.clock.now() - at >= 2_000
  }
  middle.kill()
  const intended = new Set<string>()
  for (let tenths = 0; tenths < 300; tenths++) {
    await donors.clock.pass(100)
    for (const id of ids) donors.entries(id)
    for (const id of ids) if (donors.said(id)?.offers.some(({ leaving }) => leaving)) intended.add(id)
  }
  assert.equal(intended.size, 2, 'both meant to')
  assert.equal(donors.moves(), 1)
  await donors.clock.pass(10 * MINUTE)
  assert.equal(donors.moves(), 1)
  assert.deepEqual(donors.spans().sort(), ['0-3', '0-3', '3-6', '6-8'])
  await donors.end()
})

test('a peer that comes and goes moves nobody whose layers others hold, and somebody once where it was alone', async () => {
  const { donors, middle } = await threePartsAndTwoIdle()
  const { clock } = donors
  const second = await donors.add({ fixed: { first: 6, end: 8 } })
  const flap = async (id: string, awayMs: number, thereMs: number, times: number) => {
    const signed = donors.signedOf(id)
    for (let time = 0; time < times; time++) {
      donors.drop(id)
      await clock.pass(awayMs)
      donors.put(id, signed)
      await clock.pass(thereMs)
    }
  }
  await flap(second.id, 20_000, 20_000, 10)
  assert.equal(donors.moves(), 0)
  // Back sooner than anybody moves.
  await flap(middle.id, 1_500, 20_000, 10)
  assert.equal(donors.moves(), 0)
  await flap(middle.id, 30_000, 30_000, 8)
  assert.equal(donors.moves(), 1)
  await donors.end()
})

test('who moves for throughput hands its session over: the answer goes on elsewhere, not a token lost', async () => {
  const donors = new Donors()
  const { clock } = donors
  await donors.add({ fixed: { first: 4, end: 8 }, rate: 60 })
  const mover = await donors.add({ room: 4, rate: 400 })
  assert.deepEqual(mover.span(), { first: 0, end: 4 })
  const stays = await donors.add({ fixed: { first: 0, end: 4 }, rate: 300 })
  const events: GenerationEvent[] = []
  const answer = donors.generate({ maxTokens: 40 })
  while (tokensOf(events).length < 10) events.push((await clock.until(answer.next())).value!)
  const opened = events.find(event => event.type === 'opened')
  assert.equal(opened?.route.hops[0]?.peer, mover.id)
  // From 15 tokens a second to 75; only after five minutes, and a gain that has lasted.
  await clock.pass(4 * MINUTE)
  assert.equal(donors.moves(), 0)
  await clock.pass(4 * MINUTE)
  assert.equal(donors.moves(), 1)
  assert.deepEqual(mover.span(), { first: 4, end: 8 })
  for (let next = await clock.until(answer.next()); !next.done; next = await clock.until(answer.next())) events.push(next.value)
  assert.deepEqual(tokensOf(events), await greedyReference(PROMPT, 40))
  const recovered = events.filter(event => event.type === 'recovered')
  assert.equal(recovered.length, 1)
  assert.equal(recovered[0]!.recovery.route.hops[0]!.peer, stays.id)
  await donors.end()
})

test('what can’t be loaded after a move sends the peer back to what it had, and it stays there', async () => {
  const donors = new Donors()
  const { clock } = donors
  let loads = 0
  await donors.add({ fixed: { first: 0, end: 4 } })
  const other = await donors.add({ fixed: { first: 4, end: 8 }, rate: 5_000 })
  const mover = await donors.add({
    room: 4,
    createEngine: async ({ span }) => {
      if (++loads === 2) throw new SourceError('nobody has these bytes')
      return { engine: new StandInEngine(span), rates: { prefill: 900, decode: 90 } }
    }
  })
  assert.deepEqual(mover.span(), { first: 0, end: 4 })
  other.kill()
  await clock.pass(MINUTE)
  assert.deepEqual(
    mover.events.flatMap(event => (event.state === 'moving' ? [event.reason] : [])),
    ['hole', 'failed']
  )
  assert.deepEqual(mover.span(), { first: 0, end: 4 })
  assert.equal(loads, 3)
  // It tries again when what was wrong may be mended.
  await clock.pass(15 * MINUTE)
  assert.deepEqual(mover.span(), { first: 4, end: 8 })
  await donors.end()
})
