/**
 * Small llama models of any mix of tensor types as GGUF files, the same bytes from the same seed everywhere: the goldens hold
 * only what llama.cpp said of them. Weights are random bits under scales that make elements about as large as a trained
 * model's; every eighth block's scale is subnormal in f16. Drawn with + − × ÷ and square roots only,
 * which IEEE 754 rounds alike on every machine.
 */
import { factsOf } from '../../peer/model/tensor-types.ts'
import type { TensorType } from '../../peer/model/types.ts'
import { random } from '../unit/engine/synthetic.ts'
import { type WrittenTensor, writeGguf } from '../unit/model/gguf-writer.ts'
import { llamaMetadata } from './llama-metadata.ts'

/** Rows of 256 hold one K-quant block. An odd vocabulary, and fewer KV heads than heads, as models have them. */
const WIDTH = 256
const HEADS = 4
const KV_HEADS = 2
const HEAD_DIM = 64
const FEED_FORWARD = 512
export const TYPES_VOCABULARY = 97

export interface TypesModel {
  name: string
  seed: number
  layers: number
  /** Type of a matrix, by its name without `.weight`. */
  typeOf: (name: string) => TensorType
}

const types: readonly TensorType[] = ['F32', 'F16', 'BF16', 'Q8_0', 'Q4_0', 'Q4_1', 'Q5_0', 'Q5_1', 'Q4_K', 'Q5_K', 'Q6_K']

/** As llama.cpp's Q4_K_M: the head and, in some layers, values and down in Q6_K. */
const q4_K_M = (name: string): TensorType => (name === 'output' || /^blk\.[02]\.(attn_v|ffn_down)$/.test(name) ? 'Q6_K' : 'Q4_K')

/** Every matrix of a layer of another type, every layer otherwise. */
const motley = (name: string): TensorType => {
  const place = ['attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_gate', 'ffn_up', 'ffn_down'].indexOf(name.split('.').at(-1)!)
  return place < 0 ? 'Q5_1' : types[(place * 3 + Number(name.split('.')[1]) * 4) % types.length]!
}

/** Whole models of one type each, and the two mixes. */
export const TYPES_MODELS: readonly TypesModel[] = [
  ...types.map((type, index) => ({ name: type, seed: 100 + index, layers: 2, typeOf: () => type })),
  { name: 'Q4_K_M', seed: 200, layers: 4, typeOf: q4_K_M },
  { name: 'motley', seed: 201, layers: 3, typeOf: motley }
]

/** Models whose only tensor not in F32 is the embedding. */
export const EMBEDDING_MODELS: readonly TypesModel[] = types
  .filter(type => type !== 'F32')
  .map((type, index) => ({
    name: `${type} embedding`,
    seed: 300 + index,
    layers: 2,
    typeOf: name => (name === 'token_embd' ? type : 'F32')
  }))

/** Some token ids, the same for the same seed. */
export function typesPrompt(seed: number, count: number): number[] {
  const next = random(seed)
  return Array.from({ length: count }, () => Math.floor(next() * TYPES_VOCABULARY))
}

export function typesGguf({ seed, layers, typeOf }: TypesModel): Uint8Array<ArrayBuffer> {
  const next = random(seed)
  return writeGguf({
    metadata: llamaMetadata({
      contextLength: 256,
      layers,
      width: WIDTH,
      heads: HEADS,
      kvHeads: KV_HEADS,
      feedForward: FEED_FORWARD,
      vocabulary: TYPES_VOCABULARY
    }),
    tensors: llamaTensors(layers).map((tensor): WrittenTensor => {
      const type = tensor.dims.length === 1 ? 'F32' : typeOf(tensor.name)
      return {
        name: `${tensor.name}.weight`,
        dims: [...tensor.dims],
        type: factsOf(type).id,
        data: drawTensor(type, tensor, next)
      }
    })
  })
}

interface DrawnTensor {
  name: string
  dims: readonly number[]
  center: number
  /** Standard deviation. */
  spread: number
}

