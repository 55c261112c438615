/**
 * Q5_0: in the file, blocks of 32 elements: an f16 scale d, 4 bytes whose bit i is the fifth bit of element i, then 16
 * bytes; byte j's low nibble belongs to element j, its high nibble to element j + 16; element i is d·(qᵢ − 16) of the five
 * bits q. On the GPU 1 unit of quants a block, a word of the high plane, and 2 bytes of the scales plane.
 */
import { halfAt, isFiniteHalf, sampleBytes, sampleHalf, UNIT_BYTES, type WeightDecoder } from './decoder.ts'

const FILE_BLOCK = 22

export const q5_0Decoder: WeightDecoder = {
  type: 'Q5_0',
  blockElements: 32,
  fileBlockBytes: FILE_BLOCK,
  planeBlockBytes: { quants: UNIT_BYTES, high: 4, scales: 2 },
  offsets: false,
  repackRow: (source, from, blocks, { quants, high, scales }) => {
    let finite = true
    for (let block = 0; block < blocks; block++) {
      const at = from + block * FILE_BLOCK
      finite &&= isFiniteHalf(source, at)
      scales.set(source.subarray(at, at + 2), block * 2)
      high.set(source.subarray(at + 2, at + 6), block * 4)
      quants.set(source.subarray(at + 6, at + FILE_BLOCK), block * 16)
    }
    return finite
  },
  decodeBlock: (source, from) => {
    const scale = halfAt(source, from)
    return Float64Array.from({ length: 32 }, (_, i) => {
      const byte = source[from + 6 + (i % 16)]!
      const fifth = (source[from + 2 + (i >> 3)]! >> (i & 7)) & 1
      return scale * (((i < 16 ? byte & 15 : byte >> 4) | (fifth << 4)) - 16)
    })
  },
  sampleBlock: (next, small, target, from) => {
    sampleHalf(next, small ? 'subnormal' : -4, target, from)
    sampleBytes(next, target, from + 2, from + FILE_BLOCK)
  },
  wgsl: /* wgsl */ `
fn quad_Q5_0(planes: Planes, index: u32, quad: u32) -> vec4f {
  let fifth = bit_fields(word_in_plane(planes.high, index) >> (quad * 4u)) << vec4u(4u);
  return vec4f(nibble_quad(planes.quants + index, quad) | fifth) - vec4f(16.0);
}
fn scale_Q5_0(planes: Planes, index: u32) -> vec2f { return vec2f(half_in_plane(planes.scales, index), 0.0); }
`
}
