/**
 * onnxruntime's native WebGPU execution provider as a contestant: KV stays on the device, each run's outputs the next one's
 * inputs as transformers.js has it, no node may fall to the CPU. Past and present in one buffer computes wrong tokens in 1.30. Plain JavaScript, so that types are checked without its package.
 */
import { readFile } from 'node:fs/promises'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { answerQuestions } from '../child.ts'
import { runPass } from './contestant.ts'

let session
/** What export.ts says of the model beside it: layers, kvDims, floats. */
let facts
/** What the last run left on the device, by name. */
let kv = {}

const int32 = (values, dims) => new Tensor('int32', Int32Array.from(values), dims)

async function step(position, tokens) {
  const logits = await logitsAfter(position, tokens)
  let best = 0
  for (let id = 1; id < logits.length; id++) if (logits[id] > logits[best]) best = id
  return best
}

async function logitsAfter(position, tokens) {
  const total = position + tokens.length
  const past = position === 0 ? emptyKv() : kv
  const feeds = {
    tokens: int32(tokens, [1, tokens.length]),
    last_index: int32([tokens.length - 1], [1]),
    last_position: int32([total - 1], [1]),
    total: int32([total], [1])
  }
  for (const [name, tensor] of Object.entries(past)) feeds[`past_${name}`] = tensor
  const outputs = await session.run(feeds)
  const grown = Object.fromEntries(kvNames().map(name => [name, outputs[`present_${name}`]]))
  for (const { location } of Object.values(grown)) if (location !== 'gpu-buffer') throw new Error(`KV lies in ${location}`)
  release(kv)
  kv = grown
  const { data } = outputs.logits
  // The binding may hand halves over as their bits.
  return data instanceof Uint16Array ? new Float16Array(data.buffer, data.byteOffset, data.length) : data
}

const kvNames = () => Array.from({ length: facts.layers }, (_, layer) => [`key_${layer}`, `value_${layer}`]).flat()

function emptyKv() {
  const { kvDims, floats } = facts
  const empty = () =>
    floats === 'f32' ? new Tensor('float32', new Float32Array(0), kvDims) : new Tensor('float16', new Uint16Array(0), kvDims)
  return Object.fromEntries(kvNames().map(name => [name, empty()]))
}

function release(tensors) {
  for (const tensor of Object.values(tensors)) tensor.dispose()
}

async function load({ path }) {
  facts = JSON.parse(await readFile(`${path}.json`, 'utf8'))
  const model = await readFile(path)
  const startedAt = performance.now()
  const kvOutputs = kvNames().map(name => `present_${name}`)
  session = await InferenceSession.create(model, {
    executionProviders: ['webgpu'],
    preferredOutputLocation: Object.fromEntries([['logits', 'cpu'], ...kvOutputs.map(name => [name, 'gpu-buffer'])]),
    extra: { session: { disable_cpu_ep_fallback: '1' } }
  })
  const loadMs = performance.now() - startedAt
  await step(0, [1, 2])
  return {
    loadMs,
    firstTokenMs: performance.now() - startedAt,
    facts: `WebGPU execution provider, ${facts.floats}, no node on the CPU`
  }
}

answerQuestions({
  load,
  pass: (prompt, decoded) => runPass(prompt, decoded, step)
})
