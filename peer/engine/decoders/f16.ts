/** F16: 2 bytes an element; 32 elements are 4 units, no scales. Decoded by integers, so it needs no shader-f16. */
import { halfAt, isFiniteHalf, sampleHalf, UNIT_BYTES, type WeightDecoder } from './decoder.ts'

export const f16Decoder: WeightDecoder = {
  type: 'F16',
  blockElements: 32,
  fileBlockBytes: 64,
  planeBlockBytes: { quants: 4 * UNIT_BYTES, high: 0, scales: 0 },
  offsets: false,
  repackRow: (source, from, blocks, { quants }) => {
    const row = source.subarray(from, from + blocks * 64)
    quants.set(row)
    for (let at = 0; at < row.length; at += 2) if (!isFiniteHalf(row, at)) return false
    return true
  },
  decodeBlock: (source, from) => Float64Array.from({ length: 32 }, (_, i) => halfAt(source, from + i * 2)),
  sampleBlock: (next, small, target, from) => {
    for (let i = 0; i < 32; i++) sampleHalf(next, small ? 'subnormal' : -1, target, from + i * 2)
  },
  wgsl: /* wgsl */ `
fn quad_F16(planes: Planes, index: u32, quad: u32) -> vec4f {
  let unit = planes.quants + index * 4u + (quad >> 1u);
  let word = (quad & 1u) * 2u;
  let low = weights[unit][word];
  let high = weights[unit][word + 1u];
  return halves_to_floats(vec4u(low, low >> 16u, high, high >> 16u) & vec4u(0xffffu));
}
fn scale_F16(planes: Planes, index: u32) -> vec2f { return vec2f(1.0, 0.0); }
`
}
