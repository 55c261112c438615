/** F16: 2 bytes an element; 32 elements are 4 units, no scales. Decoded by integers, so it needs no shader-f16. */
import { halfAt, isFiniteHalf, sampleHalf, UNIT_BYTES, type WeightDecoder } from './decoder.ts'

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
  decodeGroup: (source, from) => Float64Array.from({ length: 32 }, (_, i) => halfAt(source, from + i * 2)),
  sampleGroup: (next, small, target, from) => {
    for (let i = 0; i < 32; i++) sampleHalf(next, small ? 'subnormal' : -1, target, from + i * 2)
  },
  wgsl: /* wgsl */ `
fn quad_F16(quants: u32, index: u32, quad: u32) -> vec4f {
  let unit = quants + index * 4u + (quad >> 1u);
  let word = (quad & 1u) * 2u;
  let low = weights[unit][word];
  let high = weights[unit][word + 1u];
  return halves_to_floats(vec4u(low, low >> 16u, high, high >> 16u) & vec4u(0xffffu));
}
fn scale_F16(scales: u32, index: u32) -> f32 { return 1.0; }
`
}
