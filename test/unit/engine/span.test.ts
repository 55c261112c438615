/** The engine against the float64 reference on small synthetic models. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { EngineDevice } from '../../../peer/engine/device.ts'
import type { SpanEngine } from '../../../peer/engine/engine.ts'
import { createSpanEngine, type SpanEngineOptions } from '../../../peer/engine/span.ts'
import type { TensorType } from '../../../peer/model/types.ts'
import { assertClose, headRequest, hiddenOf, rowsOf, runChain, testDevice } from './fixture.ts'
import { referencePass } from './reference.ts'
import { random, type SyntheticModel, type SyntheticOptions, syntheticModel } from './synthetic.ts'

/** f32 against f64 over a few layers: relative rounding of 6e-8 grown by sums of up to 96 terms and by softmax. */
const F32_BOUND = 1e-4
/** KV in f16 keeps 11 bits. */
const F16_KV_BOUND = 2e-2

let device: EngineDevice
before(async () => {
  device = await testDevice()
})
after(() => device.close())

function load(model: SyntheticModel, options: Partial<SpanEngineOptions> = {}): Promise<SpanEngine> {
  const { hyperparameters, reader } = model
  return createSpanEngine({
    device,
    hyperparameters,
    span: { first: 0, end: hyperparameters.layers },
    tensors: reader,
    kvTokens: 256,
    maxBatchTokens: 32,
    kv: 'f32',
    ...options
  })
}

function draw(count: number, vocabulary: number, seed: number): number[] {
  const next = random(seed)
  return Array.from({ length: count }, () => Math.floor(next() * vocabulary))
}

const mixed: SyntheticOptions['types'] = {
  default: 'Q8_0',
  attn_k: 'F16',
  attn_v: 'Q4_0',
  attn_output: 'F32',
  ffn_up: 'Q4_0',
  ffn_down: 'F16',
  output: 'Q4_0'
}

const cases: [string, SyntheticOptions, Partial<SpanEngineOptions>, number?][] = [
  ...(['F32', 'F16', 'Q8_0', 'Q4_0'] as const).map(
    (type: TensorType) =>
      [`${type}, tied`, { types: { default: type } }, {}] as [string, SyntheticOptions, Partial<SpanEngineOptions>]
  ),
  ['mixed types, untied, odd vocabulary', { types: mixed, tied: false, vocabulary: 95 }, {}],
  ['workgroup kernels, mixed types', { types: mixed, tied: false, vocabulary: 95 }, { variant: 'workgroup' }],
  ['half-split rotation of some dimensions', { ropePairing: 'half-split', ropeDimensions: 12 }, {}],
  ['one KV head a head', { heads: 2, kvHeads: 2, headDim: 32 }, {}],
  ['a head that is no power of two', { heads: 8, kvHeads: 1, headDim: 12 }, {}],
  ['a head that is no power of two, workgroup kernels', { heads: 8, kvHeads: 1, headDim: 12 }, { variant: 'workgroup' }],
  // llama.cpp ignores the window of Mistral's files.
  ['a window in every layer', { window: { size: 10, layers: [0, 1] } }, {}],
  ['a window in one layer, workgroup kernels', { window: { size: 10, layers: [1] } }, { variant: 'workgroup' }],
  ['KV in f16', {}, { kv: 'f16' }, F16_KV_BOUND],
  ['KV in f16, workgroup kernels', {}, { kv: 'f16', variant: 'workgroup' }, F16_KV_BOUND]
]
for (const [name, modelOptions, engineOptions, bound = F32_BOUND] of cases)
  test(`prefill in chunks, then decode: ${name}`, async t => {
    const model = syntheticModel(modelOptions)
    const tokens = draw(45, model.hyperparameters.vocabulary, 7)
    const expected = referencePass(model, tokens).logits
    const engine = await load(model, engineOptions)
    const sequence = await engine.reserve(tokens.length)
    let worst = 0
    let position = 0
    for (const count of [19, 3, 17, 1, 1, 1, 2, 1]) {
      const logits = await runChain([engine], [sequence], position, tokens.slice(position, position + count))
      for (const row of logits) worst = Math.max(worst, assertClose(row, expected[position++]!, bound, `position ${position}`))
    }
    assert.equal(position, tokens.length)
    t.diagnostic(`largest |Δ| / (1 + |logit|): ${worst.toExponential(1)}`)
    await engine.close()
  })

