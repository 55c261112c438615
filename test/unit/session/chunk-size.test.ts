import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { chunkTokens, MAX_CHUNK_TOKENS, MIN_CHUNK_TOKENS, type RunCost } from '../../../peer/session/chunk-size.ts'

const three = (cost: RunCost) => [cost, cost, cost]

/** When the last of three hops has the last chunk: each chunk as soon as the hop before has it and the hop is free. */
function simulate(length: number, size: number, costs: readonly RunCost[]): number {
  const free = costs.map(() => 0)
  for (let at = 0; at < length; at += size) {
    const tokens = Math.min(size, length - at)
    let ready = 0
    for (const [hop, { fixedMs, tokenMs }] of costs.entries()) {
      ready = Math.max(ready, free[hop]!) + fixedMs + tokens * tokenMs
      free[hop] = ready
    }
  }
  return free.at(-1)!
}

test('one hop takes as many as it may at once; a chain takes fewer, the fewer the less a run costs', () => {
  assert.equal(chunkTokens(512, [{ fixedMs: 8, tokenMs: 0.5 }], Infinity), 128)
  assert.equal(chunkTokens(512, three({ fixedMs: 8, tokenMs: 0.5 }), Infinity), 64)
  assert.equal(chunkTokens(512, three({ fixedMs: 1, tokenMs: 0.5 }), Infinity), 64)
  assert.equal(chunkTokens(128, three({ fixedMs: 1, tokenMs: 0.5 }), Infinity), 16)
  assert.equal(chunkTokens(128, three({ fixedMs: 0, tokenMs: 3 }), Infinity), MIN_CHUNK_TOKENS)
})

test('what a link or other sessions allow is kept to, and a short prompt goes in one', () => {
  assert.equal(chunkTokens(512, [{ fixedMs: 8, tokenMs: 0.5 }], 20), 20)
  assert.equal(chunkTokens(5, three({ fixedMs: 8, tokenMs: 0.5 }), Infinity), 5)
  assert.equal(chunkTokens(130, [{ fixedMs: 8, tokenMs: 0.5 }], Infinity), 65, 'two alike, not one and a rest')
})

test('no size has the prompt through the chain much sooner', () => {
  const costs = fc.array(
    fc.record({ fixedMs: fc.double({ min: 0, max: 100, noNaN: true }), tokenMs: fc.double({ min: 0.01, max: 20, noNaN: true }) }),
    { minLength: 1, maxLength: 6 }
  )
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2_000 }), costs, (length, costs) => {
      const size = chunkTokens(length, costs, Infinity)
      assert.ok(size >= 1 && size <= MAX_CHUNK_TOKENS)
      const sizes = [8, 12, 16, 24, 32, 48, 64, 96, 128]
      const best = Math.min(...sizes.map(other => simulate(length, other, costs)))
      assert.ok(simulate(length, size, costs) <= 1.35 * best + 128 * costs.length * 0.25)
    }),
    { numRuns: 500, seed: 3 }
  )
})
