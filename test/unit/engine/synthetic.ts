/**
 * Small seeded models whose values are known by construction: each tensor is drawn as quants and scales, encoded into a
 * file's bytes here, and its elements computed from the drawn numbers, so no decoder is trusted.
 */
import type { Hyperparameters, TensorInfo, TensorReader, TensorType } from '../../../peer/model/types.ts'

export interface SyntheticModel {
  hyperparameters: Hyperparameters
  reader: TensorReader
  infos: Map<string, TensorInfo>
  bytes: Map<string, Uint8Array<ArrayBuffer>>
  /** Elements of each tensor, row by row. */
  values: Map<string, Float64Array>
}

export interface SyntheticOptions {
  seed?: number
  layers?: number
  width?: number
  heads?: number
  kvHeads?: number
  headDim?: number
  feedForward?: number
  vocabulary?: number
  contextLength?: number
  ropeDimensions?: number
  ropePairing?: Hyperparameters['ropePairing']
  tied?: boolean
  normEpsilon?: number
  window?: Hyperparameters['window']
  /** Type of each matrix by its name's middle part, e.g. `attn_q`; `default` for the rest. */
  types?: Partial<Record<string, TensorType>> & { default: TensorType }
  /** Factor on the values of a tensor, by name. */
  scale?: (name: string) => number
}

/** Uniform in [0, 1), reproducible. https://github.com/bryc/code/blob/master/jshash/PRNGs.md#mulberry32 */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export function syntheticModel(options: SyntheticOptions = {}): SyntheticModel {
  const { layers = 2, width = 64, heads = 4, kvHeads = 2, headDim = 16, feedForward = 96, vocabulary = 96 } = options
  const { tied = true, types = { default: 'Q8_0' as const }, scale = () => 1 } = options
  const hyperparameters: Hyperparameters = {
    architecture: 'llama',
    layers,
    width,
    heads,
    kvHeads,
    headDim,
    feedForward,
    vocabulary,
    contextLength: options.contextLength ?? 128,
    normEpsilon: options.normEpsilon ?? 1e-5,
    ropeBase: 10000,
    ropeDimensions: options.ropeDimensions ?? headDim,
    ropePairing: options.ropePairing ?? 'interleaved',
    tied,
    ...(options.window && { window: options.window })
  }
  const next = random(options.seed ?? 1)
  const infos = new Map<string, TensorInfo>()
  const bytes = new Map<string, Uint8Array<ArrayBuffer>>()
  const values = new Map<string, Float64Array>()
  const add = (name: string, dims: number[], type: TensorType, spread: number) => {
    const encoded = encode(
      type,
      dims.reduce((a, b) => a * b, 1),
      spread * scale(name),
      next
    )
    infos.set(name, { name, type, dims, offset: 0, bytes: encoded.bytes.length })
    bytes.set(name, encoded.bytes)
    values.set(name, encoded.values)
  }
  const matrix = (name: string, columns: number, rows: number, gain = 1) => {
    const part = name.split('.').at(-2)!
    add(name, [columns, rows], types[part] ?? types.default, gain / Math.sqrt(columns))
  }
  const gains = (name: string) => {
    const drawn = Float32Array.from({ length: width }, () => 0.5 + next())
    infos.set(name, { name, type: 'F32', dims: [width], offset: 0, bytes: width * 4 })
    bytes.set(name, new Uint8Array(drawn.buffer))
    values.set(name, Float64Array.from(drawn))
  }
  matrix('token_embd.weight', width, vocabulary, 4)
  for (let layer = 0; layer < layers; layer++) {
    const prefix = `blk.${layer}.`
    gains(`${prefix}attn_norm.weight`)
    matrix(`${prefix}attn_q.weight`, width, heads * headDim, 2)
    matrix(`${prefix}attn_k.weight`, width, kvHeads * headDim, 2)
    matrix(`${prefix}attn_v.weight`, width, kvHeads * headDim, 2)
    matrix(`${prefix}attn_output.weight`, heads * headDim, width)
    gains(`${prefix}ffn_norm.weight`)
    matrix(`${prefix}ffn_gate.weight`, width, feedForward, 2)
    matrix(`${prefix}ffn_up.weight`, width, feedForward, 2)
    matrix(`${prefix}ffn_down.weight`, feedForward, width)
  }
  gains('output_norm.weight')
  if (!tied) matrix('output.weight', width, vocabulary, 4)
  const reader: TensorReader = {
    info: name => infos.get(name),
    read: async name => bytes.get(name)!.slice()
  }
  return { hyperparameters, reader, infos, bytes, values }
}

/** `count` elements in blocks of 32, about uniform within ±√3 · spread. */
function encode(type: TensorType, count: number, spread: number, next: () => number) {
  const values = new Float64Array(count)
  const signed = () => (2 * next() - 1) * Math.sqrt(3)
  if (type === 'F32') {
    const drawn = Float32Array.from({ length: count }, () => signed() * spread)
    values.set(drawn)
    return { bytes: new Uint8Array(drawn.buffer), values }
  }
  if (type === 'F16') {
    const drawn = Float16Array.from({ length: count }, () => signed() * spread)
    values.set(drawn)
    return { bytes: new Uint8Array(drawn.buffer), values }
  }
  const levels = type === 'Q8_0' ? 127 : 8
  const blockBytes = type === 'Q8_0' ? 34 : 18
  const bytes = new Uint8Array((count / 32) * blockBytes)
  const view = new DataView(bytes.buffer)
  for (let block = 0; block < count / 32; block++) {
    const scale = Math.f16round(((0.5 + next()) * spread * Math.sqrt(3)) / levels)
    const at = block * blockBytes
    view.setFloat16(at, scale, true)
    for (let i = 0; i < 32; i++) {
      const quant = type === 'Q8_0' ? Math.round((2 * next() - 1) * 127) : Math.floor(next() * 16) - 8
      values[block * 32 + i] = scale * quant
      if (type === 'Q8_0') view.setInt8(at + 2 + i, quant)
      else bytes[at + 2 + (i % 16)]! |= (quant + 8) << (i < 16 ? 0 : 4)
    }
  }
  return { bytes, values }
}
