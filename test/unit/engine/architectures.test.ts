/**
 * Every architecture's maths against llama.cpp on the same F32 weights: probabilities after a prompt that goes past windows
 * and original contexts, whole and split at every boundary, in one chunk and in odd ones.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { EngineDevice } from '../../../peer/engine/device.ts'
import { createSpanEngine } from '../../../peer/engine/span.ts'
import { type GoldenArchitecture, loadArchitectures } from '../../oracle/goldens.ts'
import { SYNTHETIC_MODELS, syntheticGguf } from '../../oracle/synthetic.ts'
import { runChain, testDevice } from './fixture.ts'
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
    SYNTHETIC_MODELS
  )
  for (const { name, sha256 } of goldens)
    assert.equal(createHash('sha256').update(syntheticGguf(name)).digest('hex'), sha256, name)
})

for (const golden of goldens) {
  test(`${golden.name}: whole, in one chunk`, async t => {
    const model = await modelFrom(golden.name, syntheticGguf(golden.name))
    for (const variant of ['rows', 'workgroup'] as const) {
      const worst = await compare(model, golden, { variant, cuts: [], chunks: [golden.ids.length] })
      t.diagnostic(`${variant}: largest |Δ ln p| for p ≥ 1e-6: ${worst.toExponential(2)}`)
    }
  })
  test(`${golden.name}: split at every boundary, in odd chunks`, async () => {
    const model = await modelFrom(golden.name, syntheticGguf(golden.name))
    const cuts = Array.from({ length: model.hyperparameters.layers - 1 }, (_, index) => index + 1)
    await compare(model, golden, { variant: 'rows', cuts, chunks: [1, 3, 5, 2, 13, 1, 1, 7] })
  })
}

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
  variant: 'rows' | 'workgroup'
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
