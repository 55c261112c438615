/**
 * What each kernel should have computed, in f64, with the error f32 arithmetic may make. Written from the formulas and
 * the file layout: nothing here knows planes, pairs or tiles.
 */
import type { Hyperparameters, TensorInfo } from '../model/types.ts'
import { decoderFor } from './decoders/table.ts'

export interface Expected {
  value: number
  tolerance: number
}

/** Error of an f32 sum of a hundred products, relative to the sum of their magnitudes; exp and inverseSqrt stay below it too. */
const ROUNDING = 1e-5
/** Below the smallest normal f32 times a thousand: adapters may flush what is smaller. */
const TINY = 1e-35

/** Elements of a tensor, row by row, from its bytes in file layout. */
export function decodeTensor(info: TensorInfo, bytes: Uint8Array): Float64Array {
  if (info.dims.length === 1) return Float64Array.from(new Float32Array(bytes.slice().buffer))
  const decoder = decoderFor(info.type)!
  const values = new Float64Array(info.dims.reduce((product, dim) => product * dim, 1))
  for (let block = 0; block < values.length / decoder.blockElements; block++)
    values.set(decoder.decodeBlock(bytes, block * decoder.fileBlockBytes), block * decoder.blockElements)
  return values
}

/** Rows of `matrix` times `x`. */
export function product(matrix: Float64Array, x: Float64Array): Expected[] {
  return Array.from({ length: matrix.length / x.length }, (_, row) => {
    let value = 0
    let size = 0
    for (let column = 0; column < x.length; column++) {
      const term = matrix[row * x.length + column]! * x[column]!
      value += term
      size += Math.abs(term)
    }
    return { value, tolerance: ROUNDING * size + TINY }
  })
}

export function rmsNorm(x: Float64Array, gain: Float64Array, epsilon: number): Expected[] {
  const mean = x.reduce((sum, value) => sum + value * value, 0) / x.length
  return Array.from(x, (value, i) => {
    const normed = (value / Math.sqrt(mean + epsilon)) * gain[i]!
    return { value: normed, tolerance: ROUNDING * Math.abs(normed) + TINY }
  })
}

/** Element by element, as f32 adds. */
export function add(a: readonly Expected[], b: ArrayLike<number>): Expected[] {
  return a.map(({ value, tolerance }, i) => ({
    value: value + b[i]!,
    tolerance: tolerance + ROUNDING * (Math.abs(value) + Math.abs(b[i]!))
  }))
}

/** `rows` times a factor. */
export function times(rows: readonly Expected[], factor = 1): Expected[] {
  return rows.map(({ value, tolerance }) => ({ value: factor * value, tolerance: Math.abs(factor) * tolerance }))
}

/** c · tanh(x / c), whose slope is at most 1. */
export function softCapped(rows: readonly Expected[], cap: number | undefined): Expected[] {
  if (cap === undefined) return [...rows]
  return rows.map(({ value, tolerance }) => ({ value: capped(value, cap), tolerance: tolerance + ROUNDING * cap }))
}

const capped = (value: number, cap: number) => cap * Math.tanh(value / cap)

/** Rotates the heads of `rows` in the file's order of elements by an angle a position for each pair. */
export function rotate(
  rows: Expected[],
  position: number,
  { headDim, ropeDimensions, ropePairing }: Hyperparameters,
  { angles, magnitude }: { angles: readonly number[]; magnitude: number }
): Expected[] {
  const out = [...rows]
  for (let head = 0; head < rows.length; head += headDim)
    for (const [pair, step] of angles.entries()) {
      const cos = Math.cos(position * step) * magnitude
      const sin = Math.sin(position * step) * magnitude
      const first = head + (ropePairing === 'interleaved' ? 2 * pair : pair)
      const second = ropePairing === 'interleaved' ? first + 1 : first + ropeDimensions / 2
      const a = rows[first]!
      const b = rows[second]!
      const tolerance = magnitude * (a.tolerance + b.tolerance + ROUNDING * (Math.abs(a.value) + Math.abs(b.value)))
      out[first] = { value: a.value * cos - b.value * sin, tolerance }
      out[second] = { value: a.value * sin + b.value * cos, tolerance }
    }
  return out
}

/** SiLU, or the tanh form of GELU, of the gate times up. */
export function activated(gate: Expected[], up: Expected[], activation: Hyperparameters['activation']): Expected[] {
  const silu = (x: number) => x / (1 + Math.exp(-x))
  const gelu = (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))
  const act = activation === 'gelu' ? gelu : silu
  return gate.map((g, i) => {
    const u = up[i]!
    const value = act(g.value) * u.value
    // The slopes of both stay below 1.2. GELU is small where its sigmoid is of a large argument, whose rounding counts there.
    const tolerance =
      1.2 * g.tolerance * Math.abs(u.value) +
      Math.abs(act(g.value)) * u.tolerance +
      ROUNDING * (1 + Math.abs(g.value)) * Math.abs(value) +
      TINY
    return { value, tolerance }
  })
}

/** One head: `keys` and `values` are those it may see. */
export function attend(
  query: Float64Array,
  keys: Float64Array[],
  values: Float64Array[],
  { attentionScale = 1 / Math.sqrt(query.length), attentionSoftCap }: Pick<Hyperparameters, 'attentionScale' | 'attentionSoftCap'>
): Expected[] {
  const plain = keys.map(key => key.reduce((sum, value, i) => sum + value * query[i]!, 0) * attentionScale)
  const scores = attentionSoftCap === undefined ? plain : plain.map(score => capped(score, attentionSoftCap))
  const top = Math.max(...scores)
  const weights = scores.map(score => Math.exp(score - top))
  const total = weights.reduce((a, b) => a + b, 0)
  // A score's own rounding acts through exp on every weight.
  const scoreError = ROUNDING * (1 + Math.max(...plain.map(Math.abs)))
  return Array.from(query, (_, i) => {
    let value = 0
    let size = 0
    for (const [k, weight] of weights.entries()) {
      value += (weight / total) * values[k]![i]!
      size += (weight / total) * Math.abs(values[k]![i]!)
    }
    return { value, tolerance: 2 * scoreError * size + TINY }
  })
}

/** What storing in f16 adds: half a unit of its 11 bits, and subnormals that may be flushed. */
export function storedAsHalf(rows: Expected[]): Expected[] {
  return rows.map(({ value, tolerance }) => ({ value, tolerance: tolerance + Math.abs(value) * 2 ** -11 + 2 ** -14 }))
}
