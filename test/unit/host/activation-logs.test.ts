import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ActivationLogs } from '../../../peer/host/activation-logs.ts'
import { encodeActivation } from '../../../peer/wire/activation-codec.ts'
import { Encoding } from '../../../peer/wire/frames.pb.js'

const WIDTH = 2
/** Distinct for every position and writing; f16 holds integers to 2048. */
const row = (position: number, writing: number) => [position, writing % 2048]
const output = (position: number, count: number, writing: number) =>
  encodeActivation(Float32Array.from(Array.from({ length: count }, (_, at) => row(position + at, writing)).flat()), Encoding.AUTO)

test('a log holds what was written last at each position, as a plain list does', () => {
  const action = fc.record({ position: fc.nat(30), count: fc.integer({ min: 1, max: 6 }), cut: fc.boolean() })
  fc.assert(
    fc.property(fc.array(action, { maxLength: 30 }), actions => {
      const logs = new ActivationLogs(1_000_000)
      let first = 0
      let rows: number[][] = []
      for (const [writing, { position, count, cut }] of actions.entries()) {
        rows = rows.slice(0, Math.max(0, position - first))
        if (cut) logs.cut('a', position)
        else {
          logs.append('a', position, count, output(position, count, writing))
          if (rows.length === 0 || first + rows.length !== position) {
            first = position
            rows = []
          }
          for (let at = 0; at < count; at++) rows.push(row(position + at, writing))
        }
        const expected = rows.length === 0 ? { logFirst: 0, logEnd: 0 } : { logFirst: first, logEnd: first + rows.length }
        assert.deepEqual(logs.range('a'), expected)
        assert.equal(logs.bytes, rows.length * WIDTH * 2)
        for (let at = 0; at < rows.length; at++) {
          const read = logs.read('a', first + at, rows.length - at, WIDTH)
          assert.deepEqual([...read!], rows.slice(at).flat())
        }
        assert.equal(logs.read('a', first, rows.length + 1, WIDTH), undefined)
      }
      logs.drop('a')
      assert.equal(logs.bytes, 0)
    }),
    { numRuns: 300, seed: 8 }
  )
})

test('the oldest session’s log goes first when there is no room', () => {
  const logs = new ActivationLogs(40)
  logs.append('old', 0, 4, output(0, 4, 1))
  logs.append('young', 0, 4, output(0, 4, 2))
  assert.equal(logs.bytes, 32)
  logs.append('young', 4, 4, output(4, 4, 3))
  assert.deepEqual(logs.range('old'), { logFirst: 0, logEnd: 0 })
  assert.deepEqual(logs.range('young'), { logFirst: 0, logEnd: 8 })
  // Still the older of the two: its new log makes no room for itself at the other's cost.
  logs.append('old', 4, 4, output(4, 4, 4))
  assert.deepEqual(logs.range('old'), { logFirst: 0, logEnd: 0 })
  assert.equal(logs.bytes, 32)
})

test('values that overflowed f16 are read back beside others', () => {
  const logs = new ActivationLogs(1_000)
  logs.append('a', 0, 1, encodeActivation(Float32Array.of(100_000, 1), Encoding.AUTO))
  logs.append('a', 1, 1, encodeActivation(Float32Array.of(2, 3), Encoding.AUTO))
  assert.deepEqual([...logs.read('a', 0, 2, WIDTH)!], [100_000, 1, 2, 3])
  assert.deepEqual(
    [
      [0, 1],
      [0, 2],
      [1, 1]
    ].map(([position, count]) => logs.needsF32('a', position!, count!)),
    [true, true, false]
  )
  assert.equal(logs.needsF32('b', 0, 9), false)
})
