/** A span tuned on this adapter: whatever each product was given, it computes the same, and what was chosen is remembered. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { EngineDevice } from '../../../peer/engine/device.ts'
import { KERNEL_VARIANTS, type KernelVariant } from '../../../peer/engine/kernels/shared.ts'
import { soundCandidates } from '../../../peer/engine/sound-candidates.ts'
import { createSpanEngine, type SpanEngineOptions } from '../../../peer/engine/span.ts'
import { candidatesFor, runs } from '../../../peer/engine/style.ts'
import type { TuningMemory, TuningReport } from '../../../peer/engine/tuned-program.ts'
import { MOST_CANDIDATES, readChoices, writeChoices } from '../../../peer/engine/tuning.ts'
import { tuningMemoryIn } from '../../../peer/host/tuning-memory.ts'
import type { ChunkCache } from '../../../peer/weights/chunk-cache.ts'
import { assertClose, brokenDevice, runChain, testDevice } from './fixture.ts'
import { referencePass } from './reference.ts'
import { random, syntheticModel } from './synthetic.ts'

const F32_BOUND = 1e-4
const model = syntheticModel({ layers: 2, types: { default: 'Q8_0' } })
const next = random(3)
const tokens = Array.from({ length: 21 }, () => Math.floor(next() * model.hyperparameters.vocabulary))
const { logits: expected } = referencePass(model, tokens)

let device: EngineDevice
let candidates: KernelVariant[]
before(async () => {
  device = await testDevice()
  candidates = KERNEL_VARIANTS.filter(variant => runs(device.adapter, variant)).slice(-3)
})
after(() => device.close())

async function load(options: Partial<SpanEngineOptions>) {
  const reports: TuningReport[] = []
  const { hyperparameters, reader } = model
  const span = { first: 0, end: hyperparameters.layers }
  const onTuned = (report: TuningReport) => void reports.push(report)
  const engine = await createSpanEngine({
    ...{ device, hyperparameters, span, tensors: reader, kvTokens: 64, kv: 'f32', candidates, onTuned },
    ...options
  })
  return { engine, reports }
}

/** Batches of 9, 1, 3, 1, 4, 2 and 1 tokens: every tile, whole and in part. */
async function assertRight(engine: Awaited<ReturnType<typeof load>>['engine']) {
  const sequence = await engine.reserve(tokens.length)
  let position = 0
  for (const count of [9, 1, 3, 1, 4, 2, 1]) {
    const rows = await runChain([engine], [sequence], position, tokens.slice(position, position + count))
    for (const row of rows) assertClose(row, expected[position]!, F32_BOUND, `position ${position++}`)
  }
  assert.equal(position, tokens.length)
}

const memoryOf = (kept: Map<string, string>): TuningMemory => ({
  get: async key => kept.get(key),
  put: async (key, text) => void kept.set(key, text)
})

test('what was measured is remembered for the adapter and the shapes, and computes rightly', async () => {
  const chunks = new Map<string, Uint8Array<ArrayBuffer>>()
  const cache = {
    get: async (digest: string) => chunks.get(digest),
    put: async (digest: string, bytes: Uint8Array<ArrayBuffer>) => chunks.set(digest, bytes).size > 0
  } as unknown as ChunkCache
  const first = await load({ tuningMemory: tuningMemoryIn(cache) })
  await assertRight(first.engine)
  assert.equal(chunks.size, 1)
  const [report] = first.reports
  assert.equal(report!.choices.size, 15)
  assert.ok(report!.measureMs > 0)
  const again = await load({ tuningMemory: tuningMemoryIn(cache) })
  assert.deepEqual(again.reports[0]!.choices, report!.choices)
  assert.equal(again.reports[0]!.measureMs, 0)
  // Other candidates are another question.
  const other = await load({ tuningMemory: tuningMemoryIn(cache), candidates: candidates.slice(0, 2) })
  assert.ok(other.reports[0]!.measureMs > 0)
  assert.equal(chunks.size, 2)
  for (const { engine } of [first, again, other]) await engine.close()
})

test('every product may have another variant, for one, a few and many rows', async () => {
  const kept = new Map<string, string>()
  const { engine, reports } = await load({ tuningMemory: memoryOf(kept) })
  await engine.close()
  const names = [...reports[0]!.choices.keys()]
  const [key] = kept.keys()
  for (let turn = 0; turn < candidates.length; turn++) {
    const mixed = new Map(names.map((name, index) => [name, candidates[(index + turn) % candidates.length]!]))
    kept.set(key!, writeChoices(mixed))
    assert.ok(
      readChoices(
        kept.get(key!)!,
        names.map(name => ({ name, candidates }))
      )
    )
    const tuned = await load({ tuningMemory: memoryOf(kept) })
    assert.deepEqual(tuned.reports[0]!.choices, mixed)
    await assertRight(tuned.engine)
    await tuned.engine.close()
  }
})

test('a variant that an adapter computes wrongly is no candidate, and a default none at all', async () => {
  const { hyperparameters, reader } = model
  const broken = await brokenDevice(/mat-mul .* subgroup/, 'sum0_0, 4u)', 'sum0_0, 2u)')
  const request = { hyperparameters, tensors: reader, span: { first: 0, end: 1 }, device: broken, kv: 'f32' as const }
  assert.deepEqual(await soundCandidates(request, ['rows', 'subgroup', 'exchange']), ['rows', 'exchange'])
  await assert.rejects(soundCandidates(request, ['subgroup', 'rows']), { code: 'SELF_TEST_FAILED' })
  broken.close()
})

test('GPUs are tuned, software adapters take their default', () => {
  const { adapter } = device
  const gpu = { ...adapter, kind: 'gpu' as const }
  const without = { ...gpu, features: { ...gpu.features, subgroups: false } }
  assert.deepEqual(candidatesFor({ adapter: without }), ['workgroup', 'rows'])
  assert.ok(candidatesFor({ adapter: gpu }).length <= MOST_CANDIDATES)
  assert.equal(candidatesFor({ adapter }).length, 1)
})