/** Spreads keep each layer's share of the residual stream about as large as the embedding, and logits a few nats wide. */
function llamaTensors(layers: number): DrawnTensor[] {
  const matrix = (name: string, input: number, output: number, gain = 1): DrawnTensor => ({
    name,
    dims: [input, output],
    center: 0,
    spread: gain / Math.sqrt(input)
  })
  const norm = (name: string): DrawnTensor => ({ name, dims: [WIDTH], center: 1, spread: 0.25 })
  return [
    matrix('token_embd', WIDTH, TYPES_VOCABULARY, Math.sqrt(WIDTH)),
    ...Array.from({ length: layers }, (_, layer) => `blk.${layer}.`).flatMap(prefix => [
      norm(`${prefix}attn_norm`),
      matrix(`${prefix}attn_q`, WIDTH, HEADS * HEAD_DIM, 1.5),
      matrix(`${prefix}attn_k`, WIDTH, KV_HEADS * HEAD_DIM, 1.5),
      matrix(`${prefix}attn_v`, WIDTH, KV_HEADS * HEAD_DIM),
      matrix(`${prefix}attn_output`, HEADS * HEAD_DIM, WIDTH),
      norm(`${prefix}ffn_norm`),
      matrix(`${prefix}ffn_gate`, WIDTH, FEED_FORWARD),
      matrix(`${prefix}ffn_up`, WIDTH, FEED_FORWARD),
      matrix(`${prefix}ffn_down`, FEED_FORWARD, WIDTH)
    ]),
    norm('output_norm'),
    matrix('output', WIDTH, TYPES_VOCABULARY, 2)
  ]
}

/** The bytes of a tensor: random bits under drawn scales, of F32, F16 and BF16 drawn values. */
export function drawTensor(
  type: TensorType,
  { dims, spread, center }: Omit<DrawnTensor, 'name'>,
  next: () => number
): Uint8Array<ArrayBuffer> {
  const { blockSize, bytesPerBlock } = factsOf(type)
  const count = dims.reduce((product, dim) => product * dim, 1)
  const data = new Uint8Array((count / blockSize) * bytesPerBlock)
  const view = new DataView(data.buffer)
  for (let block = 0; block < count / blockSize; block++) {
    const at = block * bytesPerBlock
    if (type === 'F32') {
      view.setFloat32(at, center + spread * triangular(next), true)
    } else if (type === 'F16') {
      view.setFloat16(at, center + spread * triangular(next), true)
    } else if (type === 'BF16') {
      // Cut, not rounded: any bits will do.
      const wide = new DataView(new ArrayBuffer(4))
      wide.setFloat32(0, center + spread * triangular(next), true)
      view.setUint16(at, wide.getUint16(2, true), true)
    } else {
      for (let byte = 0; byte < bytesPerBlock; byte++) data[at + byte] = Math.floor(next() * 256)
      const d = (spread * (0.5 + next())) / deviations[type]
      drawScales(type, block % 8 === 7 ? Math.min(d, SMALLEST_NORMAL_HALF) * next() : d, next, view, at)
    }
  }
  return data
}

const SMALLEST_NORMAL_HALF = 2 ** -14

/** Between −√6 and √6, standard deviation 1. */
const triangular = (next: () => number) => (next() + next() - 1) * Math.sqrt(6)

/** Standard deviation of a block's elements under random bits, divided by its scale d. */
const deviations = { Q8_0: 74, Q4_0: 4.6, Q4_1: 4.6, Q5_0: 9.2, Q5_1: 9.2, Q4_K: 250, Q5_K: 510, Q6_K: 1370 }

/** Overwrites the f16 scales of the block at `at` so that its elements' mean is near zero. */
function drawScales(type: keyof typeof deviations, d: number, next: () => number, view: DataView, at: number): void {
  view.setFloat16(type === 'Q6_K' ? at + 208 : at, d, true)
  const middle = (type.startsWith('Q5') ? 15.5 : 7.5) * (0.75 + next() / 2)
  if (type === 'Q4_1' || type === 'Q5_1') view.setFloat16(at + 2, -d * middle, true)
  if (type === 'Q4_K' || type === 'Q5_K') view.setFloat16(at + 2, d * middle, true)
}
