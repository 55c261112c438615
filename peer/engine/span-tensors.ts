/**
 * A span's tensors by the part they play, checked against the hyperparameters before any memory is taken. A tensor that
 * is missing, has other dimensions or a type without decoder is refused by name.
 */
import { InvalidFileError, UnsupportedModelError } from '../errors.ts'
import { spanTensorInfos, tensorsOfSpan } from '../model/span-tensors.ts'
import type { Hyperparameters, Span, TensorInfo, TensorReader } from '../model/types.ts'
import { GROUP_ELEMENTS, type WeightDecoder } from './decoders/decoder.ts'
import { decoderFor } from './decoders/table.ts'
import { type Rotation, ropeSourceRow, rotationOf } from './rope.ts'
import { type VectorPart, vectorOf } from './vectors.ts'

export interface MatrixTensor {
  info: TensorInfo
  decoder: WeightDecoder
  /** Output rows. */
  rows: number
  /** Length of a row in groups of 32 elements. */
  groups: number
  /** Where these rows begin in a tensor that holds several matrices; 0 if absent. */
  firstRow?: number
}

export interface LayerTensors {
  /** Positions the layer sees, its own included; everything before it when absent. */
  window: number | undefined
  rotation: Rotation
  attentionNorm: VectorPart
  query: MatrixTensor
  key: MatrixTensor
  value: MatrixTensor
  /** Of queries, keys and values, one after the other. */
  biases: VectorPart | undefined
  /** Gains of a query's head, then of a key's. */
  headNorms: VectorPart | undefined
  attentionOutput: MatrixTensor
  postAttentionNorm: VectorPart | undefined
  feedForwardNorm: VectorPart
  gate: MatrixTensor
  up: MatrixTensor
  down: MatrixTensor
  postFeedForwardNorm: VectorPart | undefined
}

export interface SpanTensors {
  /** For a span that starts at layer 0. */
  embedding: MatrixTensor | undefined
  layers: LayerTensors[]
  ropeFactors: TensorInfo | undefined
  /** For a span that ends at the last layer; `head` is `embedding`'s tensor when the model is tied. */
  outputNorm: VectorPart | undefined
  head: MatrixTensor | undefined
}

/** What the kernels rely on. @throws UnsupportedModelError */
function checkShape(hyperparameters: Hyperparameters): void {
  const { layers, width, heads, kvHeads, headDim, feedForward, vocabulary, contextLength, ropeDimensions } = hyperparameters
  const counts = { layers, width, heads, kvHeads, headDim, feedForward, vocabulary, contextLength }
  for (const [name, value] of Object.entries(counts))
    if (!Number.isSafeInteger(value) || value < 1) throw new UnsupportedModelError(`${name} is ${value}, not a positive integer`)
  for (const [name, value] of Object.entries({ width, 'heads × headDim': heads * headDim, feedForward }))
    if (value % GROUP_ELEMENTS !== 0) throw new UnsupportedModelError(`${name} is ${value}, not a multiple of ${GROUP_ELEMENTS}`)
  if (heads % kvHeads !== 0) throw new UnsupportedModelError(`${heads} heads do not divide among ${kvHeads} key-value heads`)
  if (headDim % 4 !== 0 || headDim > 256) throw new UnsupportedModelError(`headDim is ${headDim}, not a multiple of 4 up to 256`)
  if (!Number.isInteger(ropeDimensions / 2) || ropeDimensions < 0 || ropeDimensions > headDim)
    throw new UnsupportedModelError(`ropeDimensions is ${ropeDimensions}, not an even number up to headDim ${headDim}`)
  if (!(hyperparameters.ropeBase > 0) || !Number.isFinite(hyperparameters.ropeBase))
    throw new UnsupportedModelError(`ropeBase is ${hyperparameters.ropeBase}`)
  if (!(hyperparameters.normEpsilon >= 0) || !Number.isFinite(hyperparameters.normEpsilon))
    throw new UnsupportedModelError(`normEpsilon is ${hyperparameters.normEpsilon}`)
}

/**
 * Which tensors there are and what dimensions they must have is the model's to say (peer/model); that the engine has a
 * decoder for them, and that their bytes are what the decoder will walk over, is checked here.
 * @throws UnsupportedModelError, InvalidFileError naming the tensor
 */
