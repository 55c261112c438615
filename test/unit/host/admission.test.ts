import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { BusyError } from '../../../peer/errors.ts'
import { KvRoom } from '../../../peer/host/kv-room.ts'
import { type GenerationEvent, generate } from '../../../peer/session/generate.ts'
import { Reputation } from '../../../peer/swarm/reputation.ts'
import { DEFAULT_REQUEST, PROMPT, SmallSwarm, tokensOf } from './small-swarm.ts'
import { greedyReference, StandInEngine } from './stand-in-engine.ts'
import { VirtualClock } from './virtual-clock.ts'

const TWO = [
  { first: 0, end: 4 },
  { first: 4, end: 8 }
]
/** Answers grow past their reservation every block of KV. */
const GROWING = { reserveAhead: 16 }
const LONG = 96
const expected = await greedyReference(PROMPT, LONG)

const recoveriesOf = (events: readonly GenerationEvent[]) =>
  events.flatMap(event => (event.type === 'recovered' ? [event.recovery] : []))

test('an answer reserves as it grows, computes no position twice and tells of no loss', async () => {
  const swarm = new SmallSwarm(TWO)
  const first: number[] = []
  const answer = swarm.generate({ maxTokens: LONG }, GROWING)
  const events: GenerationEvent[] = []
  for (let next = await swarm.clock.until(answer.next()); !next.done; next = await swarm.clock.until(answer.next())) {
    events.push(next.value)
    first.push(256 - swarm.freeBlocks()[0]!)
  }
  assert.deepEqual(tokensOf(events), expected)
  assert.deepEqual(recoveriesOf(events), [])
  // 21 + 16 positions are three blocks; 21 + 96 in the end are eight.
  assert.deepEqual([first[0], Math.max(...first)], [3, 8])
  for (const { engine } of swarm.hosts) {
    const computed = engine.batches.flat().reduce((sum, { count }) => sum + count, 0)
    assert.equal(computed, PROMPT.length + LONG - 1)
  }
  for (const { host } of swarm.hosts) {
    // Growing asks for no other session.
    assert.equal(host.offer()?.demand, 1)
  }
  assert.deepEqual(swarm.freeBlocks(), [256, 256])
  await swarm.clock.pass(10 * 60_000)
  assert.equal(swarm.hosts[0]!.host.offer()?.demand, 0)
})

test('hops and standbys that die at any moment of a growing answer cost no token of it', async () => {
  for (const standby of [false, true])
    for (let at = 40; at < 400; at += 83) {
      const swarm = new SmallSwarm([...TWO, ...TWO, ...TWO])
      swarm.network.onFrame = ({ index }) => {
        if (index === at) swarm.kill(at % 2)
        if (index === at + 11) swarm.kill(2 + (at % 2))
      }
      const events = await swarm.run({ maxTokens: LONG, standby }, GROWING)
      assert.deepEqual(tokensOf(events), expected, `killed at frame ${at}`)
      await swarm.clock.pass(40_000)
      swarm.hosts.forEach(({ id }, host) => {
        if (!swarm.gone.has(id)) assert.equal(swarm.freeBlocks()[host], 256, 'all is given back')
      })
    }
})

test('answers that outgrow a full pool together all come to their end: one gives way and is replayed', async () => {
  // Ten blocks; each answer needs eight in the end and three to begin.
  const swarm = new SmallSwarm(TWO.map(span => ({ ...span, blocks: 10 })))
  const answers = await swarm.clock.until(
    Promise.all([1, 2, 3].map(() => Array.fromAsync(swarm.generate({ maxTokens: LONG, deadlineMs: 600_000 }, GROWING))))
  )
  for (const events of answers) assert.deepEqual(tokensOf(events), expected)
  const recoveries = answers.flatMap(recoveriesOf)
  assert.ok(recoveries.length > 0, 'somebody gave way')
  await swarm.clock.pass(1_000)
  assert.deepEqual(swarm.freeBlocks(), [10, 10])
})

test('a full peer is left for another at once, and bears no blame', async () => {
  const swarm = new SmallSwarm([...TWO.map(span => ({ ...span, blocks: 2 })), { first: 0, end: 8, decodeRate: 1 }])
  const before = swarm.clock.now()
  const events = await swarm.run()
  const opened = events.find(event => event.type === 'opened')
  assert.equal(opened?.route.hops[0]?.peer, swarm.hosts[2]!.id)
  assert.ok(swarm.clock.now() - before < 1_000)
  const [full] = swarm.hosts as [(typeof swarm.hosts)[0]]
  await swarm.clock.pass(60_000)
  assert.equal(swarm.reputation.isBanned(full.id, swarm.clock.now()), false)
})

