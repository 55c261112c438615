/** Chains whose hidden states go in int8 blocks: only where every hop takes them, and the same over a recovery. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ChainFrame, Dtype, Encoding } from '../../../peer/wire/frames.pb.js'
import { chainProtocol } from '../../../peer/wire/protocols.ts'
import { DIGEST, PROMPT, SmallSwarm, THREE, tokensOf } from './small-swarm.ts'
import { greedyReference, STAND_IN } from './stand-in-engine.ts'

const model = { digest: DIGEST, ...STAND_IN, width: 32 }
const limits = { encoding: Encoding.INT8 }

/** What hidden states crossed the network as. */
function watch(swarm: SmallSwarm, strike: (passing: number) => void = () => {}): Set<Dtype> {
  const seen = new Set<Dtype>()
  swarm.network.fate = ({ protocol, bytes, index }) => {
    if (protocol === chainProtocol.id) {
      const { step } = ChainFrame.decode(bytes)
      if (step?.hidden !== undefined) seen.add(step.hidden.dtype)
    }
    strike(index)
    return [{}]
  }
  return seen
}

test('a lost hop changes nothing: what is replayed in blocks is what was sent in blocks', async () => {
  const calm = new SmallSwarm([...THREE, ...THREE], model)
  const seen = watch(calm)
  const expected = tokensOf(await calm.run({}, limits))
  assert.equal(expected.length, 12)
  assert.deepEqual(seen, new Set([Dtype.DTYPE_INT8]))
  let recoveries = 0
  for (const at of [30, 45, 60]) {
    const swarm = new SmallSwarm([...THREE, ...THREE], model)
    watch(swarm, index => {
      if (index === at) for (const victim of [1, 4]) if (swarm.hosts[victim]!.host.stats().sessions > 0) swarm.kill(victim)
    })
    const events = await swarm.run({}, limits)
    assert.deepEqual(tokensOf(events), expected, `killed at frame ${at}`)
    recoveries += events.filter(({ type }) => type === 'recovered').length
  }
  assert.ok(recoveries > 0)
})

test('one hop that does not offer to take blocks, or a width of no whole blocks, and all goes in f16', async () => {
  const swarm = new SmallSwarm(THREE, model)
  const { host } = swarm.hosts[1]!
  const { offer } = host
  host.offer = () => {
    const { int8: _, ...older } = offer()!
    return older
  }
  for (const [of, width] of [
    [swarm, 32],
    [new SmallSwarm(THREE), 4]
  ] as const) {
    const seen = watch(of)
    assert.deepEqual(tokensOf(await of.run({}, limits)), await greedyReference(PROMPT, 12, { ...STAND_IN, width }))
    assert.deepEqual(seen, new Set([Dtype.DTYPE_F16]))
  }
})
