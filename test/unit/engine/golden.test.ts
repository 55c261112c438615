/**
 * The engine against llama.cpp on the embedded model: probabilities of the whole vocabulary and 64 greedy tokens, whole
 * and split at every layer boundary. Bounds are those README states.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { EngineDevice } from '../../../peer/engine/device.ts'
import type { SpanEngine } from '../../../peer/engine/engine.ts'
import { createSpanEngine, type SpanEngineOptions } from '../../../peer/engine/span.ts'
import { decodeActivation, encodeActivation } from '../../../peer/wire/activation-codec.ts'
import { Encoding } from '../../../peer/wire/frames.pb.js'
import { type GoldenPrompt, type GoldenRow, goldenModelPath, loadGoldens, loadRows } from '../../oracle/goldens.ts'
import { headRequest, rowsOf, runChain, testDevice, testVariants } from './fixture.ts'
import { type LoadedModel, readModel } from './psalter.ts'

/** |Δ ln p| for p ≥ 1e-6 with KV and activations in f32. */
const F32_BOUND = 1e-3
/** The same with KV in f16, and with activations between spans in f16. */
const F16_KV_BOUND = 1e-2
const F16_BETWEEN_BOUND = 1e-2
/** And in int8 blocks; seen: 8.2e-2. */
const INT8_BETWEEN_BOUND = 0.15

const goldens = loadGoldens()
const chunk = 64
let device: EngineDevice
let model: LoadedModel
before(async () => {
  device = await testDevice()
  model = await readModel(goldenModelPath())
  assert.equal(model.sha256, goldens.model.sha256, 'the goldens belong to another file')
})
after(() => device.close())

/** Spans cut at `cuts`, in order. */
function load(cuts: readonly number[], options: Partial<SpanEngineOptions> = {}): Promise<SpanEngine[]> {
  const { hyperparameters, reader } = model
  const edges = [0, ...cuts, hyperparameters.layers]
  return Promise.all(
    edges.slice(1).map((end, index) =>
      createSpanEngine({
        device,
        hyperparameters,
        span: { first: edges[index]!, end },
        tensors: reader,
        kvTokens: 256,
        maxBatchTokens: chunk,
        kv: 'f32',
        ...options
      })
    )
  )
}

type Between = (hidden: Float32Array) => Float32Array

/** The largest |Δ ln p| over the prompt's golden rows; argmax must agree wherever the lead is above the safe gap. */
async function compareRows(
  engines: readonly SpanEngine[],
  prompt: GoldenPrompt,
  bound: number,
  between?: Between
): Promise<number> {
  const sequences = await Promise.all(engines.map(engine => engine.reserve(256)))
  const logits: Float32Array[] = []
  for (let at = 0; at < prompt.ids.length; at += chunk)
    logits.push(...(await runChain(engines, sequences, at, prompt.ids.slice(at, at + chunk), between)))
  let worst = 0
  const rows = loadRows(prompt.name)
  assert.equal(rows.length, prompt.rowPositions.length)
  for (const [index, position] of prompt.rowPositions.entries()) {
    const row = logits[position]!
    worst = Math.max(worst, worstDifference(row, rows[index]!))
    const [first, second] = rows[index]!.logProbabilities
    if (first! - second! > bound * 10)
      assert.equal(row.indexOf(Math.max(...row)), rows[index]!.ids[0], `${prompt.name}, position ${position}`)
  }
  assert.ok(worst <= bound, `${prompt.name}: |Δ ln p| reaches ${worst}, the bound is ${bound}`)
  for (const [index, engine] of engines.entries()) await engine.release(sequences[index]!)
  return worst
}

function worstDifference(logits: Float32Array, golden: GoldenRow): number {
  const top = Math.max(...logits)
  const logSumExp = top + Math.log(logits.reduce((sum, value) => sum + Math.exp(value - top), 0))
  return Math.max(...Array.from(golden.ids, (id, rank) => Math.abs(logits[id]! - logSumExp - golden.logProbabilities[rank]!)))
}

