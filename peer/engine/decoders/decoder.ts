/**
 * The seam between a tensor type and the kernels: how its bytes lie in a file, how they are laid out for the GPU
 * without loss, and how WGSL turns 32 of its elements into floats. Adding a type is adding one of these.
 *
 * On the GPU a matrix is planes of 16-byte units in one buffer: all quants of all rows, then all scales. Kernels read
 * whole units, so loads are aligned whatever odd size a block has in the file.
 */
import type { TensorType } from '../../model/types.ts'

/** Elements a kernel takes at once; every row must be a multiple of it. */
export const GROUP_ELEMENTS = 32
/** Bytes of a unit: what one vec4<u32> load moves. */
export const UNIT_BYTES = 16

export interface WeightDecoder {
  type: TensorType
  /** Bytes of 32 elements in a GGUF file. */
  fileBytesPerGroup: number
  /** Bytes of 32 elements in the quants plane; a multiple of UNIT_BYTES. */
  quantBytesPerGroup: number
  /** Bytes of 32 elements in the scales plane. */
  scaleBytesPerGroup: number
  /**
   * Copies one row of `groups` groups from file layout at `source[from…]` into both planes.
   * Returns false when the row holds a NaN or an infinity: no trained weight does, and kernels may not be trusted with them.
   */
  repackRow: (source: Uint8Array, from: number, groups: number, quants: Uint8Array, scales: Uint8Array) => boolean
  /** The 32 elements of the group at `source[from…]` (file layout) in f64: what the self-test holds the kernels to. */
  decodeGroup: (source: Uint8Array, from: number) => Float64Array
  /** Writes a group of random elements about `1` large (about 2^-18 if `small`, with subnormal halves) in file layout. */
  sampleGroup: (next: () => number, small: boolean, target: Uint8Array, from: number) => void
  /**
   * Declares, over the buffer `weights: array<vec4u>` with planes that start at units `quants` and `scales`:
   * `fn quad_TYPE(quants: u32, index: u32, quad: u32) -> vec4f`, elements 4·quad … 4·quad + 3 of group `index`, and
   * `fn scale_TYPE(scales: u32, index: u32) -> f32`, what all of the group's elements are to be multiplied by.
   */
  wgsl: string
}

/** What every decoder's WGSL builds on. */
export const halvesWgsl = /* wgsl */ `
// Integer decoding: unpack2x16float may flush subnormals, and small-valued tensors have subnormal scales.
fn halves_to_floats(h: vec4u) -> vec4f {
  let magnitude = h & vec4u(0x7fffu);
  let normal = bitcast<vec4f>((magnitude << vec4u(13u)) + vec4u(0x38000000u));
  let subnormal = vec4f(magnitude) * 5.9604644775390625e-8;
  let value = select(normal, subnormal, magnitude < vec4u(0x400u));
  return select(value, -value, (h & vec4u(0x8000u)) != vec4u(0u));
}
fn half_to_float(h: u32) -> f32 {
  let magnitude = h & 0x7fffu;
  let value = select(bitcast<f32>((magnitude << 13u) + 0x38000000u), f32(magnitude) * 5.9604644775390625e-8, magnitude < 0x400u);
  return select(value, -value, (h & 0x8000u) != 0u);
}
`

/** WGSL for scale `index` of a plane of f16 scales, eight to a unit. */
export const halfScaleWgsl = /* wgsl */ `
fn half_scale(scales: u32, index: u32) -> f32 {
  let word = weights[scales + (index >> 3u)][(index >> 1u) & 3u];
  return half_to_float((word >> ((index & 1u) * 16u)) & 0xffffu);
}
`

/** The value of a little-endian f16. */
export function halfAt(bytes: Uint8Array, at: number): number {
  const bits = bytes[at]! | (bytes[at + 1]! << 8)
  const exponent = (bits >> 10) & 0x1f
  const mantissa = bits & 0x3ff
  const magnitude = exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25)
  return bits & 0x8000 ? -magnitude : magnitude
}

/** Writes a random f16: of magnitude 2^exponent up to twice that, or subnormal and not zero. */
export function sampleHalf(next: () => number, exponent: number | 'subnormal', target: Uint8Array, at: number): void {
  const mantissa = Math.floor(next() * 1024)
  const bits = exponent === 'subnormal' ? Math.max(1, mantissa) : ((exponent + 15) << 10) | mantissa
  target[at] = bits & 0xff
  target[at + 1] = (bits >> 8) | (next() < 0.5 ? 0x80 : 0)
}

/** True when a little-endian f16 at `bytes[at]` is neither NaN nor infinity. */
export function isFiniteHalf(bytes: Uint8Array, at: number): boolean {
  return (bytes[at + 1]! & 0x7c) !== 0x7c
}
