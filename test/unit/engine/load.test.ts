/** What is refused before any GPU memory is taken, and what a span is said to take. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { spanBudget } from '../../../peer/engine/budget.ts'
import type { EngineDevice } from '../../../peer/engine/device.ts'
import type { SequenceStep, SpanEngine } from '../../../peer/engine/engine.ts'
import { measureSpan } from '../../../peer/engine/measure.ts'
import { createSpanEngine } from '../../../peer/engine/span.ts'
import type { Hyperparameters, TensorInfo, TensorReader } from '../../../peer/model/types.ts'
import { syntheticGguf } from '../../oracle/synthetic.ts'
import { testDevice } from './fixture.ts'
import { modelFrom } from './psalter.ts'
import { type SyntheticModel, syntheticModel } from './synthetic.ts'

let device: EngineDevice
/** Bytes of the buffers created on `counting`, and not destroyed again. */
let held = 0
let created = 0
let counting: EngineDevice
before(async () => {
  device = await testDevice()
  const createBuffer = device.gpu.createBuffer.bind(device.gpu)
  device.gpu.createBuffer = descriptor => {
    const buffer = createBuffer(descriptor)
    created++
    held += descriptor.size
    const destroy = buffer.destroy.bind(buffer)
    buffer.destroy = () => {
      held -= descriptor.size
      destroy()
    }
    return buffer
  }
  counting = device
})
after(() => device.close())

const load = (
  model: SyntheticModel,
  changes: { infos?: Map<string, TensorInfo>; hyperparameters?: Partial<Hyperparameters> } = {}
) =>
  createSpanEngine({
    device: counting,
    hyperparameters: { ...model.hyperparameters, ...changes.hyperparameters },
    span: { first: 0, end: model.hyperparameters.layers },
    tensors: { ...model.reader, info: name => (changes.infos ?? model.infos).get(name) },
    kvTokens: 64,
    maxBatchTokens: 8
  })

test('a tensor that is missing or wrong is named, and no memory taken', async () => {
  const model = syntheticModel()
  const name = 'blk.1.ffn_up.weight'
  const with_ = (change: Partial<TensorInfo> | undefined) => {
    const infos = new Map(model.infos)
    if (change === undefined) infos.delete(name)
    else infos.set(name, { ...infos.get(name)!, ...change })
    return { infos }
  }
  const refused: [Parameters<typeof load>[1], string, RegExp][] = [
    [with_(undefined), 'INVALID_FILE', /blk\.1\.ffn_up\.weight/],
    [with_({ dims: [96, 64] }), 'INVALID_FILE', /blk\.1\.ffn_up\.weight/],
    [with_({ type: 'Q6_X' as 'F32' }), 'UNSUPPORTED_MODEL', /blk\.1\.ffn_up\.weight.*Q6_X/],
    [with_({ type: 'Q4_0' }), 'INVALID_FILE', /blk\.1\.ffn_up\.weight/],
    [with_({ bytes: 5 }), 'INVALID_FILE', /blk\.1\.ffn_up\.weight/],
    [{ hyperparameters: { width: 128 } }, 'INVALID_FILE', /token_embd\.weight/],
    [{ hyperparameters: { width: 48 } }, 'UNSUPPORTED_MODEL', /width/],
    [{ hyperparameters: { heads: 3 } }, 'UNSUPPORTED_MODEL', /heads/],
    [{ hyperparameters: { headDim: 512 } }, 'UNSUPPORTED_MODEL', /headDim/],
    [{ hyperparameters: { ropeDimensions: 18 } }, 'UNSUPPORTED_MODEL', /ropeDimensions/]
  ]
  for (const [changes, code, message] of refused) await assert.rejects(load(model, changes), { code, message })
  assert.equal(created, 0)
})

test('a tensor that comes short or holds a NaN fails the load, and all memory is given back', async () => {
  const model = syntheticModel()
  const name = 'blk.1.attn_k.weight'
  const whole = model.bytes.get(name)!
  model.bytes.set(name, whole.slice(1))
  await assert.rejects(load(model), { code: 'WEIGHTS_CORRUPT', message: /blk\.1\.attn_k\.weight/ })
  const infinite = whole.slice()
  new DataView(infinite.buffer).setUint16(34, 0x7c00, true)
  model.bytes.set(name, infinite)
  await assert.rejects(load(model), { code: 'INVALID_FILE', message: /blk\.1\.attn_k\.weight/ })
  assert.ok(created > 0)
  assert.equal(held, 0)
})

test('KV beyond the adapter’s memory is refused, and the device lives on', async () => {
  const model = syntheticModel()
  const { hyperparameters, reader } = model
  const adapterLimit = device.gpu.limits.maxBufferSize
  const options = {
    device: { ...counting, bindingLimit: 4 * adapterLimit },
    hyperparameters,
    span: { first: 0, end: 2 },
    tensors: reader
  }
  await assert.rejects(createSpanEngine({ ...options, kvTokens: adapterLimit }), { code: 'GPU_MEMORY', message: /keys/ })
  assert.equal(held, 0)
  assert.equal(device.failure(), undefined)
  await (await load(model)).close()
})

