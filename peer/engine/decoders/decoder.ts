/**
 * The seam between a tensor type and the kernels: how its bytes lie in a file, how they are laid out for the GPU
 * without loss, and how WGSL turns 32 of its elements into floats. Adding a type is adding one of these.
 *
 * On the GPU a matrix is planes of 16-byte units in one buffer: all quants of all rows, then all high bits, then all
 * scales. Kernels read whole units, so loads are aligned whatever odd size a block has in the file.
 */
import type { TensorType } from '../../model/types.ts'

/** Elements a kernel takes at once; every row must be a multiple of it. */
export const GROUP_ELEMENTS = 32
/** Bytes of a unit: what one vec4<u32> load moves. */
export const UNIT_BYTES = 16

/** One of something for each plane: `high` holds the bits that did not fit among the quants. */
export interface Planes<T> {
  quants: T
  high: T
  scales: T
}

export interface WeightDecoder {
  type: TensorType
  /** Elements that lie together in a file, a multiple of GROUP_ELEMENTS; every row must be whole blocks. */
  blockElements: number
  /** Bytes of a block in a GGUF file. */
  fileBlockBytes: number
  /** Bytes of a block in each plane. Quants are whole units; the other planes hold rows one after the other without gaps. */
  planeBlockBytes: Planes<number>
  /** Elements have an offset beside their scale. */
  offsets: boolean
  /**
   * Copies one row of `blocks` blocks from file layout at `source[from…]` into the planes.
   * Returns false when the row holds a NaN or an infinity: no trained weight does, and kernels may not be trusted with them.
   */
  repackRow: (source: Uint8Array, from: number, blocks: number, row: Planes<Uint8Array>) => boolean
  /** The elements of the block at `source[from…]` (file layout) in f64: what the self-test holds the kernels to. */
  decodeBlock: (source: Uint8Array, from: number) => Float64Array
  /** Writes a block of random elements about `1` large (about 2^-18 if `small`, with subnormal halves) in file layout. */
  sampleBlock: (next: () => number, small: boolean, target: Uint8Array, from: number) => void
  /**
   * Declares, over the buffer `weights: array<vec4u>` with planes that start at the units of a `Planes` (kernels/shared.ts):
   * `fn quad_TYPE(planes: Planes, index: u32, quad: u32) -> vec4f`, quants 4·quad … 4·quad + 3 of group `index`, and
   * `fn scale_TYPE(planes: Planes, index: u32) -> vec2f`, the group's scale and offset: an element is scale · quant + offset.
   * The offset is a literal 0.0 where `offsets` is false.
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
// The two halves of a word: a scale and an offset, or a scale and a minimum.
fn half_pair(word: u32) -> vec2f { return vec2f(half_to_float(word & 0xffffu), half_to_float(word >> 16u)); }
`

/** WGSL for what planes of less than a unit a block hold: f16s, eight to a unit, and words, four to a unit. */
export const narrowPlanesWgsl = /* wgsl */ `
fn half_in_plane(plane: u32, index: u32) -> f32 {
  let word = weights[plane + (index >> 3u)][(index >> 1u) & 3u];
  return half_to_float((word >> ((index & 1u) * 16u)) & 0xffffu);
}
fn word_in_plane(plane: u32, index: u32) -> u32 { return weights[plane + (index >> 2u)][index & 3u]; }
`

/**
 * WGSL for bits packed across a group: in a unit's 16 bytes the low nibbles are its first 16 quants, the high nibbles its
 * other 16; in K-quants nibbles, pairs of bits and single bits of four successive quants lie in the four bytes of a word.
 */
export const bitsWgsl = /* wgsl */ `
fn nibble_quad(unit: u32, quad: u32) -> vec4u { return byte_fields(weights[unit][quad & 3u] >> ((quad >> 2u) * 4u), 0xfu); }
fn byte_fields(word: u32, mask: u32) -> vec4u { return vec4u(word, word >> 8u, word >> 16u, word >> 24u) & vec4u(mask); }
fn bit_fields(bits: u32) -> vec4u { return vec4u(bits, bits >> 1u, bits >> 2u, bits >> 3u) & vec4u(1u); }
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

/** Writes random bytes into `target[from … end)`. */
export function sampleBytes(next: () => number, target: Uint8Array, from: number, end: number): void {
  for (let at = from; at < end; at++) target[at] = Math.floor(next() * 256)
}

/** True when a little-endian f16 at `bytes[at]` is neither NaN nor infinity. */
export function isFiniteHalf(bytes: Uint8Array, at: number): boolean {
  return (bytes[at + 1]! & 0x7c) !== 0x7c
}
