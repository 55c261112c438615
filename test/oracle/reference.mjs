// llama.cpp on the F32 twin, set up so that its numbers are the plain ones: one thread, F32 KV, no flash attention.
import { getLlama, LlamaLogLevel } from 'node-llama-cpp'

export const SETTINGS = { threads: 1, kv: 'F32', flashAttention: false }

export async function openReference(modelPath) {
  const llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, logLevel: LlamaLogLevel.error, maxThreads: 1 })
  const model = await llama.loadModel({ modelPath, gpuLayers: 0 })
  const context = await model.createContext({
    contextSize: model.trainContextSize,
    batchSize: model.trainContextSize,
    sequences: 1,
    threads: 1,
    flashAttention: SETTINGS.flashAttention,
    experimentalKvCacheKeyType: SETTINGS.kv,
    experimentalKvCacheValueType: SETTINGS.kv
  })
  const sequence = context.getSequence()
  const ask = { generateNext: { probabilities: true } }

  /** For each position of `ids` the probabilities of the next token: Maps of id → p, most probable first. */
  async function evaluate(ids) {
    const outputs = await sequence.controlledEvaluate(ids.map(id => [id, ask]))
    return outputs.map(output => output.next.probabilities)
  }

  return {
    release: llama.llamaCppRelease.release,
    tokenize: (text, parseControl) => [...model.tokenize(text, parseControl)],
    detokenize: ids => model.detokenize(ids, false),
    bos: model.tokens.bos,
    endOfGeneration: id => model.isEogToken(id),
    endOfGenerationIds: () => [...model.iterateAllTokens()].filter(id => model.isEogToken(id)),
    /** The prompt's rows, then `steps` greedy tokens that stop at nothing, with each choice's lead over the second in ln p. */
    async run(ids, steps) {
      await sequence.clearHistory()
      const rows = await evaluate(ids)
      const greedy = []
      const gaps = []
      let next = rows.at(-1)
      while (greedy.length < steps) {
        const [[id, first], [, second]] = next.entries().take(2)
        greedy.push(id)
        gaps.push(Math.log(first) - Math.log(second))
        if (greedy.length < steps) next = (await evaluate([id])).at(-1)
      }
      return { rows, greedy, gaps }
    },
    async close() {
      await context.dispose()
      await model.dispose()
      await llama.dispose()
    }
  }
}
