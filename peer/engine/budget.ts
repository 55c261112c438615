/**
 * Bytes of GPU memory a span takes, from the model's tensor table alone: placement asks how many layers fit a donor's
 * budget before anything is loaded. The span allocates by the same functions, so the answer is what it takes.
 */
import type { Hyperparameters, Span, TensorReader } from '../model/types.ts'
import { type KvType, TOKENS_PER_BLOCK } from './kernels/shared.ts'
import { blocksTouched } from './kv-rows.ts'
import { type MatrixPart, type Operand, planPaired, planStacked } from './matrix.ts'
import { type Rotation, ropeSourceRow } from './rope.ts'
import { type LayerTensors, planSpanTensors, type SpanTensors, vectorsOf } from './span-tensors.ts'
import { stepBufferWords } from './step-buffer.ts'
import type { VectorPart } from './vectors.ts'

/** Head rows one pass over the head computes; more in a step take further passes. Bounds the logits buffer: 8 rows of 128k ids are 4 MiB. */
export const HEAD_ROWS_PER_PASS = 8
/** Bytes of a uniform buffer, more than any struct in one. */
export const UNIFORM_BYTES = 256

export interface SpanLimits {
  /** KV positions shared by all sequences. */
  kvTokens: number
  maxBatchTokens: number
  kv: KvType
  bindingLimit: number
}

export interface SpanBudget {
  weightBytes: number
  kvBytes: number
  scratchBytes: number
  totalBytes: number
}

export interface LayerMatrices {
  qkv: MatrixPart[]
  attentionOutput: MatrixPart[]
  gateUp: MatrixPart[]
  down: MatrixPart[]
}

export interface SpanMatrices {
  embedding: MatrixPart[]
  layers: LayerMatrices[]
  /** The very parts of `embedding` when the head is tied to an embedding that is there. */
  head: MatrixPart[]
}

/** How the span's matrices are laid out. */
export function planMatrices(hyperparameters: Hyperparameters, tensors: SpanTensors, bindingLimit: number): SpanMatrices {
  const sourceRow = (row: number) => ropeSourceRow(hyperparameters, row)
  const stacked = (...operands: Operand[]) => planStacked(operands, bindingLimit)
  const embedding = tensors.embedding === undefined ? [] : stacked({ tensor: tensors.embedding })
  return {
    embedding,
    layers: tensors.layers.map(layer => ({
      qkv: stacked({ tensor: layer.query, sourceRow }, { tensor: layer.key, sourceRow }, { tensor: layer.value }),
      attentionOutput: stacked({ tensor: layer.attentionOutput }),
      gateUp: planPaired({ tensor: layer.gate }, { tensor: layer.up }, bindingLimit),
      down: stacked({ tensor: layer.down })
    })),
    head: tensors.head === undefined ? [] : tensors.head === tensors.embedding ? embedding : stacked({ tensor: tensors.head })
  }
}

/** Every use of a part, one uniform struct each: a tied head uses the embedding's parts once more. */
function usesOf(matrices: SpanMatrices): MatrixPart[] {
  const layers = matrices.layers.flatMap(layer => [...layer.qkv, ...layer.attentionOutput, ...layer.gateUp, ...layer.down])
  return [...matrices.embedding, ...layers, ...matrices.head]
}

/** All parts, each once. */
export function partsOf(matrices: SpanMatrices): MatrixPart[] {
  return [...new Set(usesOf(matrices))]
}

/** Bytes of one layer's K buffer per block; V takes the same. */
export function kvBlockBytes({ kvHeads, headDim }: Hyperparameters, kv: KvType): number {
  return kvHeads * TOKENS_PER_BLOCK * headDim * (kv === 'f16' ? 2 : 4)
}

/** Blocks for `kvTokens`, at most what one binding holds. */
export function kvBlocks(hyperparameters: Hyperparameters, { kvTokens, kv, bindingLimit }: SpanLimits): number {
  return Math.min(Math.ceil(kvTokens / TOKENS_PER_BLOCK), Math.floor(bindingLimit / kvBlockBytes(hyperparameters, kv)))
}

/** Bytes of each scratch buffer. */
export function scratchBytes(hyperparameters: Hyperparameters, limits: SpanLimits, { head, layers }: SpanTensors) {
  const { width, feedForward, headDim, vocabulary, contextLength } = hyperparameters
  const blocks = kvBlocks(hyperparameters, limits)
  const rows = limits.maxBatchTokens
  const heads = head !== undefined
  const logits = heads ? HEAD_ROWS_PER_PASS * 2 * Math.ceil(vocabulary / 2) * 4 : 0
  return {
    step: stepBufferWords(rows, HEAD_ROWS_PER_PASS, blocks) * 4,
    residual: rows * width * 4,
    normed: rows * width * 4,
    queries: rows * hyperparameters.heads * headDim * 4,
    attention: rows * hyperparameters.heads * headDim * 4,
    activation: rows * feedForward * 4,
    rotations: rotationsOf(layers).length * Math.min(contextLength, blocks * TOKENS_PER_BLOCK) * headDim * 4,
    logits,
    readback: Math.max(heads ? 0 : rows * width * 4, logits),
    kvReadback: 2 * layers.length * blocksTouched(rows) * kvBlockBytes(hyperparameters, limits.kv)
  }
}

/** The tables of angles that the layers read. */
export function rotationsOf(layers: readonly LayerTensors[]): Exclude<Rotation, 'none'>[] {
  const rotations = new Set(layers.map(layer => layer.rotation))
  return (['model', 'window'] as const).filter(rotation => rotations.has(rotation))
}

/** Windows that differ, none at all included: each takes a uniform. */
export function windowsOf(layers: readonly LayerTensors[]): (number | undefined)[] {
  return [...new Set([undefined, ...layers.map(layer => layer.window)])]
}

/** Every vector of a span, each once. */
export function spanVectors({ layers, outputNorm }: SpanTensors): VectorPart[] {
  return [...layers.flatMap(vectorsOf), ...(outputNorm === undefined ? [] : [outputNorm])]
}

const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0)

/** @throws UnsupportedModelError, InvalidFileError, as loading would */
export function spanBudget(
  hyperparameters: Hyperparameters,
  span: Span,
  tensors: Pick<TensorReader, 'info'>,
  limits: SpanLimits
): SpanBudget {
  const plan = planSpanTensors(hyperparameters, span, tensors)
  const matrices = planMatrices(hyperparameters, plan, limits.bindingLimit)
  const parts = partsOf(matrices)
  // One a use, and one for each shape.
  const uniforms = UNIFORM_BYTES * (usesOf(matrices).length + windowsOf(plan.layers).length)
  const weightBytes = sum([...parts, ...spanVectors(plan)].map(part => part.bytes))
  const kvBytes = 2 * plan.layers.length * kvBlocks(hyperparameters, limits) * kvBlockBytes(hyperparameters, limits.kv)
  const scratch = uniforms + sum(Object.values(scratchBytes(hyperparameters, limits, plan)))
  return { weightBytes, kvBytes, scratchBytes: scratch, totalBytes: weightBytes + kvBytes + scratch }
}
