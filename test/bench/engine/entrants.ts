/** Who takes part: each engine with the process it runs in, the form it takes models in, and what is checked of it. */
import { existsSync } from 'node:fs'
import { rename, stat, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import { goldenModelPath, loadGoldens } from '../../oracle/goldens.ts'
import type { BenchContext } from '../bench.ts'
import { BenchChild } from '../child.ts'
import type { BenchModel } from '../models.ts'
import { type AccuracyLevel, exportOnnx } from '../onnx/export.ts'
import type { Loaded, Pass } from './contestant.ts'

export interface Contestant {
  name: string
  module: string
  env?: Record<string, string>
  /** Fields of its load question besides path and context length. */
  facts?: Record<string, unknown>
  /** Takes ONNX models in place of GGUF. */
  onnx?: { accuracyLevel: AccuracyLevel }
  /** Takes part in a quick run. */
  quick?: true
  /** Computes through WebGPU on activations as they are: what goals are held against. */
  webGpu?: true
}

const module = (name: string) => join(import.meta.dirname, name)

export const SHOAL: Contestant = { name: 'Shoal', module: module('shoal-child.ts') }

const onnxruntime = (accuracyLevel: AccuracyLevel): Contestant => ({
  name: `onnxruntime (accuracy ${accuracyLevel})`,
  module: module('onnxruntime-child.mjs'),
  onnx: { accuracyLevel }
})
const llamaOnCpu = (threads: number): Contestant => ({
  name: `llama.cpp (CPU, ${threads === 1 ? '1 thread' : `${threads} threads`})`,
  module: module('llama-child.mjs'),
  facts: { gpu: false, threads }
})

export const RIVALS: readonly Contestant[] = [
  { ...onnxruntime(0), quick: true, webGpu: true },
  { ...onnxruntime(4), quick: true },
  { ...llamaOnCpu(1), quick: true },
  ...(availableParallelism() > 1 ? [llamaOnCpu(availableParallelism())] : []),
  {
    name: 'llama.cpp (Vulkan)',
    module: module('llama-child.mjs'),
    // Software devices are skipped unless named.
    env: { GGML_VK_VISIBLE_DEVICES: '0' },
    facts: { gpu: 'vulkan', threads: 1 }
  }
]

export interface Entrant {
  contestant: Contestant
  child: BenchChild
  loaded: Loaded
}

/** Cold, a rival compiles for minutes on a software adapter. */
const LOAD_LIMIT_MS = 5 * 60_000

/** Share of a quick run's time that is left for measuring once all have loaded. */
const QUICK_LOAD_SHARE = 0.6

/**
 * Starts the contestant's process and loads the model, of which its answer to a golden prompt is checked where there is one.
 * @throws Error when it dies, refuses the model, computes something else or takes too long; the context's reason
 */
export async function enter(
  context: BenchContext,
  contestant: Contestant,
  model: BenchModel,
  contextLength: number,
  env: Record<string, string> = {}
): Promise<Entrant> {
  const { deadline, signal } = context
  const path =
    contestant.onnx === undefined ? model.path : await onnxFile(context, model, contestant.onnx.accuracyLevel, contextLength)
  const child = new BenchChild({ module: contestant.module, env: { ...contestant.env, ...env }, signal })
  const limitMs = Math.max(1, Math.min(LOAD_LIMIT_MS, (deadline - performance.now()) * QUICK_LOAD_SHARE))
  let late = false
  const limit = setTimeout(() => {
    late = true
    child.kill()
  }, limitMs)
  try {
    const loaded = await child.ask<Loaded>('load', { ...contestant.facts, path, contextLength })
    if (model.path === goldenModelPath() && contestant.onnx !== undefined) await checkTokens(child, contestant)
    return { contestant, child, loaded }
  } catch (error) {
    await child.close()
    throw late ? new Error(`not loaded within ${(limitMs / 1000).toFixed(0)} s`) : error
  } finally {
    clearTimeout(limit)
  }
}

/** Decoded as well as prefilled: KV that is wrong shows only in what comes after the first token. */
const CHECKED_TOKENS = 16

/**
 * Tokens after a golden prompt whose gaps are safe must be llama.cpp's, or other things are compared. Of an engine that rounds
 * activations only the first, since gaps are safe for those that do not.
 */
async function checkTokens(child: BenchChild, { webGpu }: Contestant): Promise<void> {
  const prompt = loadGoldens().prompts.find(each => each.safe)!
  const { tokens } = await child.ask<Pass>('pass', prompt.ids, webGpu ? CHECKED_TOKENS - 1 : 0)
  const wrong = tokens.findIndex((token, index) => token !== prompt.greedy.ids[index])
  if (wrong < 0) return
  const [theirs, right] = [tokens[wrong], prompt.greedy.ids[wrong]]
  throw new Error(`its token ${wrong + 1} is ${theirs} where llama.cpp's is ${right} (${prompt.name})`)
}

/** Of the graph that export.ts writes: files of an older one are not used again. */
const ONNX_FORM = 2

async function onnxFile(
  { cache, adapter }: BenchContext,
  model: BenchModel,
  accuracyLevel: AccuracyLevel,
  contextLength: number
): Promise<string> {
  const floats = adapter?.kind === 'gpu' && adapter.features.f16 ? 'f16' : 'f32'
  const path = join(
    cache,
    `${basename(model.path, '.gguf')}-${floats}-accuracy-${accuracyLevel}-${contextLength}-${ONNX_FORM}.onnx`
  )
  if (!existsSync(path) || (await stat(path)).mtimeMs < (await stat(model.path)).mtimeMs) {
    const { encoded, ...facts } = await exportOnnx(model.path, { accuracyLevel, floats, contextLength })
    await writeFile(`${path}.json`, JSON.stringify({ ...facts, floats }))
    await writeFile(`${path}.part`, encoded)
    await rename(`${path}.part`, path)
  }
  return path
}
