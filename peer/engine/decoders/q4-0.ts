/**
 * Q4_0: in the file, blocks of 32 elements: an f16 scale d, then 16 bytes; byte j's low nibble is element j, its high
 * nibble element j + 16; element i is d·(nᵢ − 8). On the GPU 1 unit of quants a block, and 2 bytes of the scales plane.
 */
import { halfAt, isFiniteHalf, sampleHalf, UNIT_BYTES, type WeightDecoder } from './decoder.ts'

const FILE_BLOCK = 18

export const q4_0Decoder: WeightDecoder = {
  type: 'Q4_0',
  fileBytesPerGroup: FILE_BLOCK,
  quantBytesPerGroup: UNIT_BYTES,
  scaleBytesPerGroup: 2,
  repackRow: (source, from, groups, quants, scales) => {
    let finite = true
    for (let group = 0; group < groups; group++) {
      const at = from + group * FILE_BLOCK
      finite &&= isFiniteHalf(source, at)
      scales[group * 2] = source[at]!
      scales[group * 2 + 1] = source[at + 1]!
      quants.set(source.subarray(at + 2, at + FILE_BLOCK), group * 16)
    }
    return finite
  },
  decodeGroup: (source, from) => {
    const scale = halfAt(source, from)
    return Float64Array.from({ length: 32 }, (_, i) => {
      const byte = source[from + 2 + (i % 16)]!
      return scale * ((i < 16 ? byte & 15 : byte >> 4) - 8)
    })
  },
  sampleGroup: (next, small, target, from) => {
    sampleHalf(next, small ? 'subnormal' : -3, target, from)
    for (let i = 2; i < FILE_BLOCK; i++) target[from + i] = Math.floor(next() * 256)
  },
  wgsl: /* wgsl */ `
fn quad_Q4_0(quants: u32, index: u32, quad: u32) -> vec4f {
  let word = weights[quants + index][quad & 3u] >> ((quad >> 2u) * 4u);
  return vec4f(vec4u(word, word >> 8u, word >> 16u, word >> 24u) & vec4u(0xfu)) - vec4f(8.0);
}
fn scale_Q4_0(scales: u32, index: u32) -> f32 { return half_scale(scales, index); }
`
}
