/** Steps and answers between a driver by hand and two hops: numbers, positions, copies, faults and where answers go. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '../../../peer/wire/clock.ts'
import { type AnswerFrame, ChainFrame, Dtype } from '../../../peer/wire/frames.pb.js'
import { answerProtocol, chainProtocol } from '../../../peer/wire/protocols.ts'
import { type RawStream, SESSION, step } from './raw-driver.ts'
import { PROMPT } from './small-swarm.ts'
import { STAND_IN } from './stand-in-engine.ts'
import { END, fed, first, second, third, twoHops } from './two-hops.ts'

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

test('on a slow peer others’ decode waits for a small piece of prefill at most; without others a prefill has whole batches', async () => {
  const { swarm, driver, hosts } = twoHops({ maxBatchTokens: 64 })
  const [{ engine }] = hosts as [(typeof hosts)[0]]
  // 10 ms a token: a whole batch would take 640 ms.
  engine.hold = () => sleep(swarm.clock, 10 * engine.batches.at(-1)!.reduce((sum, { count }) => sum + count, 0))
  const tokens = Array.from({ length: 60 }, (_, at) => at)
  const sessions = [0, 1, 2].map(by => SESSION.map(byte => byte + 50 * by))
  const streams: RawStream[] = []
  for (const session of sessions) streams.push(await driver.open(hosts, { session }))
  const [decoding, ...filling] = streams as [RawStream, RawStream, RawStream]
  await filling[0]!.channel.send(step(1, 0, tokens, { session: sessions[1]! }))
  await swarm.clock.pass(2_000)
  assert.deepEqual(
    engine.batches.map(batch => batch.map(({ count }) => count)),
    [[60]]
  )

  await decoding.channel.send(step(1, 0, [5], { session: sessions[0]! }))
  await swarm.clock.pass(100)
  const before = engine.batches.length
  await Promise.all(
    filling.map((stream, at) => stream.channel.send(step(at === 0 ? 2 : 1, 0, tokens, { session: sessions[at + 1]! })))
  )
  for (let token = 1; token <= 5; token++) {
    await decoding.channel.send(step(token + 1, token, [5], { session: sessions[0]! }))
    await swarm.clock.pass(500)
  }
  const batches = engine.batches.slice(before).map(batch => batch.reduce((sum, { count }) => sum + count, 0))
  assert.ok(
    batches.every(count => count <= 26),
    `batches of ${batches}`
  )
  assert.equal(decoding.answers.length, 6)
  await swarm.clock.pass(2_000)
  assert.deepEqual(
    filling.map(({ answers }) => answers.at(-1)!.count),
    [60, 60]
  )
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
  // The prefill came first and had the engine; the decode steps overtake the rest of it, one batch after the other, since two keep two hops busy.
  const [alone, ...shared] = hosts[0]!.engine.batches.slice(before)
  assert.deepEqual(
    alone!.map(({ count }) => count),
    [8]
  )
  assert.deepEqual(
    shared.slice(0, 2).map(([first]) => first!.count),
    [1, 1]
  )
  // It takes no more of the time than is left by those who decode; none of theirs comes any more.
  await swarm.clock.pass(1_000)
  assert.deepEqual(long.tokens, [first])
  for (const batch of hosts.flatMap(({ engine }) => engine.batches)) {
    assert.ok(batch.reduce((sum, { count }) => sum + count, 0) <= 8)
  }
})
