/** The engine's face across a message port, with an engine that answers from fixed values. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { EngineShape, SequenceOutput, SequenceStep, SpanEngine } from '../../../peer/engine/engine.ts'
import { connectEngine, type EnginePort, serveEngine } from '../../../peer/engine/remote.ts'
import { BusyError, DeviceLostError, GapError } from '../../../peer/errors.ts'

const shape: EngineShape = {
  span: { first: 2, end: 5 },
  width: 4,
  vocabulary: 10,
  contextLength: 16,
  embeds: false,
  heads: false,
  maxBatchTokens: 8,
  numerics: 'kv=f32,w=F32,k=1',
  kvPositionBytes: 8
}

/** Doubles hidden values; remembers what it was asked. */
function fakeEngine() {
  const { promise: lost, resolve: lose } = Promise.withResolvers<DeviceLostError>()
  const asked: unknown[] = []
  let free = 3
  const engine: SpanEngine = {
    shape,
    lost,
    kv: () => ({ tokensPerBlock: 16, totalBlocks: 3, freeBlocks: free }),
    reserve: async tokens => {
      if (free === 0) throw new BusyError('full', { retryAfterMs: 250 })
      free--
      return 40 + tokens
    },
    extend: async (sequence, tokens) => {
      asked.push({ sequence, tokens })
    },
    release: async () => {
      free++
    },
    run: async (steps: readonly SequenceStep[]): Promise<SequenceOutput[]> => {
      asked.push(steps)
      return steps.map(({ input }) => {
        assert.ok('hidden' in input)
        return { hidden: input.hidden.map(value => 2 * value) }
      })
    },
    logits: async (sequence, row) => {
      throw new GapError(`${sequence} ${row}`, { have: 7 })
    },
    readKv: async (_sequence, from, to) => Uint8Array.from({ length: (to - from) * shape.kvPositionBytes }, (_, at) => from + at),
    writeKv: async (sequence, from, bytes) => {
      asked.push({ sequence, from, bytes })
    },
    close: async () => {
      asked.push('close')
    }
  }
  return { engine, asked, lose }
}

/** Node's port types name its own event class; the shape is the browser's. */
const asPort = (port: MessagePort) => port as unknown as EnginePort

async function connected() {
  const fake = fakeEngine()
  const { port1, port2 } = new MessageChannel()
  serveEngine(fake.engine, asPort(port1))
  const remote = await connectEngine(asPort(port2))
  return { ...fake, remote, ports: [port1, port2] as const }
}

test('shape, KV state, steps and errors cross as they are', async () => {
  const { remote, asked, ports } = await connected()
  assert.deepEqual(remote.shape, shape)
  assert.deepEqual(remote.kv(), { tokensPerBlock: 16, totalBlocks: 3, freeBlocks: 3 })
  const sequence = await remote.reserve(2)
  assert.equal(sequence, 42)
  assert.equal(remote.kv().freeBlocks, 2)

  const hidden = Float32Array.from([1, 2, 3, 4])
  const step: SequenceStep = {
    sequence,
    position: 3,
    input: { hidden },
    head: { rows: 0, topK: 1, temperature: 1, extraIds: Uint32Array.of(5) }
  }
  const outputs = await Promise.all([remote.run([step]), remote.run([{ ...step, position: 4 }])])
  assert.deepEqual(outputs, [[{ hidden: Float32Array.from([2, 4, 6, 8]) }], [{ hidden: Float32Array.from([2, 4, 6, 8]) }]])
  assert.deepEqual(asked, [[step], [{ ...step, position: 4 }]])
  assert.equal(hidden.length, 4, 'the caller keeps its input')

  const kv = await remote.readKv(42, 3, 5)
  assert.deepEqual(
    kv,
    Uint8Array.from({ length: 16 }, (_, at) => 3 + at)
  )
  await remote.writeKv(42, 7, kv)
  assert.deepEqual(asked.at(-1), { sequence: 42, from: 7, bytes: kv })
  assert.equal(kv.length, 16, 'the caller keeps its input')

  await assert.rejects(
    remote.logits(42, 1),
    thrown => thrown instanceof GapError && thrown.message === '42 1' && thrown.details.have === 7
  )
  await remote.reserve(1)
  await remote.reserve(1)
  await assert.rejects(remote.reserve(1), thrown => thrown instanceof BusyError && thrown.details.retryAfterMs === 250)
  await remote.release(42)
  assert.equal(remote.kv().freeBlocks, 1)
  ports[0].close()
})

test('a loss at the other end is told', async () => {
  const { remote, lose, ports } = await connected()
  lose(new DeviceLostError('unplugged'))
  assert.equal((await remote.lost).message, 'unplugged')
  ports[0].close()
})

test('closing closes the engine, and nothing is asked after', async () => {
  const { remote, asked, ports } = await connected()
  await remote.close()
  await remote.close()
  assert.deepEqual(asked, ['close'])
  await assert.rejects(remote.reserve(1), { code: 'DEVICE_LOST' })
  ports[0].close()
})

test('when the other end goes, what waits fails and the engine counts as lost', async () => {
  const { remote, engine, ports } = await connected()
  engine.run = () => new Promise(() => {})
  const waiting = assert.rejects(remote.run([]), { code: 'DEVICE_LOST' })
  ports[0].close()
  await waiting
  assert.equal((await remote.lost).code, 'DEVICE_LOST')
})

test('an abort stands for a worker that ended', async () => {
  const { port1, port2 } = new MessageChannel()
  const controller = new AbortController()
  const connecting = assert.rejects(connectEngine(asPort(port2), { signal: controller.signal }), { code: 'DEVICE_LOST' })
  controller.abort()
  await connecting
  port1.close()
})
