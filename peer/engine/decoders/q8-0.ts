/**
 * Q8_0: in the file, blocks of 32 elements: an f16 scale d, then 32 signed bytes q; element i is d·qᵢ.
 * On the GPU 2 units of quants a block, and 2 bytes of the scales plane.
 */
import { halfAt, isFiniteHalf, sampleBytes, sampleHalf, UNIT_BYTES, type WeightDecoder } from './decoder.ts'

const FILE_BLOCK = 34

export const q8_0Decoder: WeightDecoder = {
  type: 'Q8_0',
  blockElements: 32,
  fileBlockBytes: FILE_BLOCK,
  planeBlockBytes: { quants: 2 * UNIT_BYTES, high: 0, scales: 2 },
  offsets: false,
  repackRow: (source, from, blocks, { quants, scales }) => {
    let finite = true
    for (let block = 0; block < blocks; block++) {
      const at = from + block * FILE_BLOCK
      finite &&= isFiniteHalf(source, at)
      scales[block * 2] = source[at]!
      scales[block * 2 + 1] = source[at + 1]!
      quants.set(source.subarray(at + 2, at + FILE_BLOCK), block * 32)
    }
    return finite
  },
  decodeBlock: (source, from) => {
    const scale = halfAt(source, from)
    return Float64Array.from({ length: 32 }, (_, i) => scale * ((source[from + 2 + i]! << 24) >> 24))
  },
  sampleBlock: (next, small, target, from) => {
    sampleHalf(next, small ? 'subnormal' : -7, target, from)
    sampleBytes(next, target, from + 2, from + FILE_BLOCK)
  },
  wgsl: /* wgsl */ `
fn quad_Q8_0(planes: Planes, index: u32, quad: u32) -> vec4f {
  let word = weights[planes.quants + index * 2u + (quad >> 2u)][quad & 3u];
  return vec4f(bitcast<vec4i>(vec4u(word << 24u, word << 16u, word << 8u, word)) >> vec4u(24u));
}
fn scale_Q8_0(planes: Planes, index: u32) -> vec2f { return vec2f(half_in_plane(planes.scales, index), 0.0); }
`
}
