/**
 * One model of each architecture in Chromium against llama.cpp, past windows and original contexts.
 */
import { loadArchitectures } from '../oracle/goldens.ts'
import { syntheticGguf } from '../oracle/synthetic.ts'
import { withEngineAlone } from './engine-alone.ts'
import { expect, test } from './fixtures.ts'

/** On |Δ ln p| for p ≥ 1e-6 with KV in F32, as README states it. */
const BOUND = 1e-3
const NAMES = ['llama-3', 'qwen2', 'qwen3', 'gemma2', 'gemma3', 'phi3-long', 'smollm3', 'granite']

test('one model of each architecture in Chromium, split in two', async ({ swarm }) => {
  const goldens = loadArchitectures().filter(({ name }) => NAMES.includes(name))
  expect(goldens).toHaveLength(NAMES.length)
  await withEngineAlone(swarm, async worstDifference => {
    for (const golden of goldens) {
      const worst = await worstDifference(golden, syntheticGguf(golden.name), [1])
      console.log(`${golden.name}: largest |Δ ln p| ${worst.toExponential(2)}`)
      expect(worst, golden.name).toBeLessThanOrEqual(BOUND)
    }
  })
})
