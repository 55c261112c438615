/**
 * The engine alone in a browser: spans of a model in a row, without a swarm, so that the test sees their very
 * numbers.
 */
import { requestGpu } from '#engine/adapter'
import { openDevice } from '../../../peer/engine/device.ts'
import type { SpanEngine } from '../../../peer/engine/engine.ts'
import { createSpanEngine } from '../../../peer/engine/span.ts'
import { parseManifest } from '../../../peer/model/manifest.ts'
import { openHttpSource } from '../../../peer/weights/http-source.ts'
import { openSpanReader } from '../../../peer/weights/verified-reader.ts'
import { join } from '../../../peer/wire/join.ts'

export interface EngineQuestion {
  /** A bootstrap whose first model it is, or where a model's manifest and file are. */
  model: { bootstrap: string } | { manifestUrl: string; sources: string[] }
  /** Layers at which the model is cut into spans. */
  cuts: number[]
  kv: 'f16' | 'f32'
  prompt: number[]
  /** Positions of the prompt, and the ids whose ln p is wanted at each. */
  positions: number[]
  ids: number[][]
  /** Greedy tokens to produce after it. */
  tokens: number
}

export interface EngineAnswer {
  /** ln p of `ids`, position by position. */
  logProbabilities: number[][]
  greedy: number[]
  /** Mean over the decoded tokens. */
  msPerToken: number
}

async function computeOnce(question: EngineQuestion): Promise<EngineAnswer> {
  const { prompt, positions, ids, tokens } = question
  const { engines, close } = await load(question)
  const sequences = await Promise.all(engines.map(engine => engine.reserve(prompt.length + tokens)))
  /** Feeds token ids; returns every logit of each of the last `rows` rows. */
  const feed = async (position: number, given: readonly number[], rows: number): Promise<Float32Array[]> => {
    let input: { tokens: Uint32Array } | { hidden: Float32Array } = { tokens: Uint32Array.from(given) }
    for (const [index, engine] of engines.entries()) {
      const head = { rows, topK: 1, temperature: 1, extraIds: new Uint32Array(0) }
      const [output] = await engine.run([{ sequence: sequences[index]!, position, input, head }])
      if ('hidden' in output!) input = { hidden: output.hidden }
    }
    const [last, sequence] = [engines.at(-1)!, sequences.at(-1)!]
    return await Promise.all(Array.from({ length: rows }, (_, row) => last.logits(sequence, row)))
  }
  try {
    const rows = await feed(0, prompt, prompt.length)
    const logProbabilities = positions.map((position, index) => {
      const normalised = logSoftmax(rows[position]!)
      return ids[index]!.map(id => normalised[id]!)
    })
    const greedy: number[] = []
    let row = rows.at(-1)!
    const startedAt = performance.now()
    while (greedy.length < tokens) {
      greedy.push(row.indexOf(Math.max(...row)))
      ;[row] = (await feed(prompt.length + greedy.length - 1, greedy.slice(-1), 1)) as [Float32Array]
    }
    return { logProbabilities, greedy, msPerToken: (performance.now() - startedAt) / Math.max(1, tokens) }
  } finally {
    await close()
  }
}

async function load({ model, cuts, kv }: EngineQuestion): Promise<{ engines: SpanEngine[]; close: () => Promise<void> }> {
  const { manifestUrl, sources } = 'bootstrap' in model ? (await join([model.bootstrap])).models[0]! : model
  const { manifest } = await parseManifest(new Uint8Array(await (await fetch(manifestUrl)).arrayBuffer()))
  const device = await openDevice(await requestGpu())
  const source = await openHttpSource(sources[0]!)
  const { hyperparameters } = manifest
  const edges = [0, ...cuts, hyperparameters.layers]
  const engines: SpanEngine[] = []
  for (const [index, end] of edges.slice(1).entries()) {
    const span = { first: edges[index]!, end }
    const tensors = openSpanReader({ manifest, span, sources: [source] })
    engines.push(await createSpanEngine({ device, hyperparameters, span, tensors, kvTokens: 256, kv }))
  }
  return {
    engines,
    close: async () => {
      await Promise.all(engines.map(engine => engine.close()))
      device.close()
    }
  }
}

function logSoftmax(logits: Float32Array): Float64Array {
  const top = Math.max(...logits)
  const logSumExp = top + Math.log(logits.reduce((sum, value) => sum + Math.exp(value - top), 0))
  return Float64Array.from(logits, value => value - logSumExp)
}

declare global {
  var compute: (question: EngineQuestion) => Promise<EngineAnswer>
}
globalThis.compute = computeOnce
