/** The standby's protocol by hand: who may send KV, what a part must be, and what a hop sends. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NonFiniteError } from '../../../peer/errors.ts'
import type { Links } from '../../../peer/wire/channel.ts'
import type { KvPart, OpenPlan, StandbyFrame } from '../../../peer/wire/frames.pb.js'
import { MAX_PART_BYTES, standbyProtocol } from '../../../peer/wire/standby-frames.ts'
import { RawDriver, type RawStream, SESSION, step } from './raw-driver.ts'
import { SeenStream } from './seen-stream.ts'
import { PROMPT, SmallSwarm, type SwarmHost } from './small-swarm.ts'
import { TWO } from './two-hops.ts'

/** Bytes of a position in the first hop's three layers of width 4. */
const EACH = 48

class StandbyStream extends SeenStream<StandbyFrame> {
  get held(): number[] {
    return this.all('held').map(({ position }) => position)
  }

  get failure(): string | undefined {
    return this.all('failure')[0]?.code
  }
}

/** Hosts 0 and 1 are a chain; 2 holds the first one's span too. */
function threeHosts(options: { blocks?: number } = {}) {
  const swarm = new SmallSwarm([...TWO, { ...TWO[0]!, ...options }])
  const driver = new RawDriver(swarm)
  const [first, second, standby] = swarm.hosts as [SwarmHost, SwarmHost, SwarmHost]
  const plan = (change: Partial<OpenPlan> = {}): OpenPlan => {
    const made = driver.plan([first, second], change)
    made.hops[0]!.standby = { peer: standby.id, addresses: [] }
    return made
  }
  const chain = async (change: Partial<OpenPlan> = {}): Promise<RawStream> =>
    driver.stream(first.id, { open: await driver.sign(plan(change)) })
  const send = async (stream: StandbyStream, ...frames: StandbyFrame[]) => {
    for (const frame of frames) await stream.channel.send(frame)
    await swarm.clock.quiet()
  }
  /** As the first hop would, were its peer not in the way. */
  const feed = async (links: Links, signed: OpenPlan = plan()) => {
    const stream = new StandbyStream(await links.dial(standby.id, [], standbyProtocol))
    await send(stream, { open: await driver.sign(signed) })
    return stream
  }
  return { swarm, driver, first, second, standby, plan, chain, feed, send }
}

function part(number: number, position: number, count: number, change: Partial<KvPart> = {}): StandbyFrame {
  return { part: { session: SESSION, epoch: 1, number, position, count, data: new Uint8Array(count * EACH), ...change } }
}

test('KV is taken from the hop that the driver named a standby for, and from nobody else', async () => {
  const { swarm, driver, first, second, standby, plan, feed } = threeHosts()
  const refused = async (links: Links, signed: OpenPlan, code: string) => {
    const stream = await feed(links, signed)
    assert.equal(stream.failure, code)
    assert.deepEqual(stream.held, [])
    assert.equal(standby.host.stats().sessions, 0)
  }
  // The right open from anybody but the named hop: a stranger, the hop after, the driver itself.
  for (const links of [swarm.network.peer(swarm.strangerId), second.links, driver.links])
    await refused(links, plan(), 'NOT_NAMED')
  // The hop itself, of an open that names nobody, or somebody else.
  await refused(first.links, driver.plan([first, second]), 'NOT_NAMED')
  const other = plan()
  other.hops[0]!.standby = { peer: swarm.strangerId, addresses: [] }
  await refused(first.links, other, 'NOT_NAMED')
  // As the standby of a span that it does not hold, or in two places.
  const wrongSpan = driver.plan([first, second])
  wrongSpan.hops[1]!.standby = { peer: standby.id, addresses: [] }
  await refused(second.links, wrongSpan, 'MODEL_MISMATCH')
  const twice = plan()
  twice.hops[1]!.standby = { peer: standby.id, addresses: [] }
  await refused(first.links, twice, 'INVALID_FRAME')
  const unclassed = plan()
  unclassed.hops[0]!.numerics = ''
  await refused(first.links, unclassed, 'MODEL_MISMATCH')
  // Signed by another than the driver it names.
  const forger = new RawDriver(swarm, swarm.network.peer(swarm.strangerId), swarm.strangerKey)
  const forged = new StandbyStream(await first.links.dial(standby.id, [], standbyProtocol))
  await forged.channel.send({ open: await forger.sign(plan()) })
  await swarm.clock.quiet()
  assert.deepEqual([forged.held, forged.end], [[], 'PEER_LOST'])
  assert.equal(standby.engine.kv().freeBlocks, 256)
})

