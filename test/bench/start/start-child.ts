/** One start of a peer's engine in a process of its own, taken apart. */
import { readFile } from 'node:fs/promises'
import { requestGpu } from '../../../peer/engine/adapter.ts'
import { openDevice } from '../../../peer/engine/device.ts'
import { selfTest } from '../../../peer/engine/self-test.ts'
import { createSpanEngine } from '../../../peer/engine/span.ts'
import { parseManifest } from '../../../peer/model/manifest.ts'
import { openChunkCache } from '../../../peer/weights/cache.ts'
import { openHttpSource } from '../../../peer/weights/http-source.ts'
import { openSpanReader } from '../../../peer/weights/verified-reader.ts'
import { answerQuestions } from '../child.ts'
import { runPass } from '../engine/contestant.ts'
import type { Start, StartRequest } from './start.ts'

const POSITIONS = 256

async function start({ url, manifestPath, cachePath }: StartRequest): Promise<Start> {
  const { manifest } = await parseManifest(new Uint8Array(await readFile(manifestPath)))
  const startedAt = performance.now()
  const device = await openDevice(await requestGpu())
  const openedAt = performance.now()
  const { hyperparameters } = manifest
  const span = { first: 0, end: hyperparameters.layers }
  const sources = [await openHttpSource(url)]
  const tensors = openSpanReader({ manifest, span, sources, cache: await openChunkCache({ path: cachePath }) })
  let loadedAt = openedAt
  let loadedBytes = 0
  const engine = await createSpanEngine({
    device,
    hyperparameters,
    span,
    tensors,
    kvTokens: POSITIONS,
    onProgress: progress => {
      loadedAt = performance.now()
      ;({ loadedBytes } = progress)
    }
  })
  const builtAt = performance.now()
  const sequence = await engine.reserve(POSITIONS)
  const head = { rows: 1, topK: 1, temperature: 1, extraIds: new Uint32Array(0) }
  await runPass([1, 2], 0, async (position, tokens) => {
    const [output] = await engine.run([{ sequence, position, input: { tokens: Uint32Array.from(tokens) }, head }])
    return 'rows' in output! ? output.rows[0]!.ids[0]! : 0
  })
  const firstTokenAt = performance.now()
  await selfTest({ device, hyperparameters, span, tensors })
  return {
    deviceMs: openedAt - startedAt,
    loadMs: loadedAt - openedAt,
    loadedBytes,
    pipelinesMs: builtAt - loadedAt,
    firstTokenMs: firstTokenAt - startedAt,
    selfTestMs: performance.now() - firstTokenAt
  }
}

answerQuestions({ start })
