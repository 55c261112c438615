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
fn group_F32(quants: u32, scales: u32, index: u32) -> Group {
  let at = quants + index * 8u;
  var group: Group;
  group.scale = 1.0;
  ${Array.from({ length: 8 }, (_, i) => `group.v[${i}] = bitcast<vec4f>(weights[at + ${i}u]);`).join('\n  ')}
  return group;
}
`
}
