/**
 * Q6_K: in the file, blocks of 256 elements: 128 bytes of low nibbles, 64 bytes of high bit pairs, 16 signed bytes s that
 * scale 16 elements each, an f16 scale d; an element is d·s·(q − 32) of six bits q. Group g = 4n + k takes, of its element
 * j, nibble k >> 1 of byte 64n + 32·(k & 1) + j, bits 2k and 2k + 1 of high byte 32n + j, and s of index 2g + (j >> 4).
 * On the GPU the first 208 bytes as 13 units of the quants plane, d as 2 bytes of the scales plane. s·(q − 32) is a whole
 * number that f32 holds exactly, so a quad has s in it and the group's scale is d alone.
 */
import { halfAt, isFiniteHalf, sampleBytes, sampleHalf, UNIT_BYTES, type WeightDecoder } from './decoder.ts'

const BLOCK = 210
const QUANTS = 13 * UNIT_BYTES

export const q6_KDecoder: WeightDecoder = {
  type: 'Q6_K',
  blockElements: 256,
  fileBlockBytes: BLOCK,
  planeBlockBytes: { quants: QUANTS, high: 0, scales: 2 },
  offsets: false,
  repackRow: (source, from, blocks, { quants, scales }) => {
    let finite = true
    for (let block = 0; block < blocks; block++) {
      const at = from + block * BLOCK
      finite &&= isFiniteHalf(source, at + QUANTS)
      quants.set(source.subarray(at, at + QUANTS), block * QUANTS)
      scales.set(source.subarray(at + QUANTS, at + BLOCK), block * 2)
    }
    return finite
  },
  decodeBlock: (source, from) => {
    const scale = halfAt(source, from + QUANTS)
    return Float64Array.from({ length: 256 }, (_, i) => {
      const half = i >> 7
      const inHalf = (i >> 5) & 3
      const j = i & 31
      const low = (source[from + 64 * half + 32 * (inHalf & 1) + j]! >> (4 * (inHalf >> 1))) & 15
      const high = (source[from + 128 + 32 * half + j]! >> (2 * inHalf)) & 3
      const factor = (source[from + 192 + (i >> 4)]! << 24) >> 24
      return scale * factor * ((low | (high << 4)) - 32)
    })
  },
  sampleBlock: (next, small, target, from) => {
    sampleBytes(next, target, from, from + QUANTS)
    sampleHalf(next, small ? 'subnormal' : -10, target, from + QUANTS)
  },
  wgsl: /* wgsl */ `
fn quad_Q6_K(planes: Planes, index: u32, quad: u32) -> vec4f {
  let block = planes.quants + (index >> 3u) * 13u;
  let group = index & 7u;
  let n = group >> 2u;
  let k = group & 3u;
  let part = quad >> 2u;
  let low = byte_fields(weights[block + n * 4u + (k & 1u) * 2u + part][quad & 3u] >> ((k >> 1u) * 4u), 0xfu);
  let high = byte_fields(weights[block + 8u + n * 2u + part][quad & 3u] >> (k * 2u), 3u);
  let factor = group * 2u + part;
  let signed = bitcast<i32>(weights[block + 12u][factor >> 2u] << (24u - (factor & 3u) * 8u)) >> 24u;
  return (vec4f(low | (high << vec4u(4u))) - vec4f(32.0)) * f32(signed);
}
fn scale_Q6_K(planes: Planes, index: u32) -> vec2f { return vec2f(half_in_plane(planes.scales, index >> 3u), 0.0); }
`
}
