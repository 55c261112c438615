/**
 * Which tensors a span of a model is made of, and the check that a tensor table has them in a form that can be computed,
 * before a byte of them is read or a buffer taken.
 */
import { InvalidFileError, InvalidRequestError, UnsupportedModelError } from '../errors.ts'
import { isTensorType, TENSOR_TYPES } from './tensor-types.ts'
import type { Hyperparameters, Span, TensorInfo, TensorType } from './types.ts'

export interface ExpectedTensor {
  name: string
  /** GGUF order: dims[0] is the contiguous (input) dimension. */
  dims: readonly number[]
  types: readonly TensorType[]
}

/** A tensor table's entry as any file may state it, with types nobody here knows. */
export interface StatedTensor {
  name: string
  typeName: string
  dims: readonly number[]
  offset: number
  bytes: number | undefined
}

/** llama.cpp keeps norms in F32 in every file; anything else would be a file of its own kind. */
const NORM_TYPES: readonly TensorType[] = ['F32']

type LayerTensors = (h: Hyperparameters, prefix: string) => ExpectedTensor[]

const linear = (name: string, input: number, output: number): ExpectedTensor => ({
  name,
  dims: [input, output],
  types: TENSOR_TYPES
})
const norm = (name: string, length: number): ExpectedTensor => ({ name, dims: [length], types: NORM_TYPES })

const llama: LayerTensors = (h, prefix) => [
  norm(`${prefix}attn_norm.weight`, h.width),
  linear(`${prefix}attn_q.weight`, h.width, h.heads * h.headDim),
  linear(`${prefix}attn_k.weight`, h.width, h.kvHeads * h.headDim),
  linear(`${prefix}attn_v.weight`, h.width, h.kvHeads * h.headDim),
  linear(`${prefix}attn_output.weight`, h.heads * h.headDim, h.width),
  norm(`${prefix}ffn_norm.weight`, h.width),
  linear(`${prefix}ffn_gate.weight`, h.width, h.feedForward),
  linear(`${prefix}ffn_up.weight`, h.width, h.feedForward),
  linear(`${prefix}ffn_down.weight`, h.feedForward, h.width)
]

const layerTensors: ReadonlyMap<string, LayerTensors> = new Map([['llama', llama]])

/**
 * The tensors of a span, each once: the embedding with layer 0; output norm and head (the embedding again when tied) with
 * the last layer.
 * @throws InvalidRequestError for a span outside the model
 */
export function tensorsOfSpan(h: Hyperparameters, span: Span): ExpectedTensor[] {
  const { first, end } = span
  if (!Number.isInteger(first) || !Number.isInteger(end) || first < 0 || first >= end || end > h.layers) {
    throw new InvalidRequestError(`span [${first}, ${end}) is not inside the model's ${h.layers} layers`, { param: 'span' })
  }
  const ofLayer = layerTensors.get(h.architecture)
  if (ofLayer === undefined) throw new UnsupportedModelError(`architecture '${h.architecture}'`)
  const embedding = linear('token_embd.weight', h.width, h.vocabulary)
  const embeds = first === 0
  const heads = end === h.layers
  const tensors: ExpectedTensor[] = embeds ? [embedding] : []
  for (let layer = first; layer < end; layer++) tensors.push(...ofLayer(h, `blk.${layer}.`))
  if (heads) {
    tensors.push(norm('output_norm.weight', h.width))
    if (!h.tied) tensors.push(linear('output.weight', h.width, h.vocabulary))
    else if (!embeds) tensors.push(embedding)
  }
  return tensors
}

/**
 * The span's tensors as the table has them, in the order of `tensorsOfSpan`.
 * @throws InvalidFileError (missing, other dims) or UnsupportedModelError (a type without decoder), naming the tensor
 */
export function spanTensorInfos(h: Hyperparameters, span: Span, table: ReadonlyMap<string, StatedTensor>): TensorInfo[] {
  return tensorsOfSpan(h, span).map(expected => {
    const { name, types } = expected
    const { typeName: type, dims, offset, bytes } = stated(expected, table)
    if (!isTensorType(type) || !types.includes(type) || bytes === undefined) {
      throw new UnsupportedModelError(`tensor '${name}': ${type}; Shoal computes ${types.join(', ')} there`)
    }
    return { name, type, dims: [...dims], offset, bytes }
  })
}

/**
 * Holds a whole table against the model: each tensor there with its dims, and none that the maths here would leave out
 * (biases, RoPE factors, experts). Types matter only to a peer that holds the tensor, so they are not looked at.
 * @throws InvalidFileError, UnsupportedModelError naming the tensor
 */
export function checkTensorTable(h: Hyperparameters, table: ReadonlyMap<string, StatedTensor>): void {
  const expected = tensorsOfSpan(h, { first: 0, end: h.layers })
  for (const tensor of expected) stated(tensor, table)
  const known = new Set(expected.map(tensor => tensor.name))
  for (const name of table.keys()) {
    if (!known.has(name))
      throw new UnsupportedModelError(`tensor '${name}': no part of the maths computed here for '${h.architecture}'`)
  }
}

function stated({ name, dims }: ExpectedTensor, table: ReadonlyMap<string, StatedTensor>): StatedTensor {
  const tensor = table.get(name)
  if (tensor === undefined) throw new InvalidFileError(`tensor '${name}': missing`)
  if (tensor.dims.length !== dims.length || tensor.dims.some((dim, i) => dim !== dims[i])) {
    throw new InvalidFileError(
      `tensor '${name}': dimensions [${tensor.dims.join(', ')}], but the model's are [${dims.join(', ')}]`
    )
  }
  return tensor
}
