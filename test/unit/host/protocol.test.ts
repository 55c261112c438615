import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AnswerFrame, ChainFrame, Dtype } from '../../../peer/wire/frames.pb.js'
import { answerProtocol, chainProtocol } from '../../../peer/wire/protocols.ts'
import { RawDriver, type RawStream, SESSION, step } from './raw-driver.ts'
import { PROMPT, SmallSwarm } from './small-swarm.ts'
import { greedyReference, STAND_IN } from './stand-in-engine.ts'

const TWO = [
  { first: 0, end: 3 },
  { first: 3, end: 8 }
]
const [first, second, third] = (await greedyReference(PROMPT, 3)) as [number, number, number]
const END = PROMPT.length

function twoHops(options: { blocks?: number; maxBatchTokens?: number } = {}) {
  const swarm = new SmallSwarm(TWO.map(span => ({ ...span, ...options })))
  return { swarm, driver: new RawDriver(swarm), hosts: swarm.hosts }
}

/** Open, prompt fed, first token answered. */
async function fed(options: { blocks?: number; maxBatchTokens?: number } = {}) {
  const { swarm, driver, hosts } = twoHops(options)
  const stream = await driver.open(hosts)
  await driver.send(stream, step(1, 0, PROMPT))
  assert.deepEqual(stream.tokens, [first])
  return { swarm, driver, hosts, stream }
}

test('an open is answered by every hop, its steps run, its close frees', async () => {
  const { driver, hosts, stream, swarm } = await fed()
  const { opened } = stream.seen[0]!
  assert.deepEqual(
    opened!.hops.map(({ kvLength, logFirst, logEnd }) => [kvLength, logFirst, logEnd]),
    [
      [0, 0, 0],
      [0, 0, 0]
    ]
  )
  assert.equal(stream.answers[0]!.timings.length, 2)
  assert.deepEqual(
    stream.seen.flatMap(({ credit }) => (credit === undefined ? [] : [credit.number])),
    [1]
  )
  assert.deepEqual(swarm.freeBlocks(), [252, 252])
  await driver.send(stream, { close: { session: SESSION, epoch: 1 } })
  assert.deepEqual(swarm.freeBlocks(), [256, 256])
  assert.equal(stream.end, 'ended')
  assert.deepEqual(
    hosts.map(({ host }) => host.stats().sessions),
    [0, 0]
  )
})

test('a step sent twice is answered twice with the same and run once', async () => {
  const { driver, stream, hosts } = await fed()
  await driver.send(stream, step(1, 0, PROMPT), step(2, END, [first]), step(2, END, [first]), step(2, END, [first]))
  // Copies that arrive while the step runs are dropped, since its answer is on its way.
  assert.deepEqual(new Set(stream.answers.map(({ number }) => number)), new Set([1, 2]))
  assert.deepEqual(stream.tokens.filter((_, at) => stream.answers[at]!.number === 2)[0], second)
  for (const { engine } of hosts)
    assert.deepEqual(
      engine.batches.map(batch => batch[0]!.position),
      [0, END]
    )
})

test('a late copy of an old step changes nothing newer', async () => {
  const { driver, stream } = await fed()
  await driver.send(stream, step(2, END, [first]))
  await driver.send(stream, step(1, 0, PROMPT))
  await driver.send(stream, step(3, END + 1, [second]))
  assert.equal(stream.tokens.at(-1), third)
})

test('steps that arrive in another order run in their own', async () => {
  const { driver, stream } = await fed()
  await driver.send(stream, step(3, END + 1, [second]))
  assert.equal(stream.answers.length, 1)
  await driver.send(stream, step(2, END, [first]))
  assert.deepEqual(
    stream.answers.map(({ number }) => number),
    [1, 2, 3]
  )
  assert.deepEqual(stream.tokens, [first, second, third])
})

test('a number beyond the window fails the epoch with what the hop expects', async () => {
  const { driver, stream } = await fed()
  await driver.send(stream, step(6, END, [first]))
  const [failure] = stream.failures
  assert.equal(failure?.code, 'GAP')
  assert.equal(failure?.have, 2)
})

test('a step below the KV length truncates there', async () => {
  const { driver, stream } = await fed()
  await driver.send(stream, step(2, END, [42]), step(3, END, [first]), step(4, END + 1, [second]))
  assert.deepEqual([stream.tokens[2], stream.tokens[3]], [second, third])
  await driver.send(stream, step(5, 0, PROMPT))
  assert.equal(stream.tokens[4], first)
})