test('the budget is what loading takes', async () => {
  for (const kv of ['f16', 'f32'] as const)
    for (const span of [
      { first: 0, end: 3 },
      { first: 0, end: 1 },
      { first: 1, end: 2 },
      { first: 2, end: 3 }
    ]) {
      const { hyperparameters, reader } = syntheticModel({ layers: 3, vocabulary: 95, types: { default: 'Q4_0', attn_k: 'F16' } })
      const limits = { kvTokens: 100, maxBatchTokens: 8, kv }
      const budget = spanBudget(hyperparameters, span, reader, { ...limits, bindingLimit: device.bindingLimit })
      const engine = await createSpanEngine({ device: counting, hyperparameters, span, tensors: reader, ...limits })
      assert.equal(held, budget.totalBytes, JSON.stringify({ span, kv }))
      // 7 blocks of 16 tokens, 2 KV heads of 16, K and V, 4 or 2 bytes, each layer.
      assert.equal(budget.kvBytes, 7 * 16 * 2 * 16 * 2 * (kv === 'f32' ? 4 : 2) * (span.end - span.first))
      await engine.close()
      assert.equal(held, 0)
    }
})

test('the budget is what loading takes, of other architectures too', async () => {
  for (const name of ['qwen2', 'gemma3', 'phi3-long', 'smollm3'])
    for (const first of [0, 1]) {
      const { hyperparameters, reader } = await modelFrom(name, syntheticGguf(name))
      const span = { first, end: hyperparameters.layers }
      const limits = { kvTokens: 100, maxBatchTokens: 8, kv: 'f16' } as const
      const budget = spanBudget(hyperparameters, span, reader, { ...limits, bindingLimit: device.bindingLimit })
      const engine = await createSpanEngine({ device: counting, hyperparameters, span, tensors: reader, ...limits })
      assert.equal(held, budget.totalBytes, JSON.stringify({ name, span }))
      await engine.close()
      assert.equal(held, 0)
    }
})

test('a rotation factor of zero is refused by name', async () => {
  const name = 'rope_freqs.weight'
  const { hyperparameters, reader } = await modelFrom('llama-3', syntheticGguf('llama-3'))
  const zero: TensorReader = { ...reader, read: async read => (read === name ? new Uint8Array(32) : await reader.read(read)) }
  const span = { first: 1, end: 2 }
  const load = createSpanEngine({ device: counting, hyperparameters, span, tensors: zero, kvTokens: 16 })
  await assert.rejects(load, { code: 'INVALID_FILE', message: /rope_freqs\.weight/ })
  assert.equal(held, 0)
})

test('rates are tokens times layers a second, compiling left out, a slow span tried with fewer tokens', async t => {
  let now = 0
  t.mock.method(performance, 'now', () => now)
  const seen = new Set<boolean>()
  const counts: number[] = []
  const engineOf = (perToken: number) =>
    ({
      shape: { span: { first: 2, end: 5 }, width: 4, embeds: false, contextLength: 100, maxBatchTokens: 64 },
      kv: () => ({ tokensPerBlock: 16, totalBlocks: 9, freeBlocks: 9 }),
      reserve: async () => 1,
      release: async () => undefined,
      run: async ([step]: SequenceStep[]) => {
        assert.ok('hidden' in step!.input)
        const count = step!.input.hidden.length / 4
        counts.push(count)
        // Single and tiled kernels compile at their first step.
        now += seen.has(count > 1) ? 4 + perToken * count : 900
        seen.add(count > 1)
        return []
      }
    }) as unknown as SpanEngine
  assert.deepEqual(await measureSpan(engineOf(1)), {
    decodeTokenLayersPerSecond: 3000 / 5,
    prefillTokenLayersPerSecond: (64 * 3000) / 68
  })
  seen.clear()
  counts.length = 0
  assert.deepEqual(await measureSpan(engineOf(96)), {
    decodeTokenLayersPerSecond: 3000 / 100,
    prefillTokenLayersPerSecond: (10 * 3000) / 964
  })
  assert.equal(Math.max(...counts), 10)
})

test('rates are measured on any span, and KV given back', async () => {
  const model = syntheticModel({ layers: 3 })
  for (const span of [
    { first: 0, end: 3 },
    { first: 1, end: 2 }
  ]) {
    const engine = await createSpanEngine({ device, ...model, tensors: model.reader, span, kvTokens: 64, maxBatchTokens: 16 })
    const rates = await measureSpan(engine, { limitMs: 40 })
    for (const rate of Object.values(rates)) assert.ok(rate > 0 && Number.isFinite(rate))
    assert.equal(engine.kv().freeBlocks, 4)
    await assert.rejects(measureSpan(engine, { signal: AbortSignal.abort(new Error('stop')) }), { message: 'stop' })
    assert.equal(engine.kv().freeBlocks, 4)
    await engine.close()
  }
})
