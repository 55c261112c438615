/** What an open may do and to whom: epochs, who is named, what is reserved and for how long. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answerProtocol } from '../../../peer/wire/protocols.ts'
import { RawDriver, SESSION, step } from './raw-driver.ts'
import { SmallSwarm } from './small-swarm.ts'
import { STAND_IN } from './stand-in-engine.ts'
import { END, fed, first, second, TWO, third, twoHops } from './two-hops.ts'

test('a stale epoch is never acted on, wherever it comes from', async () => {
  const { driver, hosts, stream, swarm } = await fed()
  const next = await driver.open(hosts, { epoch: 2, committed: END })
  assert.ok(next.opened)
  assert.deepEqual(
    next.seen[0]!.opened!.hops.map(({ kvLength }) => kvLength),
    [END, END]
  )
  assert.equal(stream.end, 'ended')
  await driver.send(next, step(1, END, [first], { epoch: 1 }), step(1, END, [first], { epoch: 2 }))
  assert.deepEqual(next.tokens, [second])
  // Its own open again, and that of the epoch before: both are over.
  for (const epoch of [1, 2]) {
    const again = await driver.open(hosts, { epoch })
    assert.equal(again.failures[0]?.code, 'STALE_EPOCH', `epoch ${epoch}`)
  }
  // A close of the old epoch, by the driver itself, frees nothing.
  await driver.stream(hosts[0]!.id, { close: { session: SESSION, epoch: 1 } })
  assert.deepEqual(swarm.freeBlocks(), [252, 252])
  await driver.send(next, step(2, END + 1, [second], { epoch: 2 }))
  assert.deepEqual(next.tokens, [second, third])
})

test('an open of the next epoch cuts to committed and waits for the run under way, whose output goes nowhere', async () => {
  const { swarm, driver, hosts, stream } = await fed()
  let release = () => {}
  const held = new Promise<void>(resolve => {
    release = resolve
  })
  hosts[0]!.engine.hold = () => held
  await driver.send(stream, step(2, END, [42]))
  const next = await driver.open(hosts, { epoch: 2, committed: END })
  assert.ok(!next.opened)
  release()
  hosts[0]!.engine.hold = undefined
  await swarm.clock.quiet()
  assert.deepEqual(
    next.seen[0]!.opened!.hops.map(({ kvLength }) => kvLength),
    [END, END]
  )
  // The second hop never saw the old epoch's step.
  assert.equal(hosts[1]!.engine.batches.length, 1)
  await driver.send(next, step(1, END, [first], { epoch: 2 }))
  assert.deepEqual(next.tokens, [second])
})

test('opens are refused from anybody but the peer named before', async () => {
  const { swarm, driver, hosts } = twoHops()
  const stranger = new RawDriver(swarm, swarm.network.peer(swarm.strangerId), swarm.strangerKey)
  const plan = driver.plan(hosts)
  // The driver's own open, passed on by a stranger, to either hop.
  for (const { id } of hosts) {
    const stream = await stranger.stream(id, { open: await driver.sign(plan) })
    assert.equal(stream.failures[0]?.code, 'NOT_NAMED')
  }
  // A stranger that signs in the driver's name.
  const forged = await stranger.stream(hosts[0]!.id, { open: await stranger.sign(plan) })
  assert.equal(forged.end, 'PEER_LOST')
  // The driver goes past the hop it named first.
  const past = await driver.stream(hosts[1]!.id, { open: await driver.sign(plan) })
  assert.equal(past.failures[0]?.code, 'NOT_NAMED')
  // A plan changed after it was signed.
  const open = await driver.sign(plan)
  const changed = await driver.stream(hosts[0]!.id, {
    open: { ...open, plan: open.plan.map((byte, at) => (at === 5 ? byte ^ 1 : byte)) }
  })
  assert.equal(changed.end, 'PEER_LOST')
  assert.deepEqual(swarm.freeBlocks(), [256, 256])
})

test('a stranger can neither step in a session nor attach to it nor close it', async () => {
  const { swarm, driver, hosts, stream } = await fed()
  const stranger = new RawDriver(swarm, swarm.network.peer(swarm.strangerId), swarm.strangerKey)
  for (const { id } of hosts) {
    const stepping = await stranger.stream(id, step(2, END, [first]))
    assert.equal(stepping.end, 'PEER_LOST')
    await stranger.stream(id, { close: { session: SESSION, epoch: 1 } })
  }
  const attaching = await stranger.links.dial(hosts[1]!.id, [], answerProtocol)
  await attaching.send({ attach: { session: SESSION, epoch: 1 } })
  await swarm.clock.quiet()
  await assert.rejects(async () => {
    for await (const frame of attaching.frames()) assert.fail(`${Object.keys(frame)} for a stranger`)
  })
  await driver.send(stream, step(2, END, [first]))
  assert.deepEqual(stream.tokens, [first, second])
})

test('plans that do not fit the model or the host are refused by name', async () => {
  const { swarm, driver, hosts } = twoHops()
  const plan = driver.plan(hosts)
  const [a, b] = plan.hops as [(typeof plan.hops)[0], (typeof plan.hops)[0]]
  const wrong: [string, string, object][] = [
    ['another model', 'MODEL_MISMATCH', { model: plan.model.map(() => 7) }],
    [
      'another span',
      'MODEL_MISMATCH',
      {
        hops: [
          { ...a, endLayer: 2 },
          { ...b, firstLayer: 2 }
        ]
      }
    ],
    ['other numerics', 'MODEL_MISMATCH', { hops: [{ ...a, numerics: 'other' }, b] }],
    ['a layer missing', 'INVALID_FRAME', { hops: [a, { ...b, endLayer: 7 }] }],
    ['a context beyond the model', 'INVALID_FRAME', { reserveTokens: STAND_IN.contextLength + 1 }],
    ['a lease of a day', 'INVALID_FRAME', { leaseMs: 86_400_000 }],
    ['a window without end', 'INVALID_FRAME', { window: 1_000_000 }],
    ['issued an hour ago', 'INVALID_FRAME', { issuedAt: plan.issuedAt - 3_600_000n }]
  ]
  for (const [what, code, change] of wrong) {
    const stream = await driver.open(hosts, change)
    // What is wrong with any plan resets the stream; what is wrong for this host is answered.
    const found = stream.failures[0]?.code ?? (stream.end === 'PEER_LOST' ? 'INVALID_FRAME' : undefined)
    assert.equal(found, code, what)
  }
  assert.deepEqual(swarm.freeBlocks(), [256, 256])
})

test('a session that ended does not come back by its old open, but by a new epoch', async () => {
  const { driver, hosts, stream, swarm } = await fed()
  const replayed = await driver.sign(driver.plan(hosts))
  await driver.send(stream, { close: { session: SESSION, epoch: 1 } })
  const again = await driver.stream(hosts[0]!.id, { open: replayed })
  assert.equal(again.failures[0]?.code, 'STALE_EPOCH')
  assert.deepEqual(swarm.freeBlocks(), [256, 256])
  assert.ok((await driver.open(hosts, { epoch: 2 })).opened)
})

test('KV is reserved on every hop or on none', async () => {
  const swarm = new SmallSwarm([TWO[0]!, { ...TWO[1]!, blocks: 3 }])
  const driver = new RawDriver(swarm)
  const stream = await driver.open(swarm.hosts)
  assert.equal(stream.failures[0]?.code, 'BUSY')
  assert.ok(stream.failures[0]!.retryAfterMs > 0)
  assert.deepEqual(swarm.freeBlocks(), [256, 3])
  // Not even a driver that never ends its side keeps a stream open.
  await swarm.clock.pass(10_000)
  assert.deepEqual(swarm.network.open, [])
})

test('an open waits for KV in line and gets it when another leaves, or is refused in time', async () => {
  const { swarm, driver, hosts } = twoHops({ blocks: 4 })
  const holder = await driver.open(hosts)
  const sessions = [1, 2].map(by => SESSION.map(byte => byte + 50 * by))
  const waiting = await driver.open(hosts, { session: sessions[0]!, waitMs: 5_000 })
  const hasty = await driver.open(hosts, { session: sessions[1]!, waitMs: 1_000 })
  assert.ok(!waiting.opened && !hasty.opened)
  await swarm.clock.pass(1_500)
  assert.equal(hasty.failures[0]?.code, 'BUSY')
  await driver.send(holder, { close: { session: SESSION, epoch: 1 } })
  assert.ok(waiting.opened)
})

test('a lease that nothing renews ends and frees; beats keep it, and reach the last hop', async () => {
  const { swarm, driver, stream } = await fed()
  for (let beats = 0; beats < 5; beats++) {
    await swarm.clock.pass(8_000)
    await driver.send(stream, { beat: { session: SESSION, epoch: 1 } })
  }
  assert.deepEqual(swarm.freeBlocks(), [252, 252])
  await swarm.clock.pass(20_000)
  assert.deepEqual(swarm.freeBlocks(), [256, 256])
  assert.equal(stream.end, 'ended')
})

test('a broken stream keeps the session for its lease, so that the next epoch finds its KV', async () => {
  const { swarm, driver, hosts, stream } = await fed()
  stream.channel.abort(new Error('gone'))
  await swarm.clock.pass(5_000)
  assert.deepEqual(swarm.freeBlocks(), [252, 252])
  const next = await driver.open(hosts, { epoch: 2, committed: 10 })
  assert.deepEqual(
    next.seen[0]!.opened!.hops.map(({ kvLength }) => kvLength),
    [10, 10]
  )
})

test('a paused host offers nothing and begins nothing; what runs goes on, also in its next epoch', async () => {
  const { driver, hosts, stream } = await fed()
  const [{ host }] = hosts as [(typeof hosts)[0]]
  host.pause(true)
  assert.equal(host.offer(), undefined)
  await driver.send(stream, step(2, END, [first]))
  assert.deepEqual(stream.tokens, [first, second])
  const next = await driver.open(hosts, { epoch: 2, committed: END })
  assert.ok(next.opened)
  const other = await driver.open(hosts, { session: new Uint8Array(16).fill(7) })
  assert.equal(other.failures[0]?.code, 'BUSY')
  host.pause(false)
  assert.equal(host.offer()?.state, 'serving')
  assert.ok((await driver.open(hosts, { session: new Uint8Array(16).fill(8) })).opened)
})
