/**
 * Tensor data to F32, block by block from the definitions in ggml-common.h and the loops of ggml-quants.c. For the F32 twin
 * that llama.cpp computes on: the reference must not share the engine's reading of a format.
 */

type Dequantise = (view: DataView, at: number, out: Float32Array, to: number) => void

interface Block {
  bytes: number
  values: number
  dequantise: Dequantise
}

function half(view: DataView, at: number): number {
  const bits = view.getUint16(at, true)
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) throw new Error('a half that is not finite')
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

const f32: Dequantise = (view, at, out, to) => {
  out[to] = view.getFloat32(at, true)
}

const f16: Dequantise = (view, at, out, to) => {
  out[to] = half(view, at)
}

const widened = new DataView(new ArrayBuffer(4))
const bf16: Dequantise = (view, at, out, to) => {
  widened.setUint16(2, view.getUint16(at, true), true)
  out[to] = widened.getFloat32(0, true)
}

/** block_q4_0 { f16 d; u8 qs[16] } */
const q4_0: Dequantise = (view, at, out, to) => {
  const d = half(view, at)
  for (let j = 0; j < 16; j++) {
    const q = view.getUint8(at + 2 + j)
    out[to + j] = d * ((q & 0xf) - 8)
    out[to + j + 16] = d * ((q >> 4) - 8)
  }
}

/** block_q4_1 { f16 d; f16 m; u8 qs[16] } */
const q4_1: Dequantise = (view, at, out, to) => {
  const d = half(view, at)
  const m = half(view, at + 2)
  for (let j = 0; j < 16; j++) {
    const q = view.getUint8(at + 4 + j)
    out[to + j] = d * (q & 0xf) + m
    out[to + j + 16] = d * (q >> 4) + m
  }
}

/** block_q5_0 { f16 d; u8 qh[4]; u8 qs[16] } */
const q5_0: Dequantise = (view, at, out, to) => {
  const d = half(view, at)
  const qh = view.getUint32(at + 2, true)
  for (let j = 0; j < 16; j++) {
    const q = view.getUint8(at + 6 + j)
    const low = ((qh >>> j) << 4) & 0x10
    const high = (qh >>> (j + 12)) & 0x10
    out[to + j] = d * (((q & 0xf) | low) - 16)
    out[to + j + 16] = d * (((q >> 4) | high) - 16)
  }
}

/** block_q5_1 { f16 d; f16 m; u8 qh[4]; u8 qs[16] } */
const q5_1: Dequantise = (view, at, out, to) => {
  const d = half(view, at)
  const m = half(view, at + 2)
  const qh = view.getUint32(at + 4, true)
  for (let j = 0; j < 16; j++) {
    const q = view.getUint8(at + 8 + j)
    const low = ((qh >>> j) << 4) & 0x10
    const high = (qh >>> (j + 12)) & 0x10
    out[to + j] = d * ((q & 0xf) | low) + m
    out[to + j + 16] = d * ((q >> 4) | high) + m
  }
}

/** block_q8_0 { f16 d; i8 qs[32] } */
const q8_0: Dequantise = (view, at, out, to) => {
  const d = half(view, at)
  for (let j = 0; j < 32; j++) out[to + j] = d * view.getInt8(at + 2 + j)
}

/** get_scale_min_k4 */
function scaleAndMin(view: DataView, scales: number, j: number): [number, number] {
  const q = (i: number) => view.getUint8(scales + i)
  if (j < 4) return [q(j) & 63, q(j + 4) & 63]
  return [(q(j + 4) & 0xf) | ((q(j - 4) >> 6) << 4), (q(j + 4) >> 4) | ((q(j) >> 6) << 4)]
}

/** block_q4_K { f16 d; f16 dmin; u8 scales[12]; u8 qs[128] } */
const q4_K: Dequantise = (view, at, out, to) => {
  const d = half(view, at)
  const min = half(view, at + 2)
  let qs = at + 16
  for (let j = 0, is = 0; j < 256; j += 64, is += 2, qs += 32) {
    const [sc1, m1] = scaleAndMin(view, at + 4, is)
    const [sc2, m2] = scaleAndMin(view, at + 4, is + 1)
    for (let l = 0; l < 32; l++) out[to + j + l] = d * sc1 * (view.getUint8(qs + l) & 0xf) - min * m1
    for (let l = 0; l < 32; l++) out[to + j + 32 + l] = d * sc2 * (view.getUint8(qs + l) >> 4) - min * m2
  }
}

