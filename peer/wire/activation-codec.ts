/**
 * Hidden states as bytes between hops: f16, half the traffic at a precision the residual stream bears; f32 when a value
 * would overflow f16 or when the driver asked for it; int8 in blocks (llama.cpp's Q8_0), half of f16 again, where it asked
 * for that. Little-endian, as every WebGPU platform is.
 */
import { InvalidFrameError, NonFiniteError } from '../errors.ts'
import { type Activation, Dtype, Encoding } from './frames.pb.js'

const MAX_F16 = 65504

/** Values that share a scale: few enough that one far larger than the others coarsens few. */
export const INT8_BLOCK = 32
export const INT8_BLOCK_BYTES = 2 + INT8_BLOCK
const INT8_MAX = 127

/**
 * Largest magnitude of a hidden value. Residual streams reach 10⁴ or 10⁵; from about 10¹⁹ the sum of squares of a norm is
 * infinite in f32, and the hop that computed it would be blamed for what it was sent. 2⁴⁸ squared, 2¹⁶ wide, is 2¹¹².
 */
export const MAX_HIDDEN = 2 ** 48

/** @throws NonFiniteError */
export function encodeActivation(values: Float32Array, encoding: Encoding): Activation {
  let largest = 0
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i] as number)
    if (!(size <= MAX_HIDDEN)) throw new NonFiniteError(`Hidden value ${i} is ${values[i]}`)
    if (size > largest) largest = size
  }
  if (encoding === Encoding.INT8 && largest <= INT8_MAX * MAX_F16 && values.length % INT8_BLOCK === 0)
    return { dtype: Dtype.DTYPE_INT8, data: toInt8Blocks(values) }
  if (encoding === Encoding.F32 || largest > MAX_F16)
    return { dtype: Dtype.DTYPE_F32, data: new Uint8Array(Float32Array.from(values).buffer) }
  return { dtype: Dtype.DTYPE_F16, data: new Uint8Array(toHalves(values).buffer) }
}

/**
 * `count` values (tokens × width).
 * @throws InvalidFrameError when the bytes are not exactly as many, NonFiniteError
 */
export function decodeActivation({ dtype, data }: Activation, count: number): Float32Array<ArrayBuffer> {
  const bytesEach = { DTYPE_F16: 2, DTYPE_F32: 4, DTYPE_INT8: INT8_BLOCK_BYTES / INT8_BLOCK }[dtype]
  if (data.byteLength !== count * bytesEach)
    throw new InvalidFrameError(`hidden.data: ${data.byteLength} bytes of ${dtype}, ${count * bytesEach} expected`)
  // Copied, since a frame's bytes lie at any offset and typed arrays need theirs aligned. Not by slice: a Buffer's does not copy.
  const bytes = new Uint8Array(data).buffer
  const values =
    dtype === Dtype.DTYPE_F32
      ? new Float32Array(bytes)
      : dtype === Dtype.DTYPE_INT8
        ? fromInt8Blocks(bytes)
        : fromHalves(new Uint16Array(bytes))
  for (let i = 0; i < count; i++)
    if (!(Math.abs(values[i] as number) <= MAX_HIDDEN)) throw new NonFiniteError(`hidden.data: value ${i} is ${values[i]}`)
  return values
}

/** The block's largest value becomes 127 steps of its scale, always, so that a block read and written again is the same. */
function toInt8Blocks(values: Float32Array): Uint8Array<ArrayBuffer> {
  const blocks = values.length / INT8_BLOCK
  const largest = Float32Array.from({ length: blocks }, (_, block) => {
    let most = 0
    for (let at = block * INT8_BLOCK; at < (block + 1) * INT8_BLOCK; at++) most = Math.max(most, Math.abs(values[at]!))
    return most
  })
  const scales = toHalves(largest.map(most => most / INT8_MAX))
  // Below 2⁻¹⁴ halves are so coarse that one rounded up may leave the largest value fewer steps: the next one down does not.
  for (const [block, scale] of fromHalves(scales).entries())
    if (scale > 0 && Math.round(largest[block]! / scale) < INT8_MAX) scales[block]!--
  const rounded = fromHalves(scales)
  const bytes = new Uint8Array(blocks * INT8_BLOCK_BYTES)
  const view = new DataView(bytes.buffer)
  for (let block = 0; block < blocks; block++) {
    const at = block * INT8_BLOCK_BYTES
    const scale = rounded[block]!
    view.setUint16(at, scales[block]!, true)
    if (scale === 0) continue
    for (let i = 0; i < INT8_BLOCK; i++) {
      const quant = Math.round(values[block * INT8_BLOCK + i]! / scale)
      view.setInt8(at + 2 + i, Math.min(INT8_MAX, Math.max(-INT8_MAX, quant)))
    }
  }
  return bytes
}

function fromInt8Blocks(bytes: ArrayBuffer): Float32Array<ArrayBuffer> {
  const view = new DataView(bytes)
  const blocks = bytes.byteLength / INT8_BLOCK_BYTES
  const scales = fromHalves(Uint16Array.from({ length: blocks }, (_, block) => view.getUint16(block * INT8_BLOCK_BYTES, true)))
  return Float32Array.from({ length: blocks * INT8_BLOCK }, (_, at) => {
    const block = Math.floor(at / INT8_BLOCK)
    return scales[block]! * view.getInt8(block * INT8_BLOCK_BYTES + 2 + (at % INT8_BLOCK))
  })
}

const native = globalThis.Float16Array

/** Rounded to nearest, ties to even. */
export function toHalves(values: Float32Array, useNative = native !== undefined): Uint16Array<ArrayBuffer> {
  if (useNative) return new Uint16Array(native.from(values).buffer)
  const bits = new Uint32Array(Float32Array.from(values).buffer)
  const halves = new Uint16Array(values.length)
  for (let i = 0; i < bits.length; i++) halves[i] = toHalf(bits[i] as number)
  return halves
}

function toHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00
  // From 65520 on, values round past the largest half.
  if (magnitude >= 0x477ff000) return sign | 0x7c00
  // Below 2⁻¹⁴ a half is subnormal: its step is 2⁻²⁴ whatever the exponent.
  if (magnitude < 0x38800000) return sign | roundEven((magnitude & 0x7fffffff) === 0 ? 0 : floatOf(magnitude) * 2 ** 24)
  // Rebias the exponent (127 to 15) and round away 13 bits; a carry out of the mantissa is the right exponent.
  const rebiased = magnitude - 0x38000000
  return sign | ((rebiased + 0xfff + ((rebiased >>> 13) & 1)) >>> 13)
}

function roundEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor
}

const scratch = new DataView(new ArrayBuffer(4))

function floatOf(bits: number): number {
  scratch.setUint32(0, bits)
  return scratch.getFloat32(0)
}

export function fromHalves(halves: Uint16Array<ArrayBuffer>, useNative = native !== undefined): Float32Array<ArrayBuffer> {
  if (useNative) return Float32Array.from(new native(halves.buffer, halves.byteOffset, halves.length))
  const values = new Float32Array(halves.length)
  for (let i = 0; i < halves.length; i++) values[i] = fromHalf(halves[i] as number)
  return values
}

function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >>> 10) & 0x1f
  const mantissa = half & 0x3ff
  if (exponent === 0) return sign * mantissa * 2 ** -24
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15)
}