test('parts follow on one another; a copy or a late one undoes nothing', async () => {
  const { standby, first, feed, send } = threeHosts()
  const stream = await feed(first.links)
  assert.deepEqual(stream.held, [0])
  await send(stream, part(1, 0, 10), part(2, 10, 5), part(1, 0, 10), part(2, 10, 5))
  assert.deepEqual(stream.held, [0, 10, 15])
  // Takes back, and goes on from there.
  await send(stream, part(3, 12, 0), part(4, 12, 2))
  assert.deepEqual(stream.held, [0, 10, 15, 12, 14])
  assert.equal(standby.engine.kv().freeBlocks, 252)
  await send(stream, { close: { session: SESSION, epoch: 1 } })
  assert.equal(stream.end, 'ended')
  assert.equal(standby.engine.kv().freeBlocks, 256)
})

for (const [what, frame, code] of [
  ['a gap in the numbers', part(2, 0, 1), 'GAP'],
  ['positions beyond those held', part(1, 1, 1), 'INVALID_FRAME'],
  ['more positions than reserved', part(1, 0, 65), 'INVALID_FRAME'],
  ['bytes of fewer positions', part(1, 0, 2, { data: new Uint8Array(EACH) }), 'INVALID_FRAME'],
  ['bytes of more positions', part(1, 0, 1, { data: new Uint8Array(2 * EACH) }), 'INVALID_FRAME'],
  ['another session', part(1, 0, 1, { session: new Uint8Array(16) }), 'INVALID_FRAME'],
  ['an epoch to come', part(1, 0, 1, { epoch: 2 }), 'INVALID_FRAME'],
  ['what only goes the other way', { held: { session: SESSION, epoch: 1, number: 0, position: 0 } }, 'INVALID_FRAME']
] as const)
  test(`a standby takes nothing from a hop that sends ${what}, and frees`, async () => {
    const { standby, first, feed, send } = threeHosts()
    const stream = await feed(first.links)
    await send(stream, frame)
    assert.equal(stream.failure, code)
    assert.deepEqual([standby.engine.written, standby.engine.kv().freeBlocks], [[], 256])
    assert.equal(stream.end, 'ended')
  })

test('KV that the engine refuses is charged to its sender, and the standby frees', async () => {
  const { standby, first, feed, send } = threeHosts()
  const stream = await feed(first.links)
  standby.engine.holdKv = async () => {
    throw new NonFiniteError('KV of 3 positions from 0 on: value 5 is not finite')
  }
  await send(stream, part(1, 0, 3))
  assert.deepEqual([stream.failure, stream.seen.at(-1)?.failure?.peer], ['NON_FINITE', first.id])
  assert.equal(standby.engine.kv().freeBlocks, 256)
})

test('frames out of bounds never come so far', () => {
  for (const frame of [
    part(0, 0, 1),
    part(1, 0, 9_000, { data: new Uint8Array(9_000) }),
    part(1, 0, 1, { data: new Uint8Array(0) }),
    part(1, 0, 0, { data: new Uint8Array(1) }),
    part(1, 0, 2, { data: new Uint8Array(3) }),
    part(1, 0, 1, { data: new Uint8Array(MAX_PART_BYTES + 1) }),
    { close: { session: new Uint8Array(3), epoch: 1 } },
    { beat: { session: SESSION, epoch: 0 } },
    { open: { plan: new Uint8Array(0), publicKey: new Uint8Array(0), signature: new Uint8Array(0) } }
  ])
    assert.throws(() => standbyProtocol.decode(standbyProtocol.encode(frame)), { code: 'INVALID_FRAME' })
})

