/**
 * Hosts on the WebGPU engine with a small seeded model whose residual stream overflows f16 at every token, so that each
 * frame between them has to go as f32; and what they do when one computes NaN, or its device is lost.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import type { EngineDevice } from '../../../peer/engine/device.ts'
import type { SpanEngine } from '../../../peer/engine/engine.ts'
import { createSpanEngine } from '../../../peer/engine/span.ts'
import { startHost } from '../../../peer/host/span-host.ts'
import type { Span } from '../../../peer/model/types.ts'
import { DEFAULT_LIMITS } from '../../../peer/session/driver-limits.ts'
import { type GenerationEvent, generate } from '../../../peer/session/generate.ts'
import { neutralSampling } from '../../../peer/session/neutral-sampling.ts'
import { Reputation } from '../../../peer/swarm/reputation.ts'
import { decodeActivation } from '../../../peer/wire/activation-codec.ts'
import { ChainFrame, Dtype } from '../../../peer/wire/frames.pb.js'
import { silent } from '../../../peer/wire/log.ts'
import { headRequest, rowsOf, testDevice } from '../engine/fixture.ts'
import { syntheticModel } from '../engine/synthetic.ts'
import { MemoryNetwork } from './memory-links.ts'
import { DIGEST, tokensOf } from './small-swarm.ts'
import { VirtualClock } from './virtual-clock.ts'

const TOKENS = 8
/** On values of about 1: far beyond 65,504, and far below what the codec refuses. */
const BLOW_UP = 1e6

const synthetic = syntheticModel({
  layers: 3,
  types: { default: 'F32' },
  scale: name => (name.endsWith('ffn_down.weight') ? BLOW_UP : 1)
})
const { width, vocabulary, contextLength, layers } = synthetic.hyperparameters
const model = { digest: DIGEST, layers, width, vocabulary, contextLength }
const prompt = Array.from({ length: 11 }, (_, at) => (at * 29 + 3) % vocabulary)
const spans: Span[] = [
  { first: 0, end: 1 },
  { first: 1, end: 2 },
  { first: 2, end: 3 }
]

const devices: EngineDevice[] = [await testDevice()]
after(() => {
  for (const device of devices) device.close()
})

const load = (span: Span, device = devices[0]!) =>
  createSpanEngine({
    device,
    hyperparameters: synthetic.hyperparameters,
    span,
    tensors: synthetic.reader,
    kvTokens: 256,
    maxBatchTokens: 16
  })

/** The tokens that one engine with all layers gives. */
async function wholeAnswer(): Promise<number[]> {
  const engine = await load({ first: 0, end: layers })
  const sequence = await engine.reserve(64)
  const tokens: number[] = []
  let position = 0
  for (let input = prompt; tokens.length < TOKENS; input = tokens.slice(-1)) {
    const [output] = await engine.run([{ sequence, position, input: { tokens: Uint32Array.from(input) }, head: headRequest(1) }])
    position += input.length
    tokens.push(rowsOf(output!)[0]!.ids[0]!)
  }
  await engine.close()
  return tokens
}

/** Time does not pass while the GPU works. */
function holdingClock(engine: SpanEngine, clock: VirtualClock): SpanEngine {
  const hold = async <T>(work: Promise<T>): Promise<T> => {
    let working = true
    void (async () => {
      while (working) await clock.turns(1)
    })()
    return await work.finally(() => {
      working = false
    })
  }
  return {
    shape: engine.shape,
    lost: engine.lost,
    kv: () => engine.kv(),
    reserve: tokens => hold(engine.reserve(tokens)),
    extend: (sequence, tokens) => engine.extend(sequence, tokens),
    release: sequence => hold(engine.release(sequence)),
    run: steps => hold(engine.run(steps)),
    logits: (sequence, row) => hold(engine.logits(sequence, row)),
    readKv: (sequence, from, to) => hold(engine.readKv(sequence, from, to)),
    writeKv: (sequence, from, bytes) => hold(engine.writeKv(sequence, from, bytes)),
    close: () => hold(engine.close())
  }
}

