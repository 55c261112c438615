/**
 * The engine in Chromium against llama.cpp: probabilities of the vocabulary and greedy tokens, whole and split.
 */
import serveFiles from '@fastify/static'
import fastify from 'fastify'
import { loadRows } from '../oracle/goldens.ts'
import { expect, test } from './fixtures.ts'
import { ENGINE_PAGE } from './global-setup.ts'
import { golden } from './golden.ts'

/** Bounds on |Δ ln p| for p ≥ 1e-6, as README states them. */
const F32_BOUND = 1e-3
const F16_KV_BOUND = 1e-2
const TOKENS = 24

test('probabilities and greedy tokens in Chromium, whole and split', async ({ swarm }) => {
  const server = fastify()
  await server.register(serveFiles, { root: ENGINE_PAGE })
  try {
    const url = await server.listen({ host: '127.0.0.1', port: 0 })
    const browser = await swarm.startBrowser()
    const page = await (await browser.newContext()).newPage()
    await page.goto(url)
    await page.waitForFunction(() => 'compute' in globalThis)
    const rows = loadRows(golden.name)
    const question = {
      model: { bootstrap: swarm.url },
      prompt: golden.ids,
      positions: golden.rowPositions,
      ids: rows.map(({ ids }) => [...ids]),
      tokens: TOKENS
    }
    for (const [name, cuts, kv, bound] of [
      ['whole', [], 'f32', F32_BOUND],
      ['whole, KV in f16', [], 'f16', F16_KV_BOUND],
      ['split', [3], 'f32', F32_BOUND]
    ] as const) {
      const answer = await page.evaluate(asked => compute(asked), { ...question, cuts: [...cuts], kv })
      const differences = answer.logProbabilities.flatMap((row, index) =>
        row.map((value, rank) => Math.abs(value - rows[index]!.logProbabilities[rank]!))
      )
      const worst = Math.max(...differences)
      test.info().annotations.push({
        type: name,
        description: `largest |Δ ln p| ${worst.toExponential(2)}, ${answer.msPerToken.toFixed(1)} ms a token`
      })
      console.log(`${name}: largest |Δ ln p| ${worst.toExponential(2)}, ${answer.msPerToken.toFixed(1)} ms a token`)
      expect(worst, name).toBeLessThanOrEqual(bound)
      expect(answer.greedy, name).toEqual(golden.greedy.ids.slice(0, TOKENS))
    }
  } finally {
    await server.close()
  }
})
