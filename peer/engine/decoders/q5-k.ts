/**
 * Q5_K: in the file, blocks of 256 elements: 16 bytes of scales (k-scales.ts), 32 bytes whose byte j, bit g is the fifth bit
 * of group g's element j, then 128 bytes of nibbles as in Q4_K. On the GPU the same 11 units, in the quants plane.
 */
import { sampleBytes, UNIT_BYTES, type WeightDecoder } from './decoder.ts'
import { groupScale, isFiniteHeader, sampleHeader } from './k-scales.ts'

const BLOCK = 176

export const q5_KDecoder: WeightDecoder = {
  type: 'Q5_K',
  blockElements: 256,
  fileBlockBytes: BLOCK,
  planeBlockBytes: { quants: 11 * UNIT_BYTES, high: 0, scales: 0 },
  offsets: true,
  repackRow: (source, from, blocks, { quants }) => {
    quants.set(source.subarray(from, from + blocks * BLOCK))
    for (let block = 0; block < blocks; block++) if (!isFiniteHeader(source, from + block * BLOCK)) return false
    return true
  },
  decodeBlock: (source, from) =>
    Float64Array.from({ length: 256 }, (_, i) => {
      const group = i >> 5
      const { scale, offset } = groupScale(source, from, group)
      const byte = source[from + 48 + 32 * (group >> 1) + (i & 31)]!
      const fifth = (source[from + 16 + (i & 31)]! >> group) & 1
      return scale * (((group & 1) === 0 ? byte & 15 : byte >> 4) | (fifth << 4)) + offset
    }),
  sampleBlock: (next, small, target, from) => {
    sampleHeader(next, small, 5, target, from)
    sampleBytes(next, target, from + 16, from + BLOCK)
  },
  wgsl: /* wgsl */ `
fn quad_Q5_K(planes: Planes, index: u32, quad: u32) -> vec4f {
  let block = planes.quants + (index >> 3u) * 11u;
  let half = quad >> 2u;
  let fifth = byte_fields(weights[block + 1u + half][quad & 3u] >> (index & 7u), 1u) << vec4u(4u);
  let word = weights[block + 3u + ((index >> 1u) & 3u) * 2u + half][quad & 3u];
  return vec4f(byte_fields(word >> ((index & 1u) * 4u), 0xfu) | fifth);
}
fn scale_Q5_K(planes: Planes, index: u32) -> vec2f { return k_scale(weights[planes.quants + (index >> 3u) * 11u], index & 7u); }
`
}
