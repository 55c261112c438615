/**
 * The 16 bytes that Q4_K and Q5_K blocks begin with: f16 d, f16 dmin, and 12 bytes that pack a six-bit scale s and a six-bit
 * minimum m for each of the block's 8 groups. A group's elements are (d·s)·q − (dmin·m). Packing, by byte b of the 12:
 * for g < 4 s = b[g] & 63 and m = b[g + 4] & 63; else s = b[g + 4] & 15 | (b[g − 4] >> 6) << 4 and
 * m = b[g + 4] >> 4 | (b[g] >> 6) << 4 (get_scale_min_k4 in ggml-quants.c).
 */
import { halfAt, isFiniteHalf, sampleBytes, sampleHalf } from './decoder.ts'

/** Scale and offset of group `group` of the block at `source[from…]`. */
export function groupScale(source: Uint8Array, from: number, group: number): { scale: number; offset: number } {
  const byte = (index: number) => source[from + 4 + index]!
  const low = group < 4
  const scale = low ? byte(group) & 63 : (byte(group + 4) & 15) | ((byte(group - 4) >> 6) << 4)
  const minimum = low ? byte(group + 4) & 63 : (byte(group + 4) >> 4) | ((byte(group) >> 6) << 4)
  return { scale: halfAt(source, from) * scale, offset: -halfAt(source, from + 2) * minimum }
}

export function isFiniteHeader(source: Uint8Array, from: number): boolean {
  return isFiniteHalf(source, from) && isFiniteHalf(source, from + 2)
}

/** Elements become about 1 large: group scales are 32 on average, quants reach `2 ** bits`. */
export function sampleHeader(next: () => number, small: boolean, bits: number, target: Uint8Array, from: number): void {
  sampleHalf(next, small ? 'subnormal' : -4 - bits, target, from)
  sampleHalf(next, small ? 'subnormal' : -5, target, from + 2)
  sampleBytes(next, target, from + 4, from + 16)
}

export const kScalesWgsl = /* wgsl */ `
fn k_scale(header: vec4u, group: u32) -> vec2f {
  let shift = (group & 3u) * 8u;
  let bytes = (header.yzw >> vec3u(shift)) & vec3u(0xffu);
  let late = vec2u((bytes.z & 0xfu) | ((bytes.x >> 6u) << 4u), (bytes.z >> 4u) | ((bytes.y >> 6u) << 4u));
  let steps = select(late, bytes.xy & vec2u(0x3fu), group < 4u);
  return half_pair(header.x) * vec2f(steps) * vec2f(1.0, -1.0);
}
`
