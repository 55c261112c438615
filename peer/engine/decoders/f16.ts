/** F16: 2 bytes an element; 32 elements are 4 units, no scales. Decoded by integers, so it needs no shader-f16. */
import { isFiniteHalf, UNIT_BYTES, type WeightDecoder } from './decoder.ts'

export const f16Decoder: WeightDecoder = {
  type: 'F16',
  fileBytesPerGroup: 64,
  quantBytesPerGroup: 4 * UNIT_BYTES,
  scaleBytesPerGroup: 0,
  repackRow: (source, from, groups, quants) => {
    const row = source.subarray(from, from + groups * 64)
    quants.set(row)
    for (let at = 0; at < row.length; at += 2) if (!isFiniteHalf(row, at)) return false
    return true
  },
  wgsl: /* wgsl */ `
fn group_F16(quants: u32, scales: u32, index: u32) -> Group {
  let at = quants + index * 4u;
  var group: Group;
  group.scale = 1.0;
  ${Array.from(
    { length: 4 },
    (_, i) => `let w${i} = weights[at + ${i}u];
  group.v[${2 * i}] = halves_to_floats(vec4u(w${i}.x, w${i}.x >> 16u, w${i}.y, w${i}.y >> 16u) & vec4u(0xffffu));
  group.v[${2 * i + 1}] = halves_to_floats(vec4u(w${i}.z, w${i}.z >> 16u, w${i}.w, w${i}.w >> 16u) & vec4u(0xffffu));`
  ).join('\n  ')}
  return group;
}
`
}
