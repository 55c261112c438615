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

/** llama.cpp keeps norms, biases and rotation factors in F32 in every file; anything else would be a file of its own kind. */
const VECTOR_TYPES: readonly TensorType[] = ['F32']

const linear = (name: string, input: number, output: number): ExpectedTensor => ({
  name,
  dims: [input, output],
  types: TENSOR_TYPES
})
const vector = (name: string, length: number): ExpectedTensor => ({ name, dims: [length], types: VECTOR_TYPES })

function tensorsOfLayer(h: Hyperparameters, prefix: string): ExpectedTensor[] {
  const queries = h.heads * h.headDim
  const keys = h.kvHeads * h.headDim
  const qkv = h.fused
    ? [linear(`${prefix}attn_qkv.weight`, h.width, queries + 2 * keys)]
    : [
        linear(`${prefix}attn_q.weight`, h.width, queries),
        linear(`${prefix}attn_k.weight`, h.width, keys),
        linear(`${prefix}attn_v.weight`, h.width, keys)
      ]
  const biases = h.qkvBias
    ? [vector(`${prefix}attn_q.bias`, queries), vector(`${prefix}attn_k.bias`, keys), vector(`${prefix}attn_v.bias`, keys)]
    : []
  const headNorms = h.headNorms
    ? [vector(`${prefix}attn_q_norm.weight`, h.headDim), vector(`${prefix}attn_k_norm.weight`, h.headDim)]
    : []
  const gateUp = h.fused
    ? [linear(`${prefix}ffn_up.weight`, h.width, 2 * h.feedForward)]
    : [linear(`${prefix}ffn_gate.weight`, h.width, h.feedForward), linear(`${prefix}ffn_up.weight`, h.width, h.feedForward)]
  return [
    vector(`${prefix}attn_norm.weight`, h.width),
    ...qkv,
    ...biases,
    ...headNorms,
    linear(`${prefix}attn_output.weight`, queries, h.width),
    ...(h.postNorms ? [vector(`${prefix}post_attention_norm.weight`, h.width)] : []),
    vector(`${prefix}ffn_norm.weight`, h.width),
    ...gateUp,
    linear(`${prefix}ffn_down.weight`, h.feedForward, h.width),
    ...(h.postNorms ? [vector(`${prefix}post_ffw_norm.weight`, h.width)] : [])
  ]
}

/**
 * The tensors of a span, each once: the embedding with layer 0; rotation factors with every layer; output norm and head (the
 * embedding again when tied) with the last.
 * @throws InvalidRequestError for a span outside the model
 */
export function tensorsOfSpan(h: Hyperparameters, span: Span): ExpectedTensor[] {
  const { first, end } = span
  if (!Number.isInteger(first) || !Number.isInteger(end) || first < 0 || first >= end || end > h.layers) {
    throw new InvalidRequestError(`span [${first}, ${end}) is not inside the model's ${h.layers} layers`, { param: 'span' })
  }
  const embedding = linear('token_embd.weight', h.width, h.vocabulary)
  const embeds = first === 0
  const heads = end === h.layers
  const tensors: ExpectedTensor[] = embeds ? [embedding] : []
  if (h.ropeFactors !== undefined) tensors.push(vector(h.ropeFactors, h.ropeDimensions / 2))
  for (let layer = first; layer < end; layer++) tensors.push(...tensorsOfLayer(h, `blk.${layer}.`))
  if (heads) {
    tensors.push(vector('output_norm.weight', h.width))
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
  if (h.tied && table.has('output.weight'))
    throw new InvalidFileError(`tensor 'output.weight': there, although the head is said to reuse the embedding`)
  // The factors for the other length of context, which this model does not use.
  if (h.ropeFactors === 'rope_factors_long.weight') known.add('rope_factors_short.weight')
  if (h.ropeFactors === 'rope_factors_short.weight') known.add('rope_factors_long.weight')
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
