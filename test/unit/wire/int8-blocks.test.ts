import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { InvalidFrameError } from '../../../peer/errors.ts'
import { decodeActivation, encodeActivation } from '../../../peer/wire/activation-codec.ts'
import { Dtype, Encoding } from '../../../peer/wire/frames.pb.js'
import { dequantise } from '../../oracle/dequantise.ts'

/** GGUF's type id of the same blocks. */
const Q8_0 = 8

/** Rows of whole blocks, of any magnitude that a scale in f16 can tell. */
const rows = fc
  .array(fc.tuple(fc.float({ min: -1, max: 1, noNaN: true }), fc.integer({ min: -20, max: 22 })), { minLength: 1, maxLength: 96 })
  .map(values => {
    const whole = new Float32Array(32 * Math.ceil(values.length / 32))
    for (const [at, [mantissa, exponent]] of values.entries()) whole[at] = mantissa * 2 ** exponent
    return whole
  })

test('blocks are GGUF’s Q8_0, no value is off by more than half a step, and what was read is written the same', () => {
  fc.assert(
    fc.property(rows, values => {
      const encoded = encodeActivation(values, Encoding.INT8)
      assert.equal(encoded.dtype, Dtype.DTYPE_INT8)
      assert.equal(encoded.data.byteLength, (values.length / 32) * 34)
      const decoded = decodeActivation(encoded, values.length)
      assert.deepEqual(decoded, dequantise(Q8_0, encoded.data, 0, values.length))
      for (let block = 0; block < values.length; block += 32) {
        const largest = Math.max(...values.subarray(block, block + 32).map(Math.abs))
        // Half a step, and what rounding the scale to f16 adds at the far end; the least that f16 tells apart is 2⁻²⁴.
        const most = (largest / 127) * 0.57 + 127 * 2 ** -24
        for (let at = block; at < block + 32; at++)
          assert.ok(Math.abs(decoded[at]! - values[at]!) <= most, `${values[at]} became ${decoded[at]}, largest ${largest}`)
      }
      assert.deepEqual(encodeActivation(decoded, Encoding.INT8).data, encoded.data)
    }),
    { numRuns: 1_000, examples: [[Float32Array.from({ length: 32 }, (_, at) => (at === 0 ? -0.0006472170352935791 : 0))]] }
  )
})

test('what blocks can’t hold goes as it did: too large, or no whole block', () => {
  const large = new Float32Array(32).fill(127 * 65504 * 1.01)
  assert.equal(encodeActivation(large, Encoding.INT8).dtype, Dtype.DTYPE_F32)
  assert.equal(encodeActivation(new Float32Array(31), Encoding.INT8).dtype, Dtype.DTYPE_F16)
  const short = { dtype: Dtype.DTYPE_INT8, data: new Uint8Array(33) }
  assert.throws(() => decodeActivation(short, 32), InvalidFrameError)
})