async function swarmOf(engines: readonly SpanEngine[]) {
  const clock = new VirtualClock()
  const network = new MemoryNetwork(clock)
  const keys = await Promise.all(
    Array.from({ length: engines.length + 1 }, (_, at) => generateKeyPairFromSeed('Ed25519', new Uint8Array(32).fill(at + 1)))
  )
  const ids = keys.map(key => peerIdFromPrivateKey(key).toString())
  const hosts = engines.map((engine, at) => {
    const links = network.peer(ids[at]!)
    // The first of two is taken until it fails.
    const rates = { prefill: 1000, decode: 100 - at }
    return { id: ids[at]!, links, engine, host: startHost({ links, engine: holdingClock(engine, clock), model, rates, clock }) }
  })
  const reputation = new Reputation()
  const directory = () => ({
    entries: hosts.flatMap(({ id, links, host }) => {
      const offer = host.offer()
      const announcement = { peer: id, sequence: 1, addresses: links.addresses(), agent: 'node' as const, adapter: '' }
      return offer === undefined ? [] : [{ announcement: { ...announcement, offers: [offer] }, ageMs: 0 }]
    })
  })
  const driver = ids.at(-1)!
  const events = generate(
    {
      links: network.peer(driver),
      privateKey: keys.at(-1)!,
      directory: { query: async () => directory() },
      model,
      reputation,
      clock,
      logger: silent,
      limits: { ...DEFAULT_LIMITS, chunkBytes: 8 * 2 * width }
    },
    {
      prompt,
      maxTokens: TOKENS,
      sampling: { ...neutralSampling, temperature: 0, seed: 1 },
      endIds: new Set(),
      choice: 0,
      logprobs: undefined,
      deadlineMs: 60_000,
      standby: false
    }
  )
  const run = async (onToken: (count: number) => void = () => {}) => {
    const seen: GenerationEvent[] = []
    for (let next = await clock.until(events.next()); !next.done; next = await clock.until(events.next())) {
      seen.push(next.value)
      if (next.value.type === 'token') onToken(tokensOf(seen).length)
    }
    return seen
  }
  return { clock, network, hosts, reputation, run }
}

const expected = await wholeAnswer()

test('a residual stream beyond f16 travels as f32, and the answer is the whole model’s', async () => {
  const { network, run } = await swarmOf(await Promise.all(spans.map(span => load(span))))
  const dtypes = new Set<Dtype>()
  let largest = 0
  network.onFrame = ({ protocol, bytes }) => {
    const step = protocol.includes('/chain/') ? ChainFrame.decode(bytes).step : undefined
    if (step?.hidden === undefined) return
    dtypes.add(step.hidden.dtype)
    for (const value of decodeActivation(step.hidden, step.count * width)) largest = Math.max(largest, Math.abs(value))
  }
  assert.deepEqual(tokensOf(await run()), expected)
  assert.deepEqual([...dtypes], [Dtype.DTYPE_F32])
  assert.ok(largest > 2 * 65_504 && largest < 1e9, `largest ${largest}`)
})

test('an engine that computes NaN from some step on is charged and replaced out of the log', async () => {
  const engines = await Promise.all([...spans, spans[1]!].map(span => load(span)))
  const { run: compute } = engines[1]!
  let runs = 0
  engines[1]!.run = async steps => {
    const outputs = await compute.call(engines[1], steps)
    if (++runs > 5) for (const output of outputs) if ('hidden' in output) output.hidden[width - 1] = Number.NaN
    return outputs
  }
  const { clock, hosts, reputation, run } = await swarmOf(engines)
  const events = await run()
  assert.deepEqual(tokensOf(events), expected)
  const recoveries = events.flatMap(event => (event.type === 'recovered' ? [event.recovery] : []))
  assert.deepEqual(
    recoveries.map(({ lost, route }) => [lost, route.hops[1]!.peer]),
    [[hosts[1]!.id, hosts[3]!.id]]
  )
  assert.ok(reputation.isBanned(hosts[1]!.id, clock.now()))
})

test('a device lost under a step: nothing of it leaves, the peer is withdrawn, the answer goes on elsewhere', async () => {
  const doomed = await testDevice()
  devices.push(doomed)
  const engines = await Promise.all([load(spans[0]!), load(spans[1]!, doomed), load(spans[2]!), load(spans[1]!)])
  const { network, hosts, run } = await swarmOf(engines)
  let sentAfterLoss = 0
  network.onFrame = ({ from, bytes, protocol }) => {
    if (from !== hosts[1]!.id || doomed.failure() === undefined || !protocol.includes('/chain/')) return
    if (ChainFrame.decode(bytes).step !== undefined) sentAfterLoss++
  }
  const events = await run(count => {
    if (count === 3) doomed.gpu.destroy()
  })
  assert.deepEqual(tokensOf(events), expected)
  assert.deepEqual(
    events.flatMap(event => (event.type === 'recovered' ? [event.recovery.lost] : [])),
    [hosts[1]!.id]
  )
  assert.equal(sentAfterLoss, 0)
  assert.equal(hosts[1]!.host.offer(), undefined)
})