export function planSpanTensors(hyperparameters: Hyperparameters, span: Span, tensors: Pick<TensorReader, 'info'>): SpanTensors {
  checkShape(hyperparameters)
  const stated = tensorsOfSpan(hyperparameters, span).flatMap(({ name }) => {
    const info = tensors.info(name)
    return info === undefined ? [] : [{ ...info, typeName: info.type }]
  })
  const infos = spanTensorInfos(hyperparameters, span, new Map(stated.map(info => [info.name, info])))
  const byName = new Map(infos.map(info => [info.name, info]))
  const vector = (name: string): VectorPart => vectorOf({ info: checkedVector(byName.get(name)!) })
  const matrix = (name: string): MatrixTensor => {
    const info = byName.get(name)!
    return { info, decoder: decoderOf(info), rows: info.dims[1]!, groups: info.dims[0]! / GROUP_ELEMENTS }
  }
  const heads = span.end === hyperparameters.layers
  const embedding = span.first === 0 ? matrix('token_embd.weight') : undefined
  const head = () => (hyperparameters.tied ? (embedding ?? matrix('token_embd.weight')) : matrix('output.weight'))
  const { ropeFactors } = hyperparameters
  return {
    embedding,
    layers: Array.from({ length: span.end - span.first }, (_, index) => {
      const layer = span.first + index
      const name = (part: string) => `blk.${layer}.${part}`
      return layerTensors(hyperparameters, layer, { matrix: part => matrix(name(part)), vector: part => vector(name(part)) })
    }),
    ropeFactors: ropeFactors === undefined ? undefined : checkedVector(byName.get(ropeFactors)!),
    outputNorm: heads ? vector('output_norm.weight') : undefined,
    head: heads ? head() : undefined
  }
}

interface TensorsByPart {
  matrix: (part: string) => MatrixTensor
  vector: (part: string) => VectorPart
}

function layerTensors(hyperparameters: Hyperparameters, layer: number, { matrix, vector }: TensorsByPart): LayerTensors {
  const { heads, kvHeads, headDim, feedForward, window, qkvBias, headNorms, postNorms, fused } = hyperparameters
  const [queries, keys] = [heads * headDim, kvHeads * headDim]
  const rows = (of: MatrixTensor, firstRow: number, count: number): MatrixTensor => ({ ...of, firstRow, rows: count })
  const sourceElement = (element: number) => ropeSourceRow(hyperparameters, element)
  const joined = (rotated: string[], plain: string[]) =>
    vectorOf(
      ...rotated.flatMap(part => vector(part).sources.map(source => ({ ...source, sourceElement }))),
      ...plain.flatMap(part => vector(part).sources)
    )
  const qkv = fused ? matrix('attn_qkv.weight') : undefined
  const gateUp = fused ? matrix('ffn_up.weight') : undefined
  return {
    window: window?.layers.includes(layer) ? window.size : undefined,
    rotation: rotationOf(hyperparameters, layer),
    attentionNorm: vector('attn_norm.weight'),
    query: qkv ? rows(qkv, 0, queries) : matrix('attn_q.weight'),
    key: qkv ? rows(qkv, queries, keys) : matrix('attn_k.weight'),
    value: qkv ? rows(qkv, queries + keys, keys) : matrix('attn_v.weight'),
    biases: qkvBias && joined(['attn_q.bias', 'attn_k.bias'], ['attn_v.bias']),
    headNorms: headNorms && joined(['attn_q_norm.weight', 'attn_k_norm.weight'], []),
    attentionOutput: matrix('attn_output.weight'),
    postAttentionNorm: postNorms && vector('post_attention_norm.weight'),
    feedForwardNorm: vector('ffn_norm.weight'),
    gate: gateUp ? rows(gateUp, 0, feedForward) : matrix('ffn_gate.weight'),
    up: gateUp ? rows(gateUp, feedForward, feedForward) : matrix('ffn_up.weight'),
    down: matrix('ffn_down.weight'),
    postFeedForwardNorm: postNorms && vector('post_ffw_norm.weight')
  }
}

/** Every gain, bias and factor of a layer. */
export function vectorsOf(layer: LayerTensors): VectorPart[] {
  const { attentionNorm, biases, headNorms, postAttentionNorm, feedForwardNorm, postFeedForwardNorm } = layer
  const all = [attentionNorm, biases, headNorms, postAttentionNorm, feedForwardNorm, postFeedForwardNorm]
  return all.filter(part => part !== undefined)
}

function checkedVector(info: TensorInfo): TensorInfo {
  if (info.type !== 'F32' || info.bytes !== info.dims[0]! * 4)
    throw new InvalidFileError(`tensor '${info.name}': ${info.bytes} bytes of ${info.type} for ${info.dims[0]} elements in F32`)
  return info
}

function decoderOf(info: TensorInfo): WeightDecoder {
  const decoder = decoderFor(info.type)
  if (decoder === undefined) throw new UnsupportedModelError(`tensor '${info.name}': the engine has no decoder for ${info.type}`)
  const { blockElements, fileBlockBytes } = decoder
  if (info.dims[0]! % blockElements !== 0)
    throw new InvalidFileError(
      `tensor '${info.name}': a row of ${info.dims[0]} is not whole blocks of ${blockElements} (${info.type})`
    )
  const bytes = (info.dims.reduce((product, dim) => product * dim, 1) / blockElements) * fileBlockBytes
  if (info.bytes !== bytes)
    throw new InvalidFileError(`tensor '${info.name}': ${info.bytes} bytes, but ${bytes} follow from its dimensions`)
  return decoder
}
