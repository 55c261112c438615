/**
 * A small model in the likeness of a real span: the same tensor types in the same places, the same head, rotation and other
 * facts, so that the self-test runs the very kernels the span will run. Values are drawn from a fixed seed; every fourth row is so
 * small that its f16 scales are subnormal.
 */
import { tensorsOfSpan } from '../model/span-tensors.ts'
import type { Hyperparameters, Span, TensorInfo, TensorReader } from '../model/types.ts'
import { GROUP_ELEMENTS } from './decoders/decoder.ts'
import { decoderFor } from './decoders/table.ts'
import { rotationOf } from './rope.ts'

export interface SmallModel {
  hyperparameters: Hyperparameters
  span: Span
  reader: TensorReader
  /** The tensors' bytes by name. */
  bytes: Map<string, Uint8Array<ArrayBuffer>>
}

/** Shorter than the self-test's sequence, so that a kernel that ignores the window is found out. */
const WINDOW = 5

/** One layer for each way in which the span's layers combine tensor types, window and rotation. `hyperparameters` and `span` are the real ones. */
export function smallModel(hyperparameters: Hyperparameters, span: Span, tensors: Pick<TensorReader, 'info'>): SmallModel {
  const { layers, headDim } = hyperparameters
  const representatives = new Map<string, number>()
  for (let layer = span.first; layer < span.end; layer++) {
    const names = tensorsOfSpan(hyperparameters, { first: layer, end: layer + 1 }).map(tensor => tensor.name)
    const types = names.filter(name => name.startsWith('blk.')).map(name => tensors.info(name)?.type)
    const kind = [...types, hyperparameters.window?.layers.includes(layer), rotationOf(hyperparameters, layer)].join()
    if (!representatives.has(kind)) representatives.set(kind, layer)
  }
  const first = span.first === 0 ? 0 : 1
  const sources = [...representatives.values()]
  const smallLayers = (real: readonly number[] | undefined) =>
    sources.flatMap((layer, index) => (real?.includes(layer) ? [first + index] : []))
  const { window, unrotated } = hyperparameters
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
    contextLength: 64,
    ...(window && { window: { ...window, size: Math.min(WINDOW, window.size), layers: smallLayers(window.layers) } }),
    ...(unrotated && { unrotated: smallLayers(unrotated) })
  }
  const next = seeded(20_240_607)
  const infos = new Map<string, TensorInfo>()
  const bytes = new Map<string, Uint8Array<ArrayBuffer>>()
  for (const { name, dims } of tensorsOfSpan(small, { first, end })) {
    if (dims.length === 1) {
      const length = dims[0]!
      // Rotation factors divide, and gains of zero would hide what they are factors of.
      const elements = Float32Array.from({ length }, () => 0.5 + next())
      infos.set(name, { name, type: 'F32', dims, offset: 0, bytes: 4 * length })
      bytes.set(name, new Uint8Array(elements.buffer))
      continue
    }
    const real = name.replace(/^blk\.(\d+)\./, (_, layer) => `blk.${sources[Number(layer) - first]}.`)
    const type = tensors.info(real)?.type ?? 'F32'
    const decoder = decoderFor(type)!
    const blocks = dims[0]! / decoder.blockElements
    const rows = dims[1]!
    const data = new Uint8Array(rows * blocks * decoder.fileBlockBytes)
    for (let row = 0; row < rows; row++)
      for (let block = 0; block < blocks; block++)
        decoder.sampleBlock(next, row % 4 === 3, data, (row * blocks + block) * decoder.fileBlockBytes)
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
