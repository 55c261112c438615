/**
 * A small model in the likeness of a real span: the same tensor types in the same places, the same head and rotation, so
 * that the self-test runs the very kernels the span will run. Values are drawn from a fixed seed; every fourth row is so
 * small that its f16 scales are subnormal.
 */
import { tensorsOfSpan } from '../model/span-tensors.ts'
import type { Hyperparameters, Span, TensorInfo, TensorReader } from '../model/types.ts'
import { GROUP_ELEMENTS } from './decoders/decoder.ts'
import { decoderFor } from './decoders/table.ts'

export interface SmallModel {
  hyperparameters: Hyperparameters
  span: Span
  reader: TensorReader
  /** The tensors' bytes by name. */
  bytes: Map<string, Uint8Array<ArrayBuffer>>
}

/** One layer for each way in which the span's layers combine tensor types. `hyperparameters` and `span` are the real ones. */
export function smallModel(hyperparameters: Hyperparameters, span: Span, tensors: Pick<TensorReader, 'info'>): SmallModel {
  const { layers, headDim } = hyperparameters
  const representatives = new Map<string, number>()
  for (let layer = span.first; layer < span.end; layer++) {
    const names = tensorsOfSpan(hyperparameters, { first: layer, end: layer + 1 }).map(tensor => tensor.name)
    const types = names.filter(name => name.startsWith('blk.')).map(name => tensors.info(name)?.type)
    if (!representatives.has(types.join())) representatives.set(types.join(), layer)
  }
  const first = span.first === 0 ? 0 : 1
  const end = first + representatives.size
  const rowMultiple = Math.max(
    ...tensorsOfSpan(hyperparameters, span).map(({ name }) => decoderFor(tensors.info(name)?.type ?? 'F32')!.blockElements)
  )
  const small: Hyperparameters = {
    ...hyperparameters,
    layers: span.end === layers ? end : end + 1,
    width: rowMultiple === GROUP_ELEMENTS ? 2 * GROUP_ELEMENTS : rowMultiple,
    heads: headsFilling(rowMultiple, headDim),
    kvHeads: 1,
    feedForward: rowMultiple === GROUP_ELEMENTS ? 3 * GROUP_ELEMENTS : rowMultiple,
    vocabulary: 79,
    contextLength: 64
  }
  const next = seeded(20_240_607)
  const infos = new Map<string, TensorInfo>()
  const bytes = new Map<string, Uint8Array<ArrayBuffer>>()
  const sources = [...representatives.values()]
  for (const { name, dims } of tensorsOfSpan(small, { first, end })) {
    const real = name.replace(/^blk\.(\d+)\./, (_, layer) => `blk.${sources[Number(layer) - first]}.`)
    const type = tensors.info(real)?.type ?? 'F32'
    const decoder = decoderFor(type)!
    const blocks = dims[0]! / decoder.blockElements
    const rows = dims[1] ?? 1
    const data = new Uint8Array(rows * blocks * decoder.fileBlockBytes)
    for (let row = 0; row < rows; row++)
      for (let block = 0; block < blocks; block++)
        decoder.sampleBlock(next, rows > 1 && row % 4 === 3, data, (row * blocks + block) * decoder.fileBlockBytes)
    infos.set(name, { name, type, dims, offset: 0, bytes: data.length })
    bytes.set(name, data)
  }
  return {
    hyperparameters: small,
    span: { first, end },
    bytes,
    reader: { info: name => infos.get(name), read: async name => bytes.get(name)! }
  }
}

/** Fewest heads, two at least, that make the attention's output rows of whole blocks. */
function headsFilling(rowMultiple: number, headDim: number): number {
  let heads = 2
  while ((heads * headDim) % rowMultiple !== 0) heads++
  return heads
}

/** Uniform in [0, 1), the same everywhere: a failure must be reproducible. https://prng.di.unimi.it/splitmix64.c in 32 bits (splitmix32). */
export function seeded(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let t = state ^ (state >>> 16)
    t = Math.imul(t, 0x21f0aaad)
    t ^= t >>> 15
    t = Math.imul(t, 0x735a2d97)
    return ((t ^ (t >>> 15)) >>> 0) / 4294967296
  }
}
