/**
 * Every architecture's maths against llama.cpp on the same weights in F32: probabilities after a prompt that goes past windows
 * and original contexts, whole and split at every boundary, in one chunk and in odd ones; of each architecture one model in
 * F32 and one whose matrices are of mixed types.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { EngineDevice } from '../../../peer/engine/device.ts'
import type { KernelVariant } from '../../../peer/engine/kernels/shared.ts'
import { createSpanEngine } from '../../../peer/engine/span.ts'
import type { TensorType } from '../../../peer/model/types.ts'
import { type GoldenArchitecture, loadArchitectures } from '../../oracle/goldens.ts'
import { MIXED_MODELS, SYNTHETIC_MODELS, syntheticGguf } from '../../oracle/synthetic.ts'
import { runChain, testDevice, testVariants } from './fixture.ts'
import { type LoadedModel, modelFrom } from './psalter.ts'

/** On |Δ ln p| for p ≥ 1e-6 with KV in F32, as README states it. */
const BOUND = 1e-3
/** A lead in ln p that no rounding within the bound turns. */
const SAFE_GAP = 1e-2

const goldens = loadArchitectures()
let device: EngineDevice
before(async () => {
  device = await testDevice()
})
after(() => device.close())

test('there is a golden for every synthetic model, and it is of these bytes', () => {
  assert.deepEqual(
    goldens.map(({ name }) => name),
    [...SYNTHETIC_MODELS, ...MIXED_MODELS]
  )
  for (const { name, sha256 } of goldens)
    assert.equal(createHash('sha256').update(syntheticGguf(name)).digest('hex'), sha256, name)
})

const { usual: variants } = await testVariants()

for (const golden of goldens.filter(({ name }) => SYNTHETIC_MODELS.includes(name))) {
  test(`${golden.name}: whole, in one chunk`, async t => {
    const model = await modelFrom(golden.name, syntheticGguf(golden.name))
    for (const variant of variants) {
      const worst = await compare(model, golden, { variant, cuts: [], chunks: [golden.ids.length] })
      t.diagnostic(`${variant}: largest |Δ ln p| for p ≥ 1e-6: ${worst.toExponential(2)}`)
    }
  })
  test(`${golden.name}: split at every boundary, in odd chunks`, async () => {
    const model = await modelFrom(golden.name, syntheticGguf(golden.name))
    const cuts = Array.from({ length: model.hyperparameters.layers - 1 }, (_, index) => index + 1)
    await compare(model, golden, { variant: variants[0], cuts, chunks: [1, 3, 5, 2, 13, 1, 1, 7] })
  })
}

for (const golden of goldens.filter(({ name }) => MIXED_MODELS.includes(name)))
  test(`${golden.name} on its F32 twin: whole in one chunk, cut in two in odd ones`, async t => {
    assert.ok(golden.quantisedMeanKl! <= 1e-2)
    const model = await modelFrom(golden.name, syntheticGguf(golden.name))
    const cut = model.hyperparameters.layers / 2
    for (const variant of variants) {
      const whole = await compare(model, golden, { variant, cuts: [], chunks: [golden.ids.length] })
      const split = await compare(model, golden, { variant, cuts: [cut], chunks: [13, 1, 30, 1, 7] })
      t.diagnostic(`${variant}: largest |Δ ln p| for p ≥ 1e-6: whole ${whole.toExponential(2)}, cut ${split.toExponential(2)}`)
    }
  })

test('the mixed models mix: each has several types, together every quantised one', async () => {
  const seen = new Set<TensorType>()
  for (const name of MIXED_MODELS) {
    const { reader, hyperparameters } = await modelFrom(name, syntheticGguf(name))
    const types = new Set<TensorType>()
    for (const part of ['attn_q', 'attn_qkv', 'attn_k', 'attn_v', 'attn_output', 'ffn_gate', 'ffn_up', 'ffn_down'])
      for (let layer = 0; layer < hyperparameters.layers; layer++) {
        const type = reader.info(`blk.${layer}.${part}.weight`)?.type
        if (type !== undefined) types.add(type)
      }
    types.add(reader.info('token_embd.weight')!.type)
    assert.ok(types.size > 1 && !types.has('F32'), name)
    for (const type of types) seen.add(type)
  }
  assert.deepEqual([...seen].sort(), ['Q4_0', 'Q4_1', 'Q4_K', 'Q5_0', 'Q5_1', 'Q5_K', 'Q6_K', 'Q8_0'])
})

/** One model of each architecture; the smallest limit whose layers still fit. */
for (const name of ['llama-3', 'qwen2', 'qwen3', 'gemma2', 'gemma3', 'phi3-long', 'smollm3', 'granite'])
  test(`${name}: tensors split by a small binding limit, grids folded`, async () => {
    const golden = goldens.find(golden => golden.name === name)!
    const small = await testDevice({ bindingLimit: 16_384, gridLimit: 5 })
    try {
      const way = { device: small, variant: 'workgroup', cuts: [1], chunks: [11] } as const
      await compare(await modelFrom(name, syntheticGguf(name)), golden, way)
    } finally {
      small.close()
    }
  })

interface Way {
  /** Default: the one all tests share. */
  device?: EngineDevice
  variant: KernelVariant
  cuts: readonly number[]
  /** Tokens of one step after the other, over and over. */
  chunks: readonly number[]
}

/** The largest difference. */
async function compare(model: LoadedModel, golden: GoldenArchitecture, way: Way): Promise<number> {
  const { variant, cuts, chunks } = way
  const { hyperparameters, reader } = model
  const edges = [0, ...cuts, hyperparameters.layers]
  const engines = []
  for (const [index, end] of edges.slice(1).entries()) {
    const span = { first: edges[index]!, end }
    engines.push(
      await createSpanEngine({
        device: way.device ?? device,
        hyperparameters,
        span,
        tensors: reader,
        kvTokens: 96,
        kv: 'f32',
        variant
      })
    )
  }
  try {
    const sequences = await Promise.all(engines.map(engine => engine.reserve(golden.ids.length)))
    const logits: Float32Array[] = []
    for (let step = 0; logits.length < golden.ids.length; step++) {
      const count = Math.min(chunks[step % chunks.length]!, golden.ids.length - logits.length)
      const ids = golden.ids.slice(logits.length, logits.length + count)
      logits.push(...(await runChain(engines, sequences, logits.length, ids)))
    }
    return Math.max(...golden.rowPositions.map((position, row) => compareRow(logits[position]!, golden.rows[row]!, position)))
  } finally {
    await Promise.all(engines.map(engine => engine.close()))
  }
}

function compareRow(logits: Float32Array, expected: Float32Array, position: number): number {
  const top = Math.max(...logits)
  const logSumExp = top + Math.log(logits.reduce((sum, value) => sum + Math.exp(value - top), 0))
  let worst = 0
  for (const [id, value] of expected.entries()) {
    if (value < Math.log(1e-6)) continue
    const error = Math.abs(logits[id]! - logSumExp - value)
    assert.ok(error <= BOUND, `position ${position}, id ${id}: ln p ${logits[id]! - logSumExp}, llama.cpp ${value}`)
    worst = Math.max(worst, error)
  }
  const [first, second] = [...expected.keys()].sort((a, b) => expected[b]! - expected[a]!) as [number, number]
  if (expected[first]! - expected[second]! > SAFE_GAP) assert.equal(logits.indexOf(top), first, `position ${position}`)
  return worst
}