/** block_q5_K { f16 d; f16 dmin; u8 scales[12]; u8 qh[32]; u8 qs[128] } */
const q5_K: Dequantise = (view, at, out, to) => {
  const d = half(view, at)
  const min = half(view, at + 2)
  const qh = at + 16
  let qs = at + 48
  let u1 = 1
  let u2 = 2
  for (let j = 0, is = 0; j < 256; j += 64, is += 2, qs += 32, u1 <<= 2, u2 <<= 2) {
    const [sc1, m1] = scaleAndMin(view, at + 4, is)
    const [sc2, m2] = scaleAndMin(view, at + 4, is + 1)
    for (let l = 0; l < 32; l++) {
      const high = view.getUint8(qh + l)
      out[to + j + l] = d * sc1 * ((view.getUint8(qs + l) & 0xf) + (high & u1 ? 16 : 0)) - min * m1
      out[to + j + 32 + l] = d * sc2 * ((view.getUint8(qs + l) >> 4) + (high & u2 ? 16 : 0)) - min * m2
    }
  }
}

/** block_q6_K { u8 ql[128]; u8 qh[64]; i8 scales[16]; f16 d } */
const q6_K: Dequantise = (view, at, out, to) => {
  const d = half(view, at + 208)
  for (let n = 0; n < 2; n++) {
    const ql = (l: number) => view.getUint8(at + 64 * n + l)
    const qh = (l: number) => view.getUint8(at + 128 + 32 * n + l)
    const sc = (i: number) => view.getInt8(at + 192 + 8 * n + i)
    for (let l = 0; l < 32; l++) {
      const is = Math.floor(l / 16)
      const y = to + 128 * n + l
      out[y] = d * sc(is) * (((ql(l) & 0xf) | ((qh(l) & 3) << 4)) - 32)
      out[y + 32] = d * sc(is + 2) * (((ql(l + 32) & 0xf) | (((qh(l) >> 2) & 3) << 4)) - 32)
      out[y + 64] = d * sc(is + 4) * (((ql(l) >> 4) | (((qh(l) >> 4) & 3) << 4)) - 32)
      out[y + 96] = d * sc(is + 6) * (((ql(l + 32) >> 4) | (((qh(l) >> 6) & 3) << 4)) - 32)
    }
  }
}

/** By id in ggml.h. */
const blocks = new Map<number, Block>([
  [0, { bytes: 4, values: 1, dequantise: f32 }],
  [1, { bytes: 2, values: 1, dequantise: f16 }],
  [2, { bytes: 18, values: 32, dequantise: q4_0 }],
  [3, { bytes: 20, values: 32, dequantise: q4_1 }],
  [6, { bytes: 22, values: 32, dequantise: q5_0 }],
  [7, { bytes: 24, values: 32, dequantise: q5_1 }],
  [8, { bytes: 34, values: 32, dequantise: q8_0 }],
  [12, { bytes: 144, values: 256, dequantise: q4_K }],
  [13, { bytes: 176, values: 256, dequantise: q5_K }],
  [14, { bytes: 210, values: 256, dequantise: q6_K }],
  [30, { bytes: 2, values: 1, dequantise: bf16 }]
])

/** `count` values of type `typeId` that begin at `bytes[from]`. */
export function dequantise(typeId: number, bytes: Uint8Array, from: number, count: number): Float32Array<ArrayBuffer> {
  const block = blocks.get(typeId)
  if (block === undefined) throw new Error(`type ${typeId} has no dequantiser here`)
  if (count % block.values !== 0) throw new Error(`${count} values are not whole blocks of ${block.values}`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const out = new Float32Array(count)
  for (let i = 0; i < count / block.values; i++) block.dequantise(view, from + i * block.bytes, out, i * block.values)
  return out
}
