/**
 * llama.cpp through node-llama-cpp as a contestant, on the CPU or on Vulkan. Plain JavaScript, so that types are checked
 * without its package.
 */
import { getLlama, LlamaLogLevel } from 'node-llama-cpp'
import { answerQuestions } from '../child.ts'
import { runPass } from './contestant.ts'

let sequence

async function step(position, tokens) {
  if (position === 0) await sequence.clearHistory()
  const last = tokens.length - 1
  const outputs = await sequence.controlledEvaluate(
    tokens.map((token, index) => (index === last ? [token, { generateNext: { token: true } }] : token))
  )
  return Number(outputs[last].next.token)
}

/** Beside a LoadRequest's fields: `gpu` ('vulkan' or false) and `threads` on the CPU. */
async function load({ path, contextLength, gpu, threads }) {
  const startedAt = performance.now()
  const llama = await getLlama({ gpu, build: 'never', skipDownload: true, logLevel: LlamaLogLevel.warn, maxThreads: 0 })
  if (llama.gpu !== gpu) throw new Error(`llama.cpp computes on ${llama.gpu || 'the CPU'} instead`)
  const model = await llama.loadModel({ modelPath: path, gpuLayers: gpu === false ? 0 : 'max' })
  const context = await model.createContext({
    contextSize: contextLength,
    batchSize: 64,
    sequences: 1,
    threads,
    flashAttention: false
  })
  sequence = context.getSequence()
  const loadMs = performance.now() - startedAt
  await step(0, [1, 2])
  const devices = gpu === false ? [] : await llama.getGpuDeviceNames()
  return {
    loadMs,
    firstTokenMs: performance.now() - startedAt,
    facts: gpu === false ? `${threads} threads` : `${model.gpuLayers} layers on ${devices.join(', ')}`
  }
}

answerQuestions({ load, pass: (prompt, decoded) => runPass(prompt, decoded, step) })
