/**
 * onnxruntime's native WebGPU execution provider as a contestant: KV stays in the same buffers on the device, no node may
 * fall to the CPU. Plain JavaScript, so that types are checked without its package.
 */
import { readFile } from 'node:fs/promises'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { answerQuestions } from '../child.ts'
import { runPass } from './contestant.ts'

let session
/** What export.ts says of the model beside it: layers, kvDims, floats. */
let facts
/** Tensors on the device by name, past and present alike. */
let kv

const int32 = (values, dims) => new Tensor('int32', Int32Array.from(values), dims)

async function step(position, tokens) {
  const logits = await logitsAfter(position, tokens)
  let best = 0
  for (let id = 1; id < logits.length; id++) if (logits[id] > logits[best]) best = id
  return best
}

async function logitsAfter(position, tokens) {
  const total = position + tokens.length
  kv ??= await allocateKv()
  const feeds = {
    tokens: int32(tokens, [1, tokens.length]),
    last_index: int32([tokens.length - 1], [1]),
    last_position: int32([total - 1], [1]),
    total: int32([total], [1])
  }
  const fetches = { logits: null }
  for (const [name, tensor] of Object.entries(kv)) {
    feeds[`past_${name}`] = tensor
    fetches[`present_${name}`] = tensor
  }
  const { logits } = await session.run(feeds, fetches)
  const { data } = logits
  // The binding may hand halves over as their bits.
  return data instanceof Uint16Array ? new Float16Array(data.buffer, data.byteOffset, data.length) : data
}

/** The device's own buffers are had as the outputs of a first run on zeros. */
async function allocateKv() {
  const { kvDims, layers, floats } = facts
  const length = kvDims.reduce((product, dim) => product * dim, 1)
  const zeros =
    floats === 'f32'
      ? new Tensor('float32', new Float32Array(length), kvDims)
      : new Tensor('float16', new Uint16Array(length), kvDims)
  const names = Array.from({ length: layers }, (_, layer) => [`key_${layer}`, `value_${layer}`]).flat()
  const feeds = {
    tokens: int32([1], [1, 1]),
    last_index: int32([0], [1]),
    last_position: int32([0], [1]),
    total: int32([1], [1])
  }
  for (const name of names) feeds[`past_${name}`] = zeros
  const outputs = await session.run(feeds)
  return Object.fromEntries(
    names.map(name => {
      const tensor = outputs[`present_${name}`]
      if (tensor.location !== 'gpu-buffer') throw new Error(`KV lies in ${tensor.location}`)
      return [name, tensor]
    })
  )
}

async function load({ path }) {
  facts = JSON.parse(await readFile(`${path}.json`, 'utf8'))
  const model = await readFile(path)
  const startedAt = performance.now()
  const kvOutputs = Array.from({ length: facts.layers }, (_, layer) => [`present_key_${layer}`, `present_value_${layer}`]).flat()
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
