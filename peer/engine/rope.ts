/**
 * Rotary position embedding, the parts that are values: the row order that makes rotation pairs adjacent, and the
 * table of angles. WGSL's own sin and cos promise 2^-11 only within [−π, π], so the table is computed here in f64.
 */
import type { Hyperparameters } from '../model/types.ts'

/**
 * Where row `row` of the engine's W_q or W_k comes from in the file's: pair i of a head lies at rows 2i and 2i + 1.
 * Queries and keys are permuted alike, so their products do not change.
 */
export function ropeSourceRow(hyperparameters: Hyperparameters, row: number): number {
  const { headDim, ropeDimensions, ropePairing } = hyperparameters
  const inHead = row % headDim
  if (ropePairing === 'interleaved' || inHead >= ropeDimensions) return row
  return row - inHead + (inHead >> 1) + (inHead & 1) * (ropeDimensions / 2)
}

/** (cos, sin) of each pair of a head at positions 0 … positions − 1, positions × headDim/2 × 2; (1, 0) for pairs that do not rotate. */
export function ropeTable(hyperparameters: Hyperparameters, positions: number): Float32Array<ArrayBuffer> {
  const { headDim, ropeDimensions, ropeBase } = hyperparameters
  const pairs = headDim / 2
  const table = new Float32Array(positions * headDim)
  for (let pair = 0; pair < pairs; pair++) {
    const frequency = pair < ropeDimensions / 2 ? ropeBase ** ((-2 * pair) / ropeDimensions) : 0
    for (let position = 0; position < positions; position++) {
      const at = (position * pairs + pair) * 2
      table[at] = Math.cos(position * frequency)
      table[at + 1] = Math.sin(position * frequency)
    }
  }
  return table
}
