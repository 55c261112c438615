/**
 * Wrong numbers on the way: caught by whoever gets them, charged to whoever sent them, and the answer goes on without it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DeviceLostError } from '../../../peer/errors.ts'
import type { DriverLimits } from '../../../peer/session/driver-limits.ts'
import { neutralSampling } from '../../../peer/session/neutral-sampling.ts'
import { AnswerFrame, ChainFrame, Dtype, Encoding, type Step } from '../../../peer/wire/frames.pb.js'
import { answerProtocol, chainProtocol } from '../../../peer/wire/protocols.ts'
import { LEASES_MS } from './fault-schedules.ts'
import type { Passing } from './memory-links.ts'
import { PROMPT, SmallSwarm, THREE, tokensOf } from './small-swarm.ts'
import { greedyReference } from './stand-in-engine.ts'

const expected = await greedyReference(PROMPT, 12)
/** In prefill, and after some tokens. */
const AFTER_STEPS = [0, 6]

/** Two peers for each span, the first of which is taken until it fails. */
function doubled(): SmallSwarm {
  return new SmallSwarm([...THREE, ...THREE.map(span => ({ ...span, decodeRate: 90 }))])
}

/** Runs to the end while `spoil` replaces what one host sends; undefined leaves a frame as it is. */
async function runSpoiled(
  swarm: SmallSwarm,
  at: number,
  spoil: (passing: Passing) => Uint8Array | undefined,
  limits: Partial<DriverLimits> = {}
) {
  const { id } = swarm.hosts[at]!
  let spoiled = 0
  swarm.network.fate = passing => {
    const bytes = passing.from === id ? spoil(passing) : undefined
    if (bytes === undefined) return [{}]
    spoiled++
    return [{ bytes }]
  }
  const before = swarm.freeBlocks()
  const events = await swarm.run({}, limits)
  assert.ok(spoiled > 0, 'something was spoiled')
  assert.deepEqual(tokensOf(events), expected)
  const lost = events.flatMap(event => (event.type === 'recovered' ? [event.recovery.lost] : []))
  assert.deepEqual(lost, [id])
  for (const host of swarm.hosts) assert.equal(swarm.reputation.isBanned(host.id, swarm.clock.now()), host.id === id, host.id)
  await swarm.clock.pass(LEASES_MS)
  assert.deepEqual(swarm.freeBlocks(), before)
  assert.deepEqual(swarm.network.open, [])
}

/** Spoils the steps a hop sends after so many. */
function steps(after: number, spoil: (step: Step) => Uint8Array) {
  let seen = 0
  return ({ protocol, bytes }: Passing) => {
    if (protocol !== chainProtocol.id) return undefined
    const { step } = ChainFrame.decode(bytes)
    return step?.hidden !== undefined && seen++ >= after ? spoil(step) : undefined
  }
}

const f32 = (step: Step, value: number) => {
  const values = new Float32Array(step.count * 4).fill(1)
  values[values.length - 1] = value
  return ChainFrame.encode({ step: { ...step, hidden: { dtype: Dtype.DTYPE_F32, data: new Uint8Array(values.buffer) } } })
}
const f16 = (step: Step, bits: number) => {
  const values = new Uint16Array(step.count * 4).fill(0x3c00)
  values[0] = bits
  return ChainFrame.encode({ step: { ...step, hidden: { dtype: Dtype.DTYPE_F16, data: new Uint8Array(values.buffer) } } })
}
const sized = (step: Step, bytes: number) =>
  ChainFrame.encode({ step: { ...step, hidden: { dtype: Dtype.DTYPE_F16, data: new Uint8Array(bytes) } } })

/** A dtype that no version so far has. */
function foreignDtype(step: Step): Uint8Array {
  const bytes = f32(step, 1)
  // Field 1 as a varint of 1, then field 2: the activation's beginning, which nothing before it looks like.
  const at = bytes.findIndex((byte, index) => byte === 0x08 && bytes[index + 1] === 0x01 && bytes[index + 2] === 0x12)
  bytes[at + 1] = 7
  return bytes
}

for (const { what, spoil } of [
  { what: 'NaN in f16', spoil: (step: Step) => f16(step, 0x7e00) },
  { what: 'infinity in f16', spoil: (step: Step) => f16(step, 0xfc00) },
  { what: 'NaN in f32', spoil: (step: Step) => f32(step, Number.NaN) },
  { what: 'a value whose square is infinite', spoil: (step: Step) => f32(step, -1e30) },
  { what: 'an unknown dtype', spoil: foreignDtype },
  { what: 'half a value too few', spoil: (step: Step) => sized(step, step.count * 8 - 1) },
  { what: 'another width', spoil: (step: Step) => sized(step, step.count * 16) },
  { what: 'no values', spoil: (step: Step) => sized(step, 0) },
  { what: 'bytes that are no frame', spoil: () => new Uint8Array(40).fill(0xff) }
])
  test(`hidden states with ${what} are charged to the hop that sent them`, async () => {
    for (const at of [0, 1]) for (const after of AFTER_STEPS) await runSpoiled(doubled(), at, steps(after, spoil))
  })