test('steps that break the protocol end their epoch with an error, and only theirs', async () => {
  const wrong: [string, ChainFrame][] = [
    ['beyond the KV', step(2, END + 1, [first])],
    ['beyond the reservation', step(2, 60, [1, 2, 3, 4, 5])],
    ['more ids than counted', step(2, END, [first], { count: 2 })],
    ['an id outside the vocabulary', step(2, END, [STAND_IN.vocabulary])],
    [
      'hidden states to the first hop',
      step(2, END, [first], { tokens: undefined, hidden: { dtype: Dtype.DTYPE_F32, data: new Uint8Array(16) } })
    ],
    ['more rows than tokens', step(2, END, [first], { head: { rows: 2, topK: 1, temperature: 1, extraIds: [] } })],
    ['no temperature', step(2, END, [first], { head: { rows: 1, topK: 1, temperature: 0, extraIds: [] } })],
    ['a top-k beyond the vocabulary', step(2, END, [first], { head: { rows: 1, topK: 128, temperature: 1, extraIds: [] } })],
    ['timings of hops that are not there', step(2, END, [first], { timings: [{ queueUs: 1, computeUs: 1 }] })],
    ['another session', step(2, END, [first], { session: SESSION.map(byte => byte + 1) })],
    ['an epoch to come', step(2, END, [first], { epoch: 2 })],
    ['a frame that only goes upstream', { credit: { session: SESSION, epoch: 1, number: 1 } }]
  ]
  for (const [what, frame] of wrong) {
    const { swarm, driver, hosts, stream } = await fed()
    const otherSession = SESSION.map(byte => byte + 100)
    const other = await driver.open(hosts, { session: otherSession })
    // What the checks of the frame layer refuse resets the stream; what depends on the session is answered with why.
    await driver.send(stream, frame).catch(() => {})
    await swarm.clock.quiet()
    const code = stream.failures[0]?.code ?? stream.end
    assert.ok(code === 'INVALID_FRAME' || code === 'PEER_LOST', `${what}: ${code}`)
    await driver.send(other, step(1, 0, PROMPT, { session: otherSession }), step(2, END, [first], { session: otherSession }))
    assert.deepEqual(other.tokens, [first, second], what)
  }
})

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

test('a lost next hop is reported at once, with its name', async () => {
  const { swarm, hosts, stream } = await fed()
  const before = swarm.clock.now()
  swarm.network.kill(hosts[1]!.id)
  await swarm.clock.quiet()
  assert.equal(stream.failures[0]?.code, 'PEER_LOST')
  assert.equal(stream.failures[0]?.peer, hosts[1]!.id)
  assert.equal(swarm.clock.now(), before)
})

test('hidden states that are not finite are charged to the hop that sent them', async () => {
  const { swarm, driver, hosts, stream } = await fed()
  swarm.network.fate = ({ from, bytes, protocol }) => {
    if (from !== hosts[0]!.id || protocol !== chainProtocol.id) return [{}]
    const frame = ChainFrame.decode(bytes)
    if (frame.step?.hidden === undefined) return [{}]
    frame.step.hidden = { dtype: Dtype.DTYPE_F32, data: new Uint8Array(new Float32Array(STAND_IN.width).fill(Number.NaN).buffer) }
    return [{ bytes: ChainFrame.encode(frame) }]
  }
  await driver.send(stream, step(2, END, [first]))
  assert.equal(stream.failures[0]?.code, 'NON_FINITE')
  assert.equal(stream.failures[0]?.peer, hosts[0]!.id)
})

test('answers go to the driver’s own stream to the last hop, and along the chain when that breaks', async () => {
  const { swarm, driver, hosts, stream } = await fed()
  const direct = await driver.links.dial(hosts[1]!.id, [], answerProtocol)
  const answers: AnswerFrame[] = []
  const reading = (async () => {
    for await (const frame of direct.frames()) answers.push(frame)
  })().catch(() => {})
  await direct.send({ attach: { session: SESSION, epoch: 1 } })
  await driver.send(stream, step(2, END, [first]))
  assert.deepEqual(
    answers.map(({ answer }) => answer?.number),
    [2]
  )
  assert.deepEqual(
    stream.answers.map(({ number }) => number),
    [1]
  )
  await direct.send({ rowRequest: { session: SESSION, epoch: 1, number: 2, row: 0 } })
  await swarm.clock.quiet()
  assert.equal(answers[1]?.row?.logits.length, 4 * STAND_IN.vocabulary)
  direct.abort(new Error('cut'))
  await reading
  await driver.send(stream, step(3, END + 1, [second]))
  // What may have been lost with the stream comes again, then the rest.
  assert.deepEqual(stream.answers.map(({ number }) => number).at(-1), 3)
  assert.equal(stream.tokens.at(-1), third)
})

test('sessions share batches, decode before prefill, and none is starved', async () => {
  const { swarm, driver, hosts } = twoHops({ maxBatchTokens: 8 })
  const sessions = [0, 1, 2].map(by => SESSION.map(byte => byte + 50 * by))
  const streams: RawStream[] = []
  for (const session of sessions) streams.push(await driver.open(hosts, { session }))
  const [long, ...short] = streams as [RawStream, RawStream, RawStream]
  for (const [at, stream] of short.entries()) await driver.send(stream, step(1, 0, [5, 6], { session: sessions[at + 1]! }))
  const before = hosts[0]!.engine.batches.length
  let release = () => {}
  const held = new Promise<void>(resolve => {
    release = resolve
  })
  hosts[0]!.engine.hold = () => held
  await Promise.all([
    long.channel.send(step(1, 0, PROMPT, { session: sessions[0]! })),
    ...short.map((stream, at) => stream.channel.send(step(2, 2, [7], { session: sessions[at + 1]! })))
  ])
  await swarm.clock.quiet()
  hosts[0]!.engine.hold = undefined
  release()
  await swarm.clock.quiet()
  // The prefill came first and had the engine; in the next batch the decode steps overtake the rest of it.
  const [alone, shared] = hosts[0]!.engine.batches.slice(before)
  assert.deepEqual(
    alone!.map(({ count }) => count),
    [8]
  )
  assert.deepEqual(
    shared!.map(({ count }) => count),
    [1, 1, 6]
  )
  assert.deepEqual(long.tokens, [first])
  for (const batch of hosts.flatMap(({ engine }) => engine.batches)) {
    assert.ok(batch.reduce((sum, { count }) => sum + count, 0) <= 8)
  }
})
