/** KV read from one engine and written into another: the continuation is the same, bit for bit. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import type { EngineDevice } from '../../../peer/engine/device.ts'
import type { SpanEngine } from '../../../peer/engine/engine.ts'
import { kvRuns } from '../../../peer/engine/kv-rows.ts'
import { createSpanEngine, type SpanEngineOptions } from '../../../peer/engine/span.ts'
import { hiddenOf, runChain, testDevice } from './fixture.ts'
import { random, syntheticModel } from './synthetic.ts'

let device: EngineDevice
before(async () => {
  device = await testDevice()
})
after(() => device.close())

const model = syntheticModel({ layers: 2, types: { default: 'F32' } })

function load(options: Partial<SpanEngineOptions> = {}): Promise<SpanEngine> {
  const { hyperparameters, reader } = model
  return createSpanEngine({
    device,
    hyperparameters,
    span: { first: 0, end: hyperparameters.layers },
    tensors: reader,
    kvTokens: 256,
    maxBatchTokens: 64,
    ...options
  })
}

function draw(count: number, seed: number): number[] {
  const next = random(seed)
  return Array.from({ length: count }, () => Math.floor(next() * model.hyperparameters.vocabulary))
}

test('runs cover every position once, within a block each', () => {
  const span = fc.tuple(fc.nat(150), fc.integer({ min: 1, max: 64 })).map(([from, count]) => ({ from, to: from + count }))
  fc.assert(
    fc.property(span, ({ from, to }) => {
      const blocks = Array.from({ length: 14 }, (_, at) => 100 - at)
      const covered = kvRuns(blocks, from, to).flatMap(({ block, first, count, at }) => {
        assert.ok(count > 0 && first + count <= 16)
        return Array.from({ length: count }, (_, index) => ({ at: at + index, position: (100 - block) * 16 + first + index }))
      })
      assert.deepEqual(
        covered,
        Array.from({ length: to - from }, (_, at) => ({ at, position: from + at }))
      )
    })
  )
})

for (const kv of ['f16', 'f32'] as const)
  test(`another engine goes on from KV in ${kv} in any pieces, whatever blocks it gives the sequence`, async () => {
    const [from, to] = await Promise.all([load({ kv }), load({ kv })])
    const tokens = draw(53, 3)
    const next = draw(3, 4)
    const held = await from.reserve(80)
    await runChain([from], [held], 0, tokens)
    const expected = await runChain([from], [held], tokens.length, next)
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 1, max: tokens.length - 1 }), { maxLength: 5 }),
        fc.nat(3),
        async (cuts, before) => {
          // Blocks that are given back in between make the sequence's own lie apart.
          const others = await Promise.all(Array.from({ length: before }, () => to.reserve(20)))
          const copy = await to.reserve(80)
          const bounds = [0, ...cuts.sort((a, b) => a - b), tokens.length]
          for (const [index, end] of bounds.slice(1).entries()) {
            const bytes = await from.readKv(held, bounds[index]!, end)
            assert.equal(bytes.length, (end - bounds[index]!) * from.shape.kvPositionBytes)
            await to.writeKv(copy, bounds[index]!, bytes)
          }
          assert.deepEqual(await to.readKv(copy, 0, tokens.length), await from.readKv(held, 0, tokens.length))
          assert.deepEqual(await runChain([to], [copy], tokens.length, next), expected)
          for (const sequence of [copy, ...others]) await to.release(sequence)
        }
      ),
      { numRuns: 12, seed: 5 }
    )
    await Promise.all([from.close(), to.close()])
  })

test('a part of the KV is what the whole has there, and 2 · layers · heads · head dimension values a position', async () => {
  const engine = await load({ kv: 'f32' })
  const { layers, kvHeads, headDim } = model.hyperparameters
  const each = 2 * layers * kvHeads * headDim * 4
  assert.equal(engine.shape.kvPositionBytes, each)
  const sequence = await engine.reserve(64)
  await runChain([engine], [sequence], 0, draw(40, 1))
  const whole = new Float32Array((await engine.readKv(sequence, 0, 40)).buffer)
  const part = new Float32Array((await engine.readKv(sequence, 14, 19)).buffer)
  for (let row = 0; row < 2 * layers * kvHeads; row++)
    assert.deepEqual(
      part.subarray(row * 5 * headDim, (row + 1) * 5 * headDim),
      whole.subarray((row * 40 + 14) * headDim, (row * 40 + 19) * headDim)
    )
  await engine.close()
})

test('writing below cuts what is above, and neighbours in the same block stay', async () => {
  const engine = await load({ kv: 'f16' })
  const [a, b] = [await engine.reserve(64), await engine.reserve(64)]
  const tokens = draw(30, 1)
  await runChain([engine], [a], 0, tokens)
  await runChain([engine], [b], 0, tokens.slice(0, 25))
  await engine.writeKv(b, 20, await engine.readKv(a, 20, 23))
  await assert.rejects(engine.readKv(b, 0, 24), { code: 'INVALID_REQUEST' })
  assert.deepEqual(await engine.readKv(b, 0, 23), await engine.readKv(a, 0, 23))
  await engine.close()
})

test('a read beside running steps gives what was written when it was asked for', async () => {
  const span = { first: 0, end: 1 }
  const engine = await load({ span })
  const sequence = await engine.reserve(128)
  const tokens = draw(100, 9)
  const step = (position: number, count: number) =>
    engine.run([
      {
        sequence,
        position,
        input: { tokens: Uint32Array.from(tokens.slice(position, position + count)) },
        head: { rows: 0, topK: 1, temperature: 1, extraIds: new Uint32Array(0) }
      }
    ])
  const first = step(0, 50)
  const read = engine.readKv(sequence, 0, 50)
  const rest = [step(50, 20), step(60, 3)]
  const expected = hiddenOf((await first)[0]!)
  assert.equal(expected.length, 50 * engine.shape.width)
  const bytes = await read
  await Promise.all(rest)
  assert.deepEqual(bytes, await engine.readKv(sequence, 0, 50))
  await engine.close()
})

test('bounds, sizes and values are checked', async () => {
  const engine = await load({ kv: 'f16', maxBatchTokens: 16 })
  const sequence = await engine.reserve(32)
  const each = engine.shape.kvPositionBytes
  await runChain([engine], [sequence], 0, draw(16, 1))
  await runChain([engine], [sequence], 16, draw(4, 1))
  for (const [from, to] of [
    [0, 21],
    [3, 3],
    [5, 4],
    [-1, 2],
    [0.5, 2],
    [0, Number.NaN],
    // More than a batch.
    [0, 17]
  ] as const)
    await assert.rejects(engine.readKv(sequence, from, to), { code: 'INVALID_REQUEST' }, `[${from}, ${to})`)
  for (const [from, length] of [
    [0, 0],
    [0, each + 2],
    [21, each],
    [-1, each],
    [20, 13 * each]
  ] as const)
    await assert.rejects(
      engine.writeKv(sequence, from, new Uint8Array(length)),
      { code: 'INVALID_REQUEST' },
      `${length} at ${from}`
    )
  for (const bits of [0x7c00, 0xfc00, 0x7e01]) {
    const bytes = new Uint8Array(each)
    new DataView(bytes.buffer).setUint16(each - 2, bits, true)
    await assert.rejects(engine.writeKv(sequence, 20, bytes), { code: 'NON_FINITE' })
  }
  await assert.rejects(engine.readKv(99, 0, 1), { code: 'UNKNOWN_SESSION' })
  await assert.rejects(engine.writeKv(99, 0, new Uint8Array(each)), { code: 'UNKNOWN_SESSION' })
  // Nothing of all this has changed what is written.
  assert.equal((await engine.readKv(sequence, 16, 20)).length, 4 * each)
  await engine.close()
})
