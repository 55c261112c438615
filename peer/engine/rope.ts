/**
 * Rotary position embedding, the parts that are values: the row order that makes rotation pairs adjacent, and the
 * tables of angles. WGSL's own sin and cos promise 2^-11 only within [−π, π], so tables are computed here in f64.
 */
import type { Hyperparameters, RopeScaling } from '../model/types.ts'

/** How a layer rotates: as the model does, with its windowed layers' own base, or not at all. */
export type Rotation = 'model' | 'window' | 'none'

export function rotationOf({ unrotated, window }: Hyperparameters, layer: number): Rotation {
  if (unrotated?.includes(layer)) return 'none'
  return window?.ropeBase !== undefined && window.layers.includes(layer) ? 'window' : 'model'
}

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

/** Angle between neighbouring positions for each rotating pair, and the factor on what is rotated. `factors` divide the frequencies. */
export function rotationAngles(
  { ropeBase, ropeDimensions, ropeScaling, window }: Hyperparameters,
  rotation: Exclude<Rotation, 'none'>,
  factors?: Float32Array
): { angles: number[]; magnitude: number } {
  const ofWindow = rotation === 'window'
  const base = ofWindow ? window!.ropeBase! : ropeBase
  const scaling = ofWindow ? undefined : ropeScaling
  const angles = Array.from({ length: ropeDimensions / 2 }, (_, pair) => {
    const angle = base ** ((-2 * pair) / ropeDimensions) / (ofWindow ? 1 : (factors?.[pair] ?? 1))
    if (scaling === undefined) return angle
    const stretched = angle / scaling.factor
    const kept = scaling.kind === 'yarn' ? yarnKeeps(scaling, base, ropeDimensions, pair) : 0
    return stretched * (1 - kept) + angle * kept
  })
  const { kind, factor = 1, magnitude = 1 } = scaling ?? {}
  // YaRN's temperature: https://arxiv.org/abs/2309.00071, equation 22.
  return { angles, magnitude: magnitude * (kind === 'yarn' ? 1 + 0.1 * Math.log(factor) : 1) }
}

/** Turns within the original context below and above which YaRN stretches a pair wholly and not at all; llama.cpp's defaults. */
const YARN_TURNS = { slow: 1, fast: 32 }

/** How much of a pair's frequency YaRN keeps, from 0 to 1, the ramp laid out over pairs as in llama.cpp's ggml_rope_yarn_corr_dims. */
function yarnKeeps({ originalContext }: RopeScaling, base: number, dimensions: number, pair: number): number {
  const pairOf = (turns: number) => (dimensions * Math.log(originalContext! / (turns * 2 * Math.PI))) / (2 * Math.log(base))
  const low = Math.max(0, Math.floor(pairOf(YARN_TURNS.fast)))
  const high = Math.min(dimensions - 1, Math.ceil(pairOf(YARN_TURNS.slow)))
  return 1 - Math.min(1, Math.max(0, (pair - low) / Math.max(0.001, high - low)))
}

/** (cos, sin) of each pair of a head at positions 0 … positions − 1, positions × headDim/2 × 2; (1, 0) for pairs that do not rotate. */
export function ropeTable(
  hyperparameters: Hyperparameters,
  positions: number,
  rotation: Exclude<Rotation, 'none'>,
  factors?: Float32Array
): Float32Array<ArrayBuffer> {
  const pairs = hyperparameters.headDim / 2
  const { angles, magnitude } = rotationAngles(hyperparameters, rotation, factors)
  const table = new Float32Array(positions * hyperparameters.headDim)
  for (let pair = 0; pair < pairs; pair++) {
    const angle = angles[pair] ?? 0
    const factor = pair < angles.length ? magnitude : 1
    for (let position = 0; position < positions; position++) {
      const at = (position * pairs + pair) * 2
      table[at] = Math.cos(position * angle) * factor
      table[at + 1] = Math.sin(position * angle) * factor
    }
  }
  return table
}
