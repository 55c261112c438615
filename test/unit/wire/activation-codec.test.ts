import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { InvalidFrameError, NonFiniteError } from '../../../peer/errors.ts'
import { decodeActivation, encodeActivation, fromHalves, toHalves } from '../../../peer/wire/activation-codec.ts'
import { Dtype, Encoding } from '../../../peer/wire/frames.pb.js'

test('the own conversion to f16 equals the runtime’s for any f32, and back for every f16', () => {
  fc.assert(
    fc.property(fc.uint32Array({ minLength: 1, maxLength: 200 }), bits => {
      const values = new Float32Array(Uint32Array.from(bits).buffer)
      const own = toHalves(values, false)
      const native = toHalves(values, true)
      for (let i = 0; i < values.length; i++)
        if (Number.isNaN(values[i])) assert.ok((own[i]! & 0x7c00) === 0x7c00 && (own[i]! & 0x3ff) !== 0)
        else assert.equal(own[i], native[i], `${values[i]} (0x${bits[i]!.toString(16)})`)
    }),
    { numRuns: 2000 }
  )
  const all = Uint16Array.from({ length: 65536 }, (_, i) => i)
  const native = fromHalves(all, true)
  // Value by value: the payloads of NaNs may differ.
  for (const [half, value] of fromHalves(all, false).entries())
    assert.ok(Object.is(value, native[half]), `half 0x${half.toString(16)}`)
})

test('halfway cases round to even, subnormals and overflow included', () => {
  // IEEE 754 binary16: steps of 2⁻¹⁰ at 1, of 2⁻²⁴ below 2⁻¹⁴; 65520 is halfway past the largest.
  const cases: [number, number][] = [
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [2 ** -25, 0],
    [3 * 2 ** -25, 2],
    [2 ** -14 - 2 ** -26, 0x0400],
    [65519.996, 0x7bff],
    [65520, 0x7c00],
    [-0, 0x8000]
  ]
  for (const useNative of [true, false])
    for (const [value, half] of cases) assert.equal(toHalves(Float32Array.of(value), useNative)[0], half, `${value}`)
})

test('f16 while every value fits, f32 when one would overflow or the driver asks', () => {
  assert.equal(encodeActivation(Float32Array.of(65504, -1), Encoding.AUTO).dtype, Dtype.DTYPE_F16)
  assert.equal(encodeActivation(Float32Array.of(65505, -1), Encoding.AUTO).dtype, Dtype.DTYPE_F32)
  assert.equal(encodeActivation(Float32Array.of(1), Encoding.F32).dtype, Dtype.DTYPE_F32)
  const values = Float32Array.of(1.5, -(2 ** 48), 1e-40, 0)
  assert.deepEqual(decodeActivation(encodeActivation(values, Encoding.F32), 4), values)
  assert.deepEqual(decodeActivation(encodeActivation(values, Encoding.AUTO), 4), values)
  // From anywhere in a larger buffer.
  const { data, dtype } = encodeActivation(Float32Array.of(1, 2, 3), Encoding.AUTO)
  const shifted = new Uint8Array(data.byteLength + 1)
  shifted.set(data, 1)
  assert.deepEqual(decodeActivation({ dtype, data: shifted.subarray(1) }, 3), Float32Array.of(1, 2, 3))
})

test('whatever a frame holds, nothing overflows and nothing is coarser than f16', () => {
  // By exponent, so that values beyond f16, subnormal and zero all come up.
  const value = fc.tuple(fc.float({ min: -2, max: 2, noNaN: true }), fc.integer({ min: -30, max: 47 }))
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 64 }), parts => {
      const values = Float32Array.from(parts, ([mantissa, exponent]) => mantissa * 2 ** exponent)
      const activation = encodeActivation(values, Encoding.AUTO)
      const fits = values.every(each => Math.abs(each) <= 65_504)
      assert.equal(activation.dtype, fits ? Dtype.DTYPE_F16 : Dtype.DTYPE_F32)
      const expected = fits ? Float32Array.from(values, each => Math.f16round(each)) : values
      const decoded = decodeActivation(activation, values.length)
      for (const [at, each] of decoded.entries()) assert.ok(Object.is(each, expected[at]), `${each} for ${values[at]}`)
    }),
    { numRuns: 2000 }
  )
})

test('NaN, infinity, what no computation survives and a wrong shape stop here', () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 49, -3e38]) {
    assert.throws(() => encodeActivation(Float32Array.of(0, bad), Encoding.AUTO), NonFiniteError)
    const data = new Uint8Array(Float32Array.of(0, bad).buffer)
    assert.throws(() => decodeActivation({ dtype: Dtype.DTYPE_F32, data }, 2), NonFiniteError)
  }
  const f16 = (half: number) => ({ dtype: Dtype.DTYPE_F16, data: new Uint8Array(Uint16Array.of(half).buffer) })
  for (const half of [0x7c00, 0xfc00, 0x7e00]) assert.throws(() => decodeActivation(f16(half), 1), NonFiniteError)
  assert.throws(() => decodeActivation(f16(0x3c00), 2), InvalidFrameError)
  assert.throws(() => decodeActivation({ dtype: Dtype.DTYPE_F32, data: new Uint8Array(6) }, 1), InvalidFrameError)
})