test('who has taken all of a peer makes room for another driver, and loses no answer', async () => {
  // Room for four answers of three blocks.
  const swarm = new SmallSwarm(TWO.map(span => ({ ...span, blocks: 12 })))
  const greedy = Array.from({ length: 4 }, () => swarm.generate({ maxTokens: 24, deadlineMs: 600_000 }))
  const heard: GenerationEvent[][] = greedy.map(() => [])
  // They have begun and are not read: nothing of theirs ends by itself.
  for (const [at, answer] of greedy.entries()) heard[at]!.push((await swarm.clock.until(answer.next())).value!)
  assert.equal(swarm.freeBlocks()[0], 0)

  const otherKey = await generateKeyPairFromSeed('Ed25519', new Uint8Array(32).fill(77))
  const other = {
    ...swarm.context(),
    links: swarm.network.peer(peerIdFromPrivateKey(otherKey).toString()),
    privateKey: otherKey,
    reputation: new Reputation()
  }
  const before = swarm.clock.now()
  const events = await swarm.clock.until(Array.fromAsync(generate(other, { ...DEFAULT_REQUEST, maxTokens: 24 })))
  assert.deepEqual(tokensOf(events), expected.slice(0, 24))
  assert.ok(swarm.clock.now() - before < 3_000, `waited ${swarm.clock.now() - before} ms`)

  const rest = greedy.map(async (answer, at) => {
    for await (const event of answer) heard[at]!.push(event)
  })
  await swarm.clock.until(Promise.all(rest))
  for (const events of heard) assert.deepEqual(tokensOf(events), expected.slice(0, 24))
  assert.equal(heard.flatMap(recoveriesOf).length, 1)
})

test('the line serves sessions that grow first, then the driver that holds least; its refusals tell when to come back', async () => {
  const clock = new VirtualClock()
  const engine = new StandInEngine({ first: 0, end: 8, blocks: 8 })
  const room = new KvRoom(engine, clock)
  const { signal } = new AbortController()
  const take = (driver: string, tokens: number, waitMs = 60_000, held?: number) =>
    room.take({ driver, tokens, waitMs, held }, signal)
  await take('a', 32)
  const a = await take('a', 32)
  const b = await take('b', 48)
  const order: string[] = []
  const asked = [
    take('a', 32).then(id => order.push('a again') && id),
    take('b', 32).then(id => order.push('b again') && id),
    take('c', 32).then(id => order.push('c') && id),
    take('b', 80, 60_000, b).then(id => order.push('b grows') && id)
  ]
  await clock.quiet()
  assert.deepEqual(order, [])
  await room.give(a)
  await clock.quiet()
  assert.deepEqual(order, ['b grows'])
  assert.equal(await asked[3], b)
  await room.give(b)
  await clock.quiet()
  assert.deepEqual(order, ['b grows', 'b again', 'c', 'a again'], 'who holds nothing before who holds some')

  // 112 positions came free just now, at which rate 64 of them take 64 / (112 · ln 2) · 30 s.
  await assert.rejects(take('d', 64, 0), (error: unknown) => {
    assert.ok(error instanceof BusyError)
    const ms = error.details.retryAfterMs!
    assert.ok(Math.abs(ms - 24_732) < 10, `${ms} ms`)
    return true
  })
  await assert.rejects(take('d', 8 * 16 + 1), { code: 'BUSY' })
})

test('who nobody reads along with stands behind those whom somebody does, whoever holds what', async () => {
  const clock = new VirtualClock()
  const room = new KvRoom(new StandInEngine({ first: 0, end: 8, blocks: 4 }), clock)
  const { signal } = new AbortController()
  const take = (driver: string, tokens: number, background = false) =>
    room.take({ driver, tokens, waitMs: 60_000, background }, signal)
  const [first, second] = [await take('a', 32), await take('a', 32)]
  const order: string[] = []
  const patient = take('b', 32, true).then(() => order.push('b, who waits'))
  const reader = take('a', 32).then(() => order.push('a'))
  await clock.quiet()
  await room.give(first)
  await clock.quiet()
  assert.deepEqual(order, ['a'])
  await room.give(second)
  await Promise.all([patient, reader])
  assert.deepEqual(order, ['a', 'b, who waits'])
})