test('a standby without room is none, and the chain knows nothing of it', async () => {
  const { standby, chain, driver } = threeHosts({ blocks: 3 })
  const stream = await chain()
  await driver.send(stream, step(1, 0, PROMPT))
  assert.equal(stream.tokens.length, 1)
  assert.deepEqual([standby.engine.written, standby.engine.kv().freeBlocks], [[], 3])
})

test('what a step takes back is taken back at the standby; what may be taken back is not sent', async () => {
  const { swarm, standby, first, chain, driver } = threeHosts()
  const stream = await chain()
  const length = () => standby.engine.written.reduce((_, { from, count }) => from + count, 0)
  await driver.send(stream, step(1, 0, PROMPT))
  assert.equal(length(), PROMPT.length)
  // One token and three drafted after it.
  const drafted = { rows: 4, topK: 1, temperature: 1, extraIds: [] }
  await driver.send(stream, step(2, PROMPT.length, [1, 2, 3, 4], { head: drafted }))
  assert.equal(length(), PROMPT.length + 1)
  // The first of them was right.
  await driver.send(stream, step(3, PROMPT.length + 2, [5]))
  assert.equal(length(), PROMPT.length + 3)
  // A driver that takes back what it had fed.
  const parts: KvPart[] = []
  swarm.network.onFrame = ({ from, protocol, bytes }) => {
    if (from !== first.id || protocol !== standbyProtocol.id) return
    const { part } = standbyProtocol.decode(bytes)
    if (part !== undefined) parts.push(part)
  }
  await driver.send(stream, step(4, 10, [6, 7]))
  assert.deepEqual(
    parts.map(({ position, count }) => [position, count]),
    [
      [10, 0],
      [10, 2]
    ]
  )
  assert.equal(first.host.stats().standbyLag, 0)
  await driver.send(stream, { close: { session: SESSION, epoch: 1 } })
  assert.deepEqual(swarm.freeBlocks(), [256, 256, 256])
})

test('while steps run only whole blocks go, the rest when they are done', async () => {
  const { standby, first, chain, driver, swarm } = threeHosts()
  const stream = await chain()
  await driver.send(stream, step(1, 0, PROMPT.slice(0, 10)))
  let release = () => {}
  first.engine.hold = () =>
    new Promise(resolve => {
      release = resolve
    })
  const next = async () => {
    release()
    await swarm.clock.quiet()
  }
  const sent = () => standby.engine.written.map(({ from, count }) => [from, count])
  assert.deepEqual(sent(), [[0, 10]])
  // Two steps queue up; the first of them fills the block.
  await driver.send(stream, step(2, 10, PROMPT.slice(10, 20)), step(3, 20, [PROMPT[20]!]))
  await next()
  assert.deepEqual(sent().slice(1), [[10, 6]])
  first.engine.hold = undefined
  await next()
  assert.deepEqual(sent().slice(2), [[16, 5]])
})

test('no more than so many bytes are ahead of the standby', async () => {
  // 32 KiB a position: four fill a part, two parts the bound.
  const model = { layers: 8, width: 4096, vocabulary: 97, contextLength: 64, digest: 'ab'.repeat(32) }
  const swarm = new SmallSwarm(
    [
      { first: 0, end: 2 },
      { first: 2, end: 8 },
      { first: 0, end: 2 }
    ],
    model
  )
  const [first, , standby] = swarm.hosts as [SwarmHost, SwarmHost, SwarmHost]
  const { promise, resolve } = Promise.withResolvers<void>()
  standby.engine.holdKv = () => promise
  let bytes = 0
  swarm.network.onFrame = ({ from, protocol, bytes: frame }) => {
    if (from === first.id && protocol === standbyProtocol.id) bytes += frame.length
  }
  const events = swarm.generate({ maxTokens: 4, standby: true })
  for (let at = 0; at < 4; at++) await swarm.clock.until(events.next())
  await swarm.clock.quiet()
  assert.ok(bytes >= 256 * 1024 && bytes < 260 * 1024, `${bytes} bytes`)
  assert.ok(first.host.stats().standbyLag >= PROMPT.length)
  resolve()
  await swarm.clock.quiet()
  assert.equal(first.host.stats().standbyLag, 0)
  await swarm.clock.until(events.return())
})
