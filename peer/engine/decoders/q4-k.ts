/**
 * Q4_K: in the file, blocks of 256 elements: 16 bytes of scales (k-scales.ts), then 128 bytes of nibbles; groups 2p and
 * 2p + 1 are the low and the high nibbles of bytes 32p … 32p + 31. On the GPU the same 9 units, in the quants plane.
 */
import { sampleBytes, UNIT_BYTES, type WeightDecoder } from './decoder.ts'
import { groupScale, isFiniteHeader, sampleHeader } from './k-scales.ts'

const BLOCK = 144

export const q4_KDecoder: WeightDecoder = {
  type: 'Q4_K',
  blockElements: 256,
  fileBlockBytes: BLOCK,
  planeBlockBytes: { quants: 9 * UNIT_BYTES, high: 0, scales: 0 },
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
      const byte = source[from + 16 + 32 * (group >> 1) + (i & 31)]!
      return scale * ((group & 1) === 0 ? byte & 15 : byte >> 4) + offset
    }),
  sampleBlock: (next, small, target, from) => {
    sampleHeader(next, small, 4, target, from)
    sampleBytes(next, target, from + 16, from + BLOCK)
  },
  wgsl: /* wgsl */ `
fn quad_Q4_K(planes: Planes, index: u32, quad: u32) -> vec4f {
  let unit = planes.quants + (index >> 3u) * 9u + 1u + ((index >> 1u) & 3u) * 2u + (quad >> 2u);
  return vec4f(byte_fields(weights[unit][quad & 3u] >> ((index & 1u) * 4u), 0xfu));
}
fn scale_Q4_K(planes: Planes, index: u32) -> vec2f { return k_scale(weights[planes.quants + (index >> 3u) * 9u], index & 7u); }
`
}