test('scales, halves and rows that are subnormal in f16 keep their values', async () => {
  // Embedding rows about 1e-6 large: the norm lifts them, so a flushed scale would change everything after it.
  for (const type of ['Q8_0', 'Q4_0', 'F16'] as const) {
    const model = syntheticModel({
      types: { default: 'F32', token_embd: type, attn_q: type },
      normEpsilon: 1e-16,
      tied: false,
      scale: name => (name === 'token_embd.weight' ? 1e-5 : name.includes('attn_q') ? 1e-4 : 1)
    })
    const tokens = draw(9, 96, 3)
    const engine = await load(model)
    const logits = await runChain([engine], [await engine.reserve(9)], 0, tokens)
    const expected = referencePass(model, tokens).logits
    logits.forEach((row, position) => {
      assertClose(row, expected[position]!, F32_BOUND, `${type}, position ${position}`)
    })
    await engine.close()
  }
})

test('spans split at every boundary give hidden states and logits of the whole', async () => {
  const model = syntheticModel({ layers: 4, types: { default: 'Q8_0', ffn_down: 'F16' } })
  const tokens = draw(20, 96, 11)
  const { states, logits } = referencePass(model, tokens)
  for (let cut = 1; cut < 4; cut++) {
    const front = await load(model, { span: { first: 0, end: cut } })
    const back = await load(model, { span: { first: cut, end: 4 } })
    assert.deepEqual([front.shape.embeds, front.shape.heads, back.shape.embeds, back.shape.heads], [true, false, false, true])
    const sequences = [await front.reserve(20), await back.reserve(20)]
    const [output] = await front.run([
      { sequence: sequences[0]!, position: 0, input: { tokens: Uint32Array.from(tokens) }, head: headRequest(0) }
    ])
    const hidden = hiddenOf(output!)
    for (let row = 0; row < 20; row++)
      assertClose(hidden.subarray(row * 64, row * 64 + 64), states[cut]![row]!, F32_BOUND, `cut ${cut}, row ${row}`)
    const rows = await runChain([front, back], sequences, 0, tokens)
    rows.forEach((row, position) => {
      assertClose(row, logits[position]!, F32_BOUND, `cut ${cut}, position ${position}`)
    })
    await front.close()
    await back.close()
  }
})

test('a middle span needs neither embedding nor head, a tied last span reads the embedding for its head', async () => {
  const model = syntheticModel({ layers: 3 })
  const read: string[] = []
  const tensors = {
    ...model.reader,
    read: (name: string) => {
      read.push(name)
      return model.reader.read(name)
    }
  }
  const middle = await load(model, { span: { first: 1, end: 2 }, tensors })
  assert.ok(read.length > 0 && read.every(name => name.startsWith('blk.1.')))
  read.length = 0
  const last = await load(model, { span: { first: 2, end: 3 }, tensors })
  assert.deepEqual(read.filter(name => !name.startsWith('blk.2.')).sort(), ['output_norm.weight', 'token_embd.weight'])
  await middle.close()
  await last.close()
})

test('tensors over the binding limit and grids over the limit give the same bits', async () => {
  const model = syntheticModel({ types: mixed, tied: true, vocabulary: 95 })
  const tokens = draw(13, 95, 5)
  const whole = await load(model, { kvTokens: 16 })
  const expected = await runChain([whole], [await whole.reserve(13)], 0, tokens)
  // The smallest matrix is 64 × 32 Q4_0 (1 KiB); 2 KiB hold one KV block in f32 and split all others. Two workgroups a row of the grid fold it.
  const small = await testDevice({ bindingLimit: 2048, gridLimit: 2 })
  for (const variant of ['rows', 'workgroup'] as const) {
    const split = await load(model, { device: small, kvTokens: 16, variant })
    const rows = await runChain([split], [await split.reserve(13)], 0, tokens)
    rows.forEach((row, position) => {
      if (variant === 'rows') assert.deepEqual(row, expected[position])
      else assertClose(row, expected[position]!, F32_BOUND, `position ${position}`)
    })
    await split.close()
  }
  await whole.close()
  small.close()
})