async function greedy(
  engines: readonly SpanEngine[],
  prompt: GoldenPrompt,
  between: Between = hidden => hidden
): Promise<number[]> {
  const sequences = await Promise.all(engines.map(engine => engine.reserve(256)))
  const step = async (position: number, tokens: readonly number[]) => {
    let input: { tokens: Uint32Array } | { hidden: Float32Array } = { tokens: Uint32Array.from(tokens) }
    for (const [index, engine] of engines.entries()) {
      const [output] = await engine.run([{ sequence: sequences[index]!, position, input, head: headRequest(1) }])
      if (engine.shape.heads) return rowsOf(output!)[0]!.ids[0]!
      assert.ok('hidden' in output!)
      input = { hidden: between(output.hidden) }
    }
    return assert.fail('no head')
  }
  const ids: number[] = []
  let next = 0
  for (let at = 0; at < prompt.ids.length; at += chunk) next = await step(at, prompt.ids.slice(at, at + chunk))
  for (;;) {
    ids.push(next)
    if (ids.length === prompt.greedy.ids.length) break
    next = await step(prompt.ids.length + ids.length - 1, [next])
  }
  for (const [index, engine] of engines.entries()) await engine.release(sequences[index]!)
  return ids
}

const safe = goldens.prompts.filter(prompt => prompt.safe)
const closeAll = (engines: readonly SpanEngine[]) => Promise.all(engines.map(engine => engine.close()))

const variants = await testVariants()

for (const variant of variants.all)
  test(`whole, ${variant} kernels: probabilities of every prompt and 64 greedy tokens`, async t => {
    const engines = await load([], { variant })
    let worst = 0
    for (const prompt of goldens.prompts) worst = Math.max(worst, await compareRows(engines, prompt, F32_BOUND))
    t.diagnostic(`largest |Δ ln p| for p ≥ 1e-6: ${worst.toExponential(2)}`)
    // The greedy tokens take the longest, and say of the other kernels nothing that the probabilities don't.
    const decoded = variant === variants.usual[0] ? safe : safe.slice(0, 1)
    for (const prompt of decoded) assert.deepEqual(await greedy(engines, prompt), prompt.greedy.ids, prompt.name)
    await closeAll(engines)
  })

test('split at every layer boundary: probabilities and greedy tokens', async t => {
  let worst = 0
  for (let cut = 1; cut < model.hyperparameters.layers; cut++) {
    const engines = await load([cut])
    for (const prompt of goldens.prompts.slice(0, 3)) worst = Math.max(worst, await compareRows(engines, prompt, F32_BOUND))
    const prompt = safe[cut % safe.length]!
    assert.deepEqual(await greedy(engines, prompt), prompt.greedy.ids, `cut ${cut}, ${prompt.name}`)
    await closeAll(engines)
  }
  t.diagnostic(`largest |Δ ln p| for p ≥ 1e-6: ${worst.toExponential(2)}`)
})

test('one layer a span', async () => {
  const engines = await load([1, 2, 3, 4, 5, 6, 7])
  await compareRows(engines, safe[0]!, F32_BOUND)
  assert.deepEqual(await greedy(engines, safe[0]!), safe[0]!.greedy.ids)
  await closeAll(engines)
})

test('KV in f16 stays within its bound', async t => {
  const engines = await load([], { kv: 'f16' })
  let worst = 0
  for (const prompt of goldens.prompts) worst = Math.max(worst, await compareRows(engines, prompt, F16_KV_BOUND))
  t.diagnostic(`largest |Δ ln p| for p ≥ 1e-6: ${worst.toExponential(2)}`)
  for (const prompt of safe) {
    const ids = await greedy(engines, prompt)
    assertSameToNearTie(ids, prompt, F16_KV_BOUND)
  }
  await closeAll(engines)
})

test('activations in f16 and in int8 blocks between three spans stay within their bounds', async t => {
  const engines = await load([3, 6])
  for (const [name, encoding, bound, texts] of [
    ['f16', Encoding.AUTO, F16_BETWEEN_BOUND, 3],
    ['int8', Encoding.INT8, INT8_BETWEEN_BOUND, 1]
  ] as const) {
    const between = (hidden: Float32Array) => decodeActivation(encodeActivation(hidden, encoding), hidden.length)
    let worst = 0
    for (const prompt of goldens.prompts) worst = Math.max(worst, await compareRows(engines, prompt, bound, between))
    t.diagnostic(`${name}: largest |Δ ln p| for p ≥ 1e-6: ${worst.toExponential(2)}`)
    for (const prompt of safe.slice(0, texts)) assertSameToNearTie(await greedy(engines, prompt, between), prompt, bound)
  }
  await closeAll(engines)
})

/** Greedy tokens may part only where the golden lead is within twice the bound. */
function assertSameToNearTie(ids: readonly number[], prompt: GoldenPrompt, bound: number): void {
  const parted = ids.findIndex((id, index) => id !== prompt.greedy.ids[index])
  if (parted >= 0)
    assert.ok(
      prompt.greedy.gaps[parted]! <= 2 * bound,
      `${prompt.name} parts at ${parted}, where the lead is ${prompt.greedy.gaps[parted]}`
    )
}
