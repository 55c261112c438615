/**
 * Drafts on the WebGPU engine over libp2p: steps of eight positions compute by other kernels than steps of one, and the tokens
 * are llama.cpp's all the same, wherever its second choice is far enough.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSpanEngine } from '../../../peer/engine/span.ts'
import { DistantChain } from '../../bench/links/distant-chain.ts'
import { goldenModelPath, loadGoldens } from '../../oracle/goldens.ts'
import { testDevice } from '../engine/fixture.ts'
import { readModel } from '../engine/psalter.ts'
import { seer } from './seer.ts'

const CUTS = [3, 6]
const LINK_MS = 20

test('a chain that checks drafts, right ones and wrong ones, says what llama.cpp says', async () => {
  const { hyperparameters, reader } = await readModel(goldenModelPath())
  const { layers, width, vocabulary, contextLength } = hyperparameters
  const device = await testDevice()
  try {
    const edges = [0, ...CUTS, layers]
    const engines = await Promise.all(
      edges.slice(1).map(async (end, at) => ({
        engine: await createSpanEngine({
          device,
          hyperparameters,
          span: { first: edges[at]!, end },
          tensors: reader,
          kvTokens: 512
        }),
        rates: { prefill: 1_000, decode: 100 }
      }))
    )
    const chain = await DistantChain.start({ digest: 'ab'.repeat(32), layers, width, vocabulary, contextLength }, engines)
    try {
      const { ids, greedy } = loadGoldens().prompts.find(prompt => prompt.safe)!
      chain.drafter = seer([...ids, ...greedy.ids], vocabulary, position => position % 6 === 0)
      // Long enough that drafts pay, however slow the adapter.
      chain.delayMs = LINK_MS
      const { tokens, drafted, accepted } = await chain.answer(
        { prompt: ids, maxTokens: greedy.ids.length },
        {},
        AbortSignal.timeout(60_000)
      )
      assert.deepEqual(tokens, greedy.ids)
      assert.ok(accepted >= 8 && drafted > accepted, `${accepted} of ${drafted}`)
    } finally {
      await chain.close()
    }
  } finally {
    device.close()
  }
})
