/** F32: 4 bytes an element; 32 elements are 8 units, no scales. */
import { UNIT_BYTES, type WeightDecoder } from './decoder.ts'

export const f32Decoder: WeightDecoder = {
  type: 'F32',
  fileBytesPerGroup: 128,
  quantBytesPerGroup: 8 * UNIT_BYTES,
  scaleBytesPerGroup: 0,
  repackRow: (source, from, groups, quants) => {
    const row = source.subarray(from, from + groups * 128)
    quants.set(row)
    for (let at = 0; at < row.length; at += 4) if ((row[at + 3]! & 0x7f) === 0x7f && row[at + 2]! >= 0x80) return false
    return true
  },
  wgsl: /* wgsl */ `
fn quad_F32(quants: u32, index: u32, quad: u32) -> vec4f { return bitcast<vec4f>(weights[quants + index * 8u + quad]); }
fn scale_F32(scales: u32, index: u32) -> f32 { return 1.0; }
`
}
