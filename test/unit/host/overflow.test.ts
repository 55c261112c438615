/** Hidden values beyond f16: a frame that holds one goes as f32, in the first sending, in the log and in a replay. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeActivation } from '../../../peer/wire/activation-codec.ts'
import { ChainFrame, Dtype, type Step } from '../../../peer/wire/frames.pb.js'
import { Part } from '../../../peer/wire/step-parts.ts'
import { RawDriver, step } from './raw-driver.ts'
import { PROMPT, SmallSwarm, type SwarmHost, THREE, tokensOf } from './small-swarm.ts'
import { greedyReference, STAND_IN } from './stand-in-engine.ts'
import { TWO } from './two-hops.ts'

/** Up to 2038 × 64: half the values overflow, and those that do not are exact in f16. */
const EXACT = 64
/** Up to 2038 × 33 = 67,254: some overflow, and many that do not are rounded wherever f16 carries them. */
const ROUNDED = 33

const scaled = (scale: number, spans = THREE) => spans.map(span => ({ ...span, scale }))

/** Counts frames between hops by how their values travel. */
function countDtypes(swarm: SmallSwarm): Map<Dtype, number> {
  const counts = new Map<Dtype, number>()
  swarm.network.onFrame = ({ protocol, bytes }) => {
    const dtype = protocol.includes('/chain/') ? ChainFrame.decode(bytes).step?.hidden?.dtype : undefined
    if (dtype !== undefined) counts.set(dtype, (counts.get(dtype) ?? 0) + 1)
  }
  return counts
}

/** Runs to the end, killing a host after the fourth token. */
async function runKilling(swarm: SmallSwarm, victim: number): Promise<number[]> {
  const tokens: number[] = []
  const events = swarm.generate()
  for (let next = await swarm.clock.until(events.next()); !next.done; next = await swarm.clock.until(events.next()))
    if (next.value.type === 'token' && tokens.push(next.value.token) === 4) swarm.kill(victim)
  return tokens
}

test('values beyond f16 reach the next hop as they are, frame by frame', async () => {
  const swarm = new SmallSwarm(scaled(EXACT))
  const counts = countDtypes(swarm)
  assert.deepEqual(tokensOf(await swarm.run()), await greedyReference(PROMPT, 12, STAND_IN, EXACT))
  // Two hops send 14 frames each: three chunks of prefill and eleven tokens.
  assert.equal((counts.get(Dtype.DTYPE_F16) ?? 0) + (counts.get(Dtype.DTYPE_F32) ?? 0), 28)
  assert.ok(counts.get(Dtype.DTYPE_F16)! > 0 && counts.get(Dtype.DTYPE_F32)! > 0, JSON.stringify([...counts]))
})

test('a hop that is lost is replaced out of a log that holds both', async () => {
  for (const victim of [1, 2]) {
    const swarm = new SmallSwarm(scaled(EXACT, [...THREE, THREE[victim]!]))
    assert.deepEqual(await runKilling(swarm, victim), await greedyReference(PROMPT, 12, STAND_IN, EXACT))
  }
})

test('a replay in other pieces sends each position as it was sent first', async () => {
  const spans = [TWO[0]!, TWO[1]!, TWO[1]!]
  const swarm = new SmallSwarm(scaled(ROUNDED, spans))
  const [first, lost, replacement] = swarm.hosts as [SwarmHost, SwarmHost, SwarmHost]
  const sent: { step: Step; values: Float32Array }[] = []
  swarm.network.onFrame = ({ from, protocol, bytes }) => {
    const step = from === first.id && protocol.includes('/chain/') ? ChainFrame.decode(bytes).step : undefined
    if (step?.hidden === undefined) return
    sent.push({ step, values: decodeActivation(step.hidden, step.count * STAND_IN.width) })
  }
  const driver = new RawDriver(swarm)
  const before = await driver.open([first, lost])
  await driver.send(before, step(1, 0, PROMPT.slice(0, 8)))
  const [whole] = sent.splice(0)
  assert.equal(whole!.step.hidden!.dtype, Dtype.DTYPE_F32)

  const after = await driver.open([first, replacement], { epoch: 2, committed: 8 })
  const parts = [Part.replay, Part.run]
  for (let position = 0; position < 8; position++)
    await driver.send(after, step(position + 1, position, [0], { epoch: 2, tokens: undefined, parts } as Partial<Step>))
  assert.equal(sent.length, 8)
  assert.deepEqual(
    sent.flatMap(({ values }) => [...values]),
    [...whole!.values]
  )
  assert.ok(sent.some(({ values }) => values.every(value => value <= 65_504 && Math.f16round(value) !== value)))
})
