/**
 * Q4_0: in the file, blocks of 32 elements: an f16 scale d, then 16 bytes; byte j's low nibble is element j, its high
 * nibble element j + 16; element i is d·(nᵢ − 8). On the GPU 1 unit of quants a block, and 2 bytes of the scales plane.
 */
import { halfAt, isFiniteHalf, sampleBytes, sampleHalf, UNIT_BYTES, type WeightDecoder } from './decoder.ts'

const FILE_BLOCK = 18

export const q4_0Decoder: WeightDecoder = {
  type: 'Q4_0',
  blockElements: 32,
  fileBlockBytes: FILE_BLOCK,
  planeBlockBytes: { quants: UNIT_BYTES, high: 0, scales: 2 },
  offsets: false,
  repackRow: (source, from, blocks, { quants, scales }) => {
    let finite = true
    for (let block = 0; block < blocks; block++) {
      const at = from + block * FILE_BLOCK
      finite &&= isFiniteHalf(source, at)
      scales[block * 2] = source[at]!
      scales[block * 2 + 1] = source[at + 1]!
      quants.set(source.subarray(at + 2, at + FILE_BLOCK), block * 16)
    }
    return finite
  },
  decodeBlock: (source, from) => {
    const scale = halfAt(source, from)
    return Float64Array.from({ length: 32 }, (_, i) => {
      const byte = source[from + 2 + (i % 16)]!
      return scale * ((i < 16 ? byte & 15 : byte >> 4) - 8)
    })
  },
  sampleBlock: (next, small, target, from) => {
    sampleHalf(next, small ? 'subnormal' : -3, target, from)
    sampleBytes(next, target, from + 2, from + FILE_BLOCK)
  },
  wgsl: /* wgsl */ `
fn quad_Q4_0(planes: Planes, index: u32, quad: u32) -> vec4f {
  return vec4f(nibble_quad(planes.quants + index, quad)) - vec4f(8.0);
}
fn scale_Q4_0(planes: Planes, index: u32) -> vec2f { return vec2f(half_in_plane(planes.scales, index), 0.0); }
`
}