test('sequences in one batch, prefill beside decode, in any order, do not touch each other', async t => {
  const model = syntheticModel({ contextLength: 64 })
  const engine = await load(model, { kvTokens: 320 })
  const next = random(99)
  const lengths = [41, 7, 33, 22, 16]
  const texts = lengths.map((length, index) => draw(length, 96, 100 + index))
  const expected = texts.map(tokens => referencePass(model, tokens).logits)
  const sequences = await Promise.all(lengths.map(length => engine.reserve(length)))
  const done = lengths.map(() => 0)
  const got: Float32Array[][] = lengths.map(() => [])
  while (done.some((count, index) => count < lengths[index]!)) {
    let room = engine.shape.maxBatchTokens
    const chosen = lengths.flatMap((length, index) => {
      const count = Math.min(length - done[index]!, room, next() < 0.4 ? 1 : 1 + Math.floor(next() * 9))
      if (count <= 0 || next() < 0.3) return []
      room -= count
      return [{ index, count }]
    })
    if (next() < 0.5) chosen.reverse()
    const steps = chosen.map(({ index, count }) => ({
      sequence: sequences[index]!,
      position: done[index]!,
      input: { tokens: Uint32Array.from(texts[index]!.slice(done[index]!, done[index]! + count)) },
      head: headRequest(count)
    }))
    await engine.run(steps)
    for (const { index, count } of chosen) {
      for (let row = 0; row < count; row++) got[index]!.push(await engine.logits(sequences[index]!, row))
      done[index]! += count
    }
  }
  let same = 0
  for (const [index, tokens] of texts.entries()) {
    const alone = await engine.reserve(tokens.length).catch(() => undefined)
    const single = alone === undefined ? [] : await runAll(engine, alone, tokens)
    if (alone !== undefined) await engine.release(alone)
    tokens.forEach((_, position) => {
      assertClose(got[index]![position]!, expected[index]![position]!, F32_BOUND, `sequence ${index}, position ${position}`)
      if (
        single[position] !== undefined &&
        Buffer.from(single[position].buffer).equals(Buffer.from(got[index]![position]!.buffer))
      )
        same++
    })
  }
  t.diagnostic(`${same} of ${lengths.reduce((a, b) => a + b)} rows bit-identical to the same sequence run alone, token by token`)
  await engine.close()
})

async function runAll(engine: SpanEngine, sequence: number, tokens: number[]): Promise<Float32Array[]> {
  const rows: Float32Array[] = []
  for (const [position, token] of tokens.entries()) rows.push(...(await runChain([engine], [sequence], position, [token])))
  return rows
}

test('writing lower truncates: what was above is gone', async () => {
  const model = syntheticModel()
  const engine = await load(model)
  const first = draw(30, 96, 21)
  const second = [...first.slice(0, 7), ...draw(25, 96, 22)]
  const sequence = await engine.reserve(32)
  await runChain([engine], [sequence], 0, first)
  const expected = referencePass(model, second).logits
  const rows = await runChain([engine], [sequence], 7, second.slice(7))
  rows.forEach((row, index) => {
    assertClose(row, expected[7 + index]!, F32_BOUND, `position ${7 + index}`)
  })
  await engine.close()
})

test('KV of a released sequence serves the next without a trace', async () => {
  const model = syntheticModel()
  const engine = await load(model, { kvTokens: 32 })
  const first = await engine.reserve(32)
  await runChain([engine], [first], 0, draw(32, 96, 31))
  await assert.rejects(engine.reserve(1), { code: 'BUSY' })
  await engine.release(first)
  assert.equal(engine.kv().freeBlocks, 2)
  const tokens = draw(18, 96, 32)
  const rows = await runChain([engine], [await engine.reserve(18)], 0, tokens)
  const expected = referencePass(model, tokens).logits
  rows.forEach((row, position) => {
    assertClose(row, expected[position]!, F32_BOUND, `position ${position}`)
  })
  await assert.rejects(runChain([engine], [first], 0, [1]), { code: 'UNKNOWN_SESSION' })
  await engine.close()
})

