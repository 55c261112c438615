/** The engine's parts that are functions of values. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { halfAt } from '../../../peer/engine/decoders/decoder.ts'
import { firstNonFinite, topIds } from '../../../peer/engine/head-row.ts'
import { KeptLogits } from '../../../peer/engine/kept-logits.ts'
import { KvPool } from '../../../peer/engine/kv-pool.ts'
import { fillPart, planStacked } from '../../../peer/engine/matrix.ts'
import { planSpanTensors } from '../../../peer/engine/span-tensors.ts'
import { packStep, stepBufferWords } from '../../../peer/engine/step-buffer.ts'
import { syntheticModel } from './synthetic.ts'

test('the top ids are those a stable sort puts first, ties by id', () => {
  const logits = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(logits, fc.nat(), (values, wanted) => {
      const row = Float32Array.from(values)
      const count = 1 + (wanted % values.length)
      const sorted = [...row.keys()].sort((a, b) => row[b]! - row[a]! || a - b)
      assert.deepEqual([...topIds(row, count)], sorted.slice(0, count))
    })
  )
})

test('NaN and infinities are found, the largest finite values are not', () => {
  assert.equal(firstNonFinite(Float32Array.of(0, 3.4028234e38, -3.4028234e38, 1e-45)), -1)
  for (const bad of [Number.NaN, Infinity, -Infinity]) assert.equal(firstNonFinite(Float32Array.of(1, 2, bad, bad)), 2)
})

test('every f16 has the value the platform gives it', () => {
  const bits = Uint16Array.from({ length: 65536 }, (_, index) => index)
  const bytes = new Uint8Array(bits.buffer)
  const values = new Float16Array(bits.buffer)
  for (let index = 0; index < 65536; index++)
    if (Number.isFinite(values[index]!)) assert.equal(halfAt(bytes, index * 2), values[index])
})

test('KV blocks are never shared, never lost, taken all or none', () => {
  const action = fc.oneof(fc.record({ reserve: fc.integer({ min: 1, max: 100 }) }), fc.record({ release: fc.nat({ max: 30 }) }))
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), actions => {
      const pool = new KvPool(12, 5)
      const held = new Set<number>()
      for (const act of actions) {
        const { freeBlocks } = pool.state()
        if ('reserve' in act) {
          const wanted = Math.ceil(act.reserve / 16)
          if (wanted <= freeBlocks && held.size < 5) held.add(pool.reserve(act.reserve))
          else assert.throws(() => pool.reserve(act.reserve), { code: 'BUSY' })
        } else {
          pool.release(act.release)
          if (held.delete(act.release)) assert.throws(() => pool.get(act.release), { code: 'UNKNOWN_SESSION' })
        }
        const blocks = [...held].flatMap(id => pool.get(id).blocks)
        assert.equal(new Set(blocks).size, blocks.length)
        assert.ok(blocks.every(block => block >= 0 && block < 12))
        assert.equal(pool.state().freeBlocks, 12 - blocks.length)
      }
    })
  )
})

test('slots lie in the sequence’s own blocks, in order', () => {
  const pool = new KvPool(6, 3)
  pool.reserve(20)
  const id = pool.reserve(33)
  const { blocks } = pool.get(id)
  pool.get(id).written = 15
  assert.deepEqual(pool.slots(id, 15, 3), [blocks[0]! * 16 + 15, blocks[1]! * 16, blocks[1]! * 16 + 1])
  assert.throws(() => pool.slots(id, 16, 1), { code: 'INVALID_REQUEST' })
  assert.throws(() => pool.slots(id, 15, 34), { code: 'INVALID_REQUEST' })
})

test('a step packs into the words the layout says', () => {
  const words = packStep(
    [
      { tokens: Uint32Array.of(11, 12), position: 15, slots: [47, 80], blocks: [2, 5] },
      { tokens: undefined, position: 0, slots: [16], blocks: [1] }
    ],
    [2, 0]
  )
  assert.deepEqual([...words], [3, 2, 16, 0, 11, 15, 47, 18, 12, 16, 80, 18, 0, 0, 16, 20, 2, 0, 2, 5, 1])
  assert.ok(words.length <= stepBufferWords(3, 2, 6))
})

test('parts hold every row once, whatever the limit', () => {
  const { hyperparameters, reader, bytes } = syntheticModel({
    vocabulary: 95,
    types: { default: 'Q8_0', attn_k: 'F16', attn_v: 'F16' }
  })
  const plan = planSpanTensors(hyperparameters, { first: 0, end: 2 }, reader)
  const { query, key, value } = plan.layers[0]!
  for (const operands of [[query, key, value], [plan.embedding!]])
    for (const limit of [400, 1000, 3000, 1_000_000]) {
      const parts = planStacked(
        operands.map(tensor => ({ tensor })),
        limit
      )
      let pair = 0
      const rows: string[] = []
      for (const part of parts) {
        assert.equal(part.firstPair, pair)
        pair += part.pairs
        assert.ok(part.bytes <= limit)
        const target = new Uint8Array(part.bytes)
        assert.equal(
          fillPart(part, name => bytes.get(name)!, target),
          undefined
        )
        for (const { operand, first, end } of part.planes[0].ranges)
          for (let row = first; row < end; row++) rows.push(`${operand.tensor.info.name} ${row}`)
      }
      assert.equal(
        pair,
        operands.reduce((sum, tensor) => sum + Math.ceil(tensor.rows / 2), 0)
      )
      assert.deepEqual(
        rows,
        operands.flatMap(({ info, rows: count }) => Array.from({ length: count }, (_, row) => `${info.name} ${row}`))
      )
    }
  assert.throws(() => planStacked([{ tensor: query }], 100), { code: 'UNSUPPORTED_MODEL', message: /attn_q/ })
})

test('kept logits stay within their bytes, the oldest step first to go', () => {
  const kept = new KeptLogits(40)
  const rows = (...values: number[]) => values.map(value => Float32Array.of(value, value))
  kept.set(1, rows(10, 11))
  kept.set(2, rows(20, 21))
  kept.set(1, rows(12))
  kept.set(3, rows(30, 31))
  assert.deepEqual([kept.get(1, 0), kept.get(1, 1), kept.get(2, 1), kept.get(3, 1)], [...rows(12), undefined, ...rows(21, 31)])
  kept.set(4, rows(40))
  assert.deepEqual([kept.get(2, 0), kept.get(1, 0), kept.get(4, 0)], [undefined, ...rows(12, 40)])
  kept.set(5, rows(1, 2, 3, 4, 5, 6))
  assert.deepEqual(
    [1, 3, 4, 5].map(id => kept.get(id, 0)),
    [undefined, undefined, undefined, undefined]
  )
})
