/** BF16: the upper 2 bytes of an F32 an element; 32 elements are 4 units, no scales. */
import { UNIT_BYTES, type WeightDecoder } from './decoder.ts'

export const bf16Decoder: WeightDecoder = {
  type: 'BF16',
  blockElements: 32,
  fileBlockBytes: 64,
  planeBlockBytes: { quants: 4 * UNIT_BYTES, high: 0, scales: 0 },
  offsets: false,
  repackRow: (source, from, blocks, { quants }) => {
    const row = source.subarray(from, from + blocks * 64)
    quants.set(row)
    for (let at = 0; at < row.length; at += 2) if ((row[at + 1]! & 0x7f) === 0x7f && row[at]! >= 0x80) return false
    return true
  },
  decodeBlock: (source, from) => {
    const words = Uint32Array.from({ length: 32 }, (_, i) => (source[from + 2 * i]! << 16) | (source[from + 2 * i + 1]! << 24))
    return Float64Array.from(new Float32Array(words.buffer))
  },
  sampleBlock: (next, small, target, from) => {
    const value = new Float32Array(1)
    const bytes = new Uint8Array(value.buffer)
    for (let i = 0; i < 32; i++) {
      value[0] = (2 * next() - 1) * (small ? 2 ** -18 : 1)
      target.set(bytes.subarray(2), from + 2 * i)
    }
  },
  wgsl: /* wgsl */ `
fn quad_BF16(planes: Planes, index: u32, quad: u32) -> vec4f {
  let unit = planes.quants + index * 4u + (quad >> 1u);
  let word = (quad & 1u) * 2u;
  let low = weights[unit][word];
  let high = weights[unit][word + 1u];
  return bitcast<vec4f>(vec4u(low << 16u, low & 0xffff0000u, high << 16u, high & 0xffff0000u));
}
fn scale_BF16(planes: Planes, index: u32) -> vec2f { return vec2f(1.0, 0.0); }
`
}