test('a head row tells the top k, extra ids and both log-sum-exps; its logits are kept until the next', async () => {
  const model = syntheticModel({ vocabulary: 95 })
  const engine = await load(model)
  const tokens = draw(12, 95, 41)
  const expected = referencePass(model, tokens).logits
  const sequence = await engine.reserve(16)
  const head = { rows: 2, topK: 7, temperature: 0.7, extraIds: Uint32Array.of(94, 0, 3) }
  const [output] = await engine.run([{ sequence, position: 0, input: { tokens: Uint32Array.from(tokens) }, head }])
  for (const [index, row] of rowsOf(output!).entries()) {
    const logits = expected[10 + index]!
    const best = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]! || a - b).slice(0, 7)
    assert.deepEqual([...row.ids], best)
    assertClose(
      row.logits,
      best.map(id => logits[id]!),
      F32_BOUND,
      'top logits'
    )
    assertClose(row.extraLogits, [logits[94]!, logits[0]!, logits[3]!], F32_BOUND, 'extra logits')
    const logSumExp = (values: number[]) => Math.log(values.reduce((sum, value) => sum + Math.exp(value), 0))
    assertClose([row.logSumExp], [logSumExp([...logits])], F32_BOUND, 'log-sum-exp')
    assertClose([row.logSumExpAtTemperature], [logSumExp([...logits].map(value => value / 0.7))], F32_BOUND, 'at temperature')
    assertClose(await engine.logits(sequence, index), logits, F32_BOUND, 'kept row')
  }
  await assert.rejects(engine.logits(sequence, 2), { code: 'UNKNOWN_SESSION' })
  // A step that only fills KV leaves the kept rows alone.
  const [filled] = await engine.run([{ sequence, position: 12, input: { tokens: Uint32Array.of(5) }, head: headRequest(0) }])
  assert.deepEqual(rowsOf(filled!), [])
  assertClose(await engine.logits(sequence, 1), expected[11]!, F32_BOUND, 'kept row')
  await engine.close()
})

test('what a host must not ask is refused and changes nothing', async () => {
  const model = syntheticModel({ contextLength: 40 })
  const engine = await load(model)
  const sequence = await engine.reserve(20)
  const tokens = draw(10, 96, 51)
  const step = { sequence, position: 0, input: { tokens: Uint32Array.from(tokens) }, head: headRequest(1) }
  await engine.run([step])
  const before = await engine.logits(sequence, 0)
  const refused: [Partial<typeof step> | { input: { hidden: Float32Array } }, string][] = [
    [{ input: { tokens: Uint32Array.of(96) } }, 'INVALID_REQUEST'],
    [{ input: { tokens: new Uint32Array(0) } }, 'INVALID_REQUEST'],
    [{ input: { tokens: new Uint32Array(33) } }, 'INVALID_REQUEST'],
    [{ input: { hidden: new Float32Array(64) } }, 'INVALID_REQUEST'],
    [{ position: 11 }, 'INVALID_REQUEST'],
    [{ position: -1 }, 'INVALID_REQUEST'],
    [{ position: 0.5 }, 'INVALID_REQUEST'],
    [{ position: Number.NaN }, 'INVALID_REQUEST'],
    [{ input: { tokens: new Uint32Array(23) }, position: 10 }, 'INVALID_REQUEST'],
    [{ sequence: 77 }, 'UNKNOWN_SESSION'],
    [{ head: headRequest(11) }, 'INVALID_REQUEST'],
    [{ head: headRequest(1, 0) }, 'INVALID_REQUEST'],
    [{ head: headRequest(1, 129) }, 'INVALID_REQUEST'],
    [{ head: { ...headRequest(1), temperature: 0 } }, 'INVALID_REQUEST'],
    [{ head: { ...headRequest(1), temperature: Number.NaN } }, 'INVALID_REQUEST'],
    [{ head: { ...headRequest(1), extraIds: Uint32Array.of(96) } }, 'INVALID_REQUEST']
  ]
  for (const [change, code] of refused)
    await assert.rejects(engine.run([{ ...step, ...change }]), { code }, JSON.stringify(change))
  await assert.rejects(engine.run([step, step]), { code: 'INVALID_REQUEST' })
  await assert.rejects(engine.reserve(0), { code: 'INVALID_REQUEST' })
  await assert.rejects(engine.reserve(41), { code: 'CONTEXT_LENGTH' })
  assert.deepEqual(await engine.logits(sequence, 0), before)
  const again = await runChain([engine], [sequence], 9, tokens.slice(9))
  assertClose(again[0]!, before, F32_BOUND, 'after refusals')
  await engine.close()
})

