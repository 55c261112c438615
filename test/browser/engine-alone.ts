/** Serves the page that runs an engine alone, with models beside it, and holds what it computes against goldens. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import serveFiles from '@fastify/static'
import fastify from 'fastify'
import { manifestOf } from '../../peer/model/manifest.ts'
import { bytesSource } from '../../peer/weights/source.ts'
import type { Swarm } from './fixtures.ts'
import { ENGINE_PAGE } from './global-setup.ts'

export interface EngineGolden {
  name: string
  ids: number[]
  /** Positions that `rows` are of. */
  rowPositions: number[]
  /** ln p of every id. */
  rows: Float32Array[]
}

/** Largest |Δ ln p| for p ≥ 1e-6 with KV in F32, of the model in `file`, cut into spans at `cuts`. */
export type WorstDifference = (golden: EngineGolden, file: Uint8Array<ArrayBuffer>, cuts: number[]) => Promise<number>

export async function withEngineAlone(swarm: Swarm, use: (worstDifference: WorstDifference) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-engine-alone-'))
  const server = fastify()
  try {
    await server.register(serveFiles, { root: [ENGINE_PAGE, folder] })
    const url = await server.listen({ host: '127.0.0.1', port: 0 })
    const browser = await swarm.startBrowser()
    const page = await (await browser.newContext()).newPage()
    await page.goto(url)
    await page.waitForFunction(() => 'compute' in globalThis)
    await use(async ({ name, ids: prompt, rowPositions: positions, rows }, file, cuts) => {
      writeFileSync(join(folder, `${name}.gguf`), file)
      writeFileSync(join(folder, `${name}.json`), (await manifestOf(bytesSource(file, name))).bytes)
      const model = { manifestUrl: `${url}/${name}.json`, sources: [`${url}/${name}.gguf`] }
      const ids = rows.map(row => [...row.keys()].filter(id => row[id]! >= Math.log(1e-6)))
      const question = { model, cuts, kv: 'f32' as const, prompt, positions, ids, tokens: 0 }
      const answer = await page.evaluate(asked => compute(asked), question)
      // One row of the answer a position, one value an id: a missing one would make the maximum NaN.
      return Math.max(
        ...ids.flatMap((asked, index) =>
          asked.map((id, place) => Math.abs(answer.logProbabilities[index]![place]! - rows[index]![id]!))
        )
      )
    })
  } finally {
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
