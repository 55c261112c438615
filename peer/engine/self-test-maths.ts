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

/** Rotates the heads of `rows` in the file's order of elements. */
export function rotate(rows: Expected[], position: number, hyperparameters: Hyperparameters): Expected[] {
  const { headDim, ropeDimensions, ropeBase, ropePairing } = hyperparameters
  const out = [...rows]
  for (let head = 0; head < rows.length; head += headDim)
    for (let pair = 0; pair < ropeDimensions / 2; pair++) {
      const angle = position * ropeBase ** ((-2 * pair) / ropeDimensions)
      const first = head + (ropePairing === 'interleaved' ? 2 * pair : pair)
      const second = ropePairing === 'interleaved' ? first + 1 : first + ropeDimensions / 2
      const a = rows[first]!
      const b = rows[second]!
      const tolerance = a.tolerance + b.tolerance + ROUNDING * (Math.abs(a.value) + Math.abs(b.value))
      out[first] = { value: a.value * Math.cos(angle) - b.value * Math.sin(angle), tolerance }
      out[second] = { value: a.value * Math.sin(angle) + b.value * Math.cos(angle), tolerance }
    }
  return out
}

export function siluTimes(gate: Expected[], up: Expected[]): Expected[] {
  const silu = (x: number) => x / (1 + Math.exp(-x))
  return gate.map((g, i) => {
    const u = up[i]!
    const value = silu(g.value) * u.value
    // |silu′| stays below 1.1.
    const tolerance =
      1.1 * g.tolerance * Math.abs(u.value) + Math.abs(silu(g.value)) * u.tolerance + ROUNDING * Math.abs(value) + TINY
    return { value, tolerance }
  })
}

/** One head: `keys` and `values` are those it may see. */
export function attend(query: Float64Array, keys: Float64Array[], values: Float64Array[]): Expected[] {
  const scores = keys.map(key => key.reduce((sum, value, i) => sum + value * query[i]!, 0) / Math.sqrt(query.length))
  const top = Math.max(...scores)
  const weights = scores.map(score => Math.exp(score - top))
  const total = weights.reduce((a, b) => a + b, 0)
  // A score's own rounding acts through exp on every weight.
  const scoreError = ROUNDING * (1 + Math.max(...scores.map(Math.abs)))
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
