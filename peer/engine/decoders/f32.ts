/** F32: 4 bytes an element; 32 elements are 8 units, no scales. */
import { UNIT_BYTES, type WeightDecoder } from './decoder.ts'

export const f32Decoder: WeightDecoder = {
  type: 'F32',
  blockElements: 32,
  fileBlockBytes: 128,
  planeBlockBytes: { quants: 8 * UNIT_BYTES, high: 0, scales: 0 },
  offsets: false,
  repackRow: (source, from, blocks, { quants }) => {
    const row = source.subarray(from, from + blocks * 128)
    quants.set(row)
    for (let at = 0; at < row.length; at += 4) if ((row[at + 3]! & 0x7f) === 0x7f && row[at + 2]! >= 0x80) return false
    return true
  },
  decodeBlock: (source, from) => {
    const view = new DataView(source.buffer, source.byteOffset + from, 128)
    return Float64Array.from({ length: 32 }, (_, i) => view.getFloat32(i * 4, true))
  },
  sampleBlock: (next, small, target, from) => {
    const view = new DataView(target.buffer, target.byteOffset + from, 128)
    for (let i = 0; i < 32; i++) view.setFloat32(i * 4, (2 * next() - 1) * (small ? 2 ** -18 : 1), true)
  },
  wgsl: /* wgsl */ `
fn quad_F32(planes: Planes, index: u32, quad: u32) -> vec4f {
  return bitcast<vec4f>(weights[planes.quants + index * 8u + quad]);
}
fn scale_F32(planes: Planes, index: u32) -> vec2f { return vec2f(1.0, 0.0); }
`
}
