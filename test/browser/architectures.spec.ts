/**
 * One model of each architecture in Chromium against llama.cpp, past windows and original contexts.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import serveFiles from '@fastify/static'
import fastify from 'fastify'
import { manifestOf } from '../../peer/model/manifest.ts'
import { bytesSource } from '../../peer/weights/source.ts'
import { loadArchitectures } from '../oracle/goldens.ts'
import { syntheticGguf } from '../oracle/synthetic.ts'
import { expect, test } from './fixtures.ts'
import { ENGINE_PAGE } from './global-setup.ts'

/** On |Δ ln p| for p ≥ 1e-6 with KV in F32, as README states it. */
const BOUND = 1e-3
const NAMES = ['llama-3', 'qwen2', 'qwen3', 'gemma2', 'gemma3', 'phi3-long', 'smollm3', 'granite']

test('one model of each architecture in Chromium, split in two', async ({ swarm }) => {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-architectures-'))
  const server = fastify()
  try {
    await server.register(serveFiles, { root: [ENGINE_PAGE, folder] })
    const url = await server.listen({ host: '127.0.0.1', port: 0 })
    const browser = await swarm.startBrowser()
    const page = await (await browser.newContext()).newPage()
    await page.goto(url)
    await page.waitForFunction(() => 'compute' in globalThis)
    for (const golden of loadArchitectures().filter(({ name }) => NAMES.includes(name))) {
      const { name, ids: prompt, rowPositions: positions } = golden
      const file = syntheticGguf(name)
      writeFileSync(join(folder, `${name}.gguf`), file)
      writeFileSync(join(folder, `${name}.json`), (await manifestOf(bytesSource(file, name))).bytes)
      const model = { manifestUrl: `${url}/${name}.json`, sources: [`${url}/${name}.gguf`] }
      const ids = golden.rows.map(row => [...row.keys()].filter(id => row[id]! >= Math.log(1e-6)))
      const question = { model, cuts: [1], kv: 'f32' as const, prompt, positions, ids, tokens: 0 }
      const answer = await page.evaluate(asked => compute(asked), question)
      const differences = answer.logProbabilities.flatMap((row, index) =>
        row.map((value, place) => Math.abs(value - golden.rows[index]![ids[index]![place]!]!))
      )
      const worst = Math.max(...differences)
      console.log(`${name}: largest |Δ ln p| ${worst.toExponential(2)}`)
      expect(worst, name).toBeLessThanOrEqual(BOUND)
    }
  } finally {
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
