/**
 * Q4_1: in the file, blocks of 32 elements: an f16 scale d, an f16 offset m, then 16 bytes; byte j's low nibble is element
 * j, its high nibble element j + 16; element i is d·nᵢ + m. On the GPU 1 unit of quants a block, and d and m as a word of
 * the scales plane.
 */
import { halfAt, isFiniteHalf, sampleBytes, sampleHalf, UNIT_BYTES, type WeightDecoder } from './decoder.ts'

const FILE_BLOCK = 20

export const q4_1Decoder: WeightDecoder = {
  type: 'Q4_1',
  blockElements: 32,
  fileBlockBytes: FILE_BLOCK,
  planeBlockBytes: { quants: UNIT_BYTES, high: 0, scales: 4 },
  offsets: true,
  repackRow: (source, from, blocks, { quants, scales }) => {
    let finite = true
    for (let block = 0; block < blocks; block++) {
      const at = from + block * FILE_BLOCK
      finite &&= isFiniteHalf(source, at) && isFiniteHalf(source, at + 2)
      scales.set(source.subarray(at, at + 4), block * 4)
      quants.set(source.subarray(at + 4, at + FILE_BLOCK), block * 16)
    }
    return finite
  },
  decodeBlock: (source, from) => {
    const scale = halfAt(source, from)
    const offset = halfAt(source, from + 2)
    return Float64Array.from({ length: 32 }, (_, i) => {
      const byte = source[from + 4 + (i % 16)]!
      return scale * (i < 16 ? byte & 15 : byte >> 4) + offset
    })
  },
  sampleBlock: (next, small, target, from) => {
    sampleHalf(next, small ? 'subnormal' : -3, target, from)
    sampleHalf(next, small ? 'subnormal' : 0, target, from + 2)
    sampleBytes(next, target, from + 4, from + FILE_BLOCK)
  },
  wgsl: /* wgsl */ `
fn quad_Q4_1(planes: Planes, index: u32, quad: u32) -> vec4f { return vec4f(nibble_quad(planes.quants + index, quad)); }
fn scale_Q4_1(planes: Planes, index: u32) -> vec2f { return half_pair(word_in_plane(planes.scales, index)); }
`
}
