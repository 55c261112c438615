/**
 * A span's tensors by the part they play, checked against the hyperparameters before any memory is taken. A tensor that
 * is missing, has other dimensions or a type without decoder is refused by name.
 */
import { InvalidFileError, UnsupportedModelError } from '../errors.ts'
import { spanTensorInfos, tensorsOfSpan } from '../model/span-tensors.ts'
import type { Hyperparameters, Span, TensorInfo, TensorReader } from '../model/types.ts'
import { GROUP_ELEMENTS, type WeightDecoder } from './decoders/decoder.ts'
import { decoderFor } from './decoders/table.ts'

export interface MatrixTensor {
  info: TensorInfo
  decoder: WeightDecoder
  /** Output rows. */
  rows: number
  /** Length of a row in groups of 32 elements. */
  groups: number
}

export interface LayerTensors {
  attentionNorm: TensorInfo
  query: MatrixTensor
  key: MatrixTensor
  value: MatrixTensor
  attentionOutput: MatrixTensor
  feedForwardNorm: TensorInfo
  gate: MatrixTensor
  up: MatrixTensor
  down: MatrixTensor
}

export interface SpanTensors {
  /** For a span that starts at layer 0. */
  embedding: MatrixTensor | undefined
  layers: LayerTensors[]
  /** For a span that ends at the last layer; `head` is `embedding`'s tensor when the model is tied. */
  outputNorm: TensorInfo | undefined
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
  const byName = new Map(infos.map(info => [info.name, { info, decoder: decoderOf(info) }]))
  const vector = (name: string): TensorInfo => byName.get(name)!.info
  const matrix = (name: string): MatrixTensor => {
    const { info, decoder } = byName.get(name)!
    return { info, decoder, rows: info.dims[1]!, groups: info.dims[0]! / GROUP_ELEMENTS }
  }
  const heads = span.end === hyperparameters.layers
  const embedding = span.first === 0 ? matrix('token_embd.weight') : undefined
  const head = () => (hyperparameters.tied ? (embedding ?? matrix('token_embd.weight')) : matrix('output.weight'))
  return {
    embedding,
    layers: Array.from({ length: span.end - span.first }, (_, index) => {
      const prefix = `blk.${span.first + index}.`
      return {
        attentionNorm: vector(`${prefix}attn_norm.weight`),
        query: matrix(`${prefix}attn_q.weight`),
        key: matrix(`${prefix}attn_k.weight`),
        value: matrix(`${prefix}attn_v.weight`),
        attentionOutput: matrix(`${prefix}attn_output.weight`),
        feedForwardNorm: vector(`${prefix}ffn_norm.weight`),
        gate: matrix(`${prefix}ffn_gate.weight`),
        up: matrix(`${prefix}ffn_up.weight`),
        down: matrix(`${prefix}ffn_down.weight`)
      }
    }),
    outputNorm: heads ? vector('output_norm.weight') : undefined,
    head: heads ? head() : undefined
  }
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
