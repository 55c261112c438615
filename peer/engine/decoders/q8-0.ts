/**
 * Q8_0: in the file, blocks of 32 elements: an f16 scale d, then 32 signed bytes q; element i is d·qᵢ.
 * On the GPU 2 units of quants a block, and 2 bytes of the scales plane.
 */
import { halfAt, isFiniteHalf, sampleHalf, UNIT_BYTES, type WeightDecoder } from './decoder.ts'

const FILE_BLOCK = 34

export const q8_0Decoder: WeightDecoder = {
  type: 'Q8_0',
  fileBytesPerGroup: FILE_BLOCK,
  quantBytesPerGroup: 2 * UNIT_BYTES,
  scaleBytesPerGroup: 2,
  repackRow: (source, from, groups, quants, scales) => {
    let finite = true
    for (let group = 0; group < groups; group++) {
      const at = from + group * FILE_BLOCK
      finite &&= isFiniteHalf(source, at)
      scales[group * 2] = source[at]!
      scales[group * 2 + 1] = source[at + 1]!
      quants.set(source.subarray(at + 2, at + FILE_BLOCK), group * 32)
    }
    return finite
  },
  decodeGroup: (source, from) => {
    const scale = halfAt(source, from)
    return Float64Array.from({ length: 32 }, (_, i) => scale * ((source[from + 2 + i]! << 24) >> 24))
  },
  sampleGroup: (next, small, target, from) => {
    sampleHalf(next, small ? 'subnormal' : -7, target, from)
    for (let i = 2; i < FILE_BLOCK; i++) target[from + i] = Math.floor(next() * 256)
  },
  wgsl: /* wgsl */ `
fn quad_Q8_0(quants: u32, index: u32, quad: u32) -> vec4f {
  let word = weights[quants + index * 2u + (quad >> 2u)][quad & 3u];
  return vec4f(bitcast<vec4i>(vec4u(word << 24u, word << 16u, word << 8u, word)) >> vec4u(24u));
}
fn scale_Q8_0(scales: u32, index: u32) -> f32 { return half_scale(scales, index); }
`
}
