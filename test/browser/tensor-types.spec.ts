/**
 * Models of mixed tensor types in Chromium against llama.cpp; subnormal scales among them. With `SHOAL_ALL_TYPES=1` also one of each
 * type by itself, whose kernels are those of the mixes.
 */
import { TYPES_MODELS, typesGguf } from '../oracle/synthetic-types.ts'
import { loadTypeGoldens } from '../unit/engine/type-goldens.ts'
import { withEngineAlone } from './engine-alone.ts'
import { expect, test } from './fixtures.ts'

const MIXES = new Set(['Q4_K_M', 'motley'])
const models = TYPES_MODELS.filter(({ name }) => process.env.SHOAL_ALL_TYPES !== undefined || MIXES.has(name))

/** On |Δ ln p| for p ≥ 1e-6 with KV in F32, as README states it. */
const BOUND = 1e-3

test('models of mixed tensor types in Chromium, split in two', async ({ swarm }) => {
  const goldens = loadTypeGoldens().models
  await withEngineAlone(swarm, async worstDifference => {
    for (const model of models) {
      const golden = goldens.find(({ name }) => name === model.name)!
      const rowPositions = [...golden.ids.keys()]
      const worst = await worstDifference({ ...golden, rowPositions }, typesGguf(model), [1])
      console.log(`${model.name}: largest |Δ ln p| ${worst.toExponential(2)}`)
      expect(worst, model.name).toBeLessThanOrEqual(BOUND)
    }
  })
})