test('NaN and infinity stop at this hop, going in or coming out', async () => {
  const model = syntheticModel()
  const back = await load(model, { span: { first: 1, end: 2 } })
  const sequence = await back.reserve(16)
  const hidden = new Float32Array(128).fill(0.5)
  hidden[70] = Number.NaN
  const step = { sequence, position: 0, input: { hidden }, head: headRequest(1) }
  await assert.rejects(back.run([step]), { code: 'NON_FINITE' })
  hidden[70] = 1
  await back.run([step])
  await back.close()
  // A finite file can still overflow.
  const huge = await load(syntheticModel({ types: { default: 'F32' }, scale: name => (name.includes('ffn') ? 1e30 : 1) }), {
    span: { first: 0, end: 1 }
  })
  const other = await huge.reserve(16)
  await assert.rejects(huge.run([{ sequence: other, position: 0, input: { tokens: Uint32Array.of(1) }, head: headRequest(0) }]), {
    code: 'NON_FINITE',
    message: /position 0/
  })
  await huge.close()
})

test('a lost device fails what is asked of it, and says so once', async () => {
  const doomed = await testDevice()
  const engine = await load(syntheticModel(), { device: doomed })
  const sequence = await engine.reserve(16)
  doomed.gpu.destroy()
  const reason = await engine.lost
  assert.equal(reason.code, 'DEVICE_LOST')
  await assert.rejects(engine.reserve(16), reason)
  await assert.rejects(
    engine.run([{ sequence, position: 0, input: { tokens: Uint32Array.of(1) }, head: headRequest(1) }]),
    reason
  )
  await assert.rejects(load(syntheticModel(), { device: doomed }), reason)
  await engine.close()
})

test('a device lost under a running step fails it as such', async () => {
  const doomed = await testDevice()
  const engine = await load(syntheticModel(), { device: doomed })
  const sequence = await engine.reserve(16)
  const step = { sequence, position: 0, input: { tokens: Uint32Array.of(1) }, head: headRequest(1) }
  await engine.run([step])
  const running = engine.run([step])
  // By the next turn the step is submitted and waits for its output.
  await Promise.resolve()
  doomed.gpu.destroy()
  await assert.rejects(running, { code: 'DEVICE_LOST' })
  await engine.close()
})

test('what a refused submit leaves in the buffer is no output, and the device is condemned', async () => {
  const doomed = await testDevice()
  const engine = await load(syntheticModel(), { device: doomed })
  const sequence = await engine.reserve(16)
  const step = { sequence, position: 0, input: { tokens: Uint32Array.of(1) }, head: headRequest(1) }
  await engine.run([step])
  const create = doomed.gpu.createCommandEncoder.bind(doomed.gpu)
  doomed.gpu.createCommandEncoder = () => {
    const encoder = create()
    // A group that nobody pushed: the command buffer is invalid, its submit does nothing, the readback maps all the same.
    encoder.popDebugGroup()
    return encoder
  }
  await assert.rejects(engine.run([step]), { code: 'DEVICE_LOST', message: /failed a step/ })
  assert.match((await engine.lost).message, /failed a step/)
  doomed.gpu.createCommandEncoder = create
  await assert.rejects(engine.run([step]), { code: 'DEVICE_LOST' })
  await engine.close()
})

test('loading stops when told to, and gives memory back', async () => {
  const model = syntheticModel()
  const controller = new AbortController()
  const reason = new Error('enough')
  await assert.rejects(
    load(model, {
      signal: controller.signal,
      onProgress: ({ loadedBytes, totalBytes }) => {
        assert.ok(loadedBytes <= totalBytes)
        if (loadedBytes > totalBytes / 2) controller.abort(reason)
      }
    }),
    reason
  )
  const seen: number[] = []
  const engine = await load(model, { onProgress: ({ loadedBytes, totalBytes }) => seen.push(loadedBytes / totalBytes) })
  assert.equal(seen.at(-1), 1)
  await engine.close()
  await assert.rejects(engine.reserve(1), { code: 'DEVICE_LOST' })
})