test('f16 where the driver asked for f32 is charged to the hop that sent it', async () => {
  await runSpoiled(
    doubled(),
    1,
    steps(3, step => f16(step, 0x3c00)),
    { encoding: Encoding.F32 }
  )
})

for (const direct of [true, false])
  test(`a logit that is no number is charged to the last hop ${direct ? 'on its own stream' : 'along the chain'}`, async () => {
    const swarm = doubled()
    if (!direct) for (const { id } of swarm.hosts) swarm.network.refuse(swarm.driverId, id, answerProtocol.id)
    await runSpoiled(swarm, 2, ({ protocol, bytes }) => {
      const frame = protocol === answerProtocol.id ? AnswerFrame.decode(bytes) : ChainFrame.decode(bytes)
      const rows = frame.answer?.rows ?? []
      if (rows.length === 0) return undefined
      rows[0]!.logits[0] = Number.NaN
      return protocol === answerProtocol.id ? AnswerFrame.encode(frame as AnswerFrame) : ChainFrame.encode(frame as ChainFrame)
    })
  })

test('a full row of logits that holds infinity is charged to the last hop', async () => {
  // So flat a distribution that the draw falls outside the largest logits, and the whole row is fetched.
  const sampling = { ...neutralSampling, temperature: 20, seed: 44 }
  const whole = tokensOf(await doubled().run({ sampling }))
  const swarm = doubled()
  const { id } = swarm.hosts[2]!
  let spoiled = 0
  swarm.network.fate = ({ from, protocol, bytes }) => {
    if (from !== id || protocol !== answerProtocol.id) return [{}]
    const frame = AnswerFrame.decode(bytes)
    if (frame.row === undefined) return [{}]
    const logits = new Float32Array(Uint8Array.from(frame.row.logits).buffer)
    logits[3] = Number.POSITIVE_INFINITY
    frame.row.logits = new Uint8Array(logits.buffer)
    spoiled++
    return [{ bytes: AnswerFrame.encode(frame) }]
  }
  const events = await swarm.run({ sampling })
  assert.equal(spoiled, 1)
  assert.deepEqual(tokensOf(events), whole)
  assert.ok(swarm.reputation.isBanned(id, swarm.clock.now()))
})

for (const at of [0, 1, 2])
  test(`hop ${at}, whose engine computes NaN from some step on, charges itself`, async () => {
    const swarm = doubled()
    const { id, engine } = swarm.hosts[at]!
    poison(swarm, at, 5)
    const events = await swarm.run()
    assert.deepEqual(tokensOf(events), expected)
    assert.deepEqual(
      events.flatMap(event => (event.type === 'recovered' ? [event.recovery.lost] : [])),
      [id]
    )
    assert.ok(swarm.reputation.isBanned(id, swarm.clock.now()))
    await swarm.clock.pass(LEASES_MS)
    assert.equal(engine.kv().freeBlocks, 256)
  })

test('a run that fails with its device names the peer at once, whenever the device itself says so', async () => {
  const swarm = doubled()
  const { id, engine } = swarm.hosts[1]!
  const run = engine.run.bind(engine)
  engine.run = async batch => {
    if (engine.batches.length < 5) return await run(batch)
    swarm.clock.after(5_000, () => engine.lose())
    throw new DeviceLostError('mapping failed')
  }
  const startedAt = swarm.clock.now()
  const events = await swarm.run()
  assert.deepEqual(tokensOf(events), expected)
  assert.deepEqual(
    events.flatMap(event => (event.type === 'recovered' ? [[event.recovery.lost, event.recovery.epoch]] : [])),
    [[id, 2]]
  )
  assert.ok(swarm.clock.now() - startedAt < 1_000)
  await swarm.clock.pass(LEASES_MS)
  assert.equal(swarm.hosts[1]!.host.offer(), undefined)
  assert.deepEqual(swarm.freeBlocks(), Array(6).fill(256))
})

test('the only holder of a span that always computes NaN: a clear error inside the deadline, without hammering it', async () => {
  const swarm = new SmallSwarm(THREE)
  const { id, engine } = swarm.hosts[1]!
  poison(swarm, 1, 0)
  const startedAt = swarm.clock.now()
  await assert.rejects(swarm.run({ deadlineMs: 20_000 }), (error: { code: string; details: { peer?: string } }) => {
    assert.equal(error.code, 'NON_FINITE')
    assert.equal(error.details.peer, id)
    return true
  })
  assert.ok(swarm.clock.now() - startedAt <= 20_000)
  // A try at once, then pauses that double up to 2 s.
  assert.ok(engine.batches.length >= 5 && engine.batches.length <= 16, `${engine.batches.length} tries`)
  await swarm.clock.pass(LEASES_MS)
  assert.deepEqual(swarm.freeBlocks(), [256, 256, 256])
})

/** Has the engine compute NaN after so many runs. */
function poison(swarm: SmallSwarm, at: number, after: number): void {
  const { engine } = swarm.hosts[at]!
  engine.spoils = () => engine.batches.length > after
}
