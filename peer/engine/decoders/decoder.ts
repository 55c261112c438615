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

/** True when a little-endian f16 at `bytes[at]` is neither NaN nor infinity. */
export function isFiniteHalf(bytes: Uint8Array, at: number): boolean {
  return (bytes[at + 1]! & 0x7c) !== 0x7c
}
