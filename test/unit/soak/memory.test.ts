/** What counts as growth in a soak: a slope and a staircase, not one step among flat samples. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MemorySample, trendOf } from '../../soak/memory.ts'

const MIB = 2 ** 20
/** Twenty samples over ten minutes. */
const samples = (bytesAt: (index: number) => number): MemorySample[] =>
  Array.from({ length: 20 }, (_, index) => {
    const bytes = bytesAt(index)
    return { at: index * 30_000, rss: bytes, anonymous: bytes, collected: true }
  })
const near = (actual: number, expected: number) => assert.ok(Math.abs(actual - expected) < 0.002, `${actual}, not ${expected}`)

test('a slope counts in full, by either measure', () => {
  const { mean, growth, leastSquares, rise } = trendOf(
    samples(index => (195 + index / 2) * MIB),
    'anonymous'
  )
  near(mean / MIB / 199.75, 1)
  for (const slope of [growth, leastSquares]) near(slope, 10 / mean / (1 / MIB))
  near(rise, 9.5 / 199.75)
})

test('a staircase counts, one step among flat samples shows in squares and rise alone', () => {
  const stairs = trendOf(
    samples(index => (200 + 4 * Math.floor(index / 5)) * MIB),
    'rss'
  )
  assert.ok(stairs.growth > 0.05, `${stairs.growth}`)
  const step = trendOf(
    samples(index => (index < 5 ? 200 : 206) * MIB),
    'rss'
  )
  assert.equal(step.growth, 0)
  assert.ok(step.leastSquares > 0.02, `${step.leastSquares}`)
  near(step.rise, 6 / 204.5)
})

test('too few samples are no proof', () => {
  for (const count of [0, 1]) assert.ok(Number.isNaN(trendOf(samples(() => 1).slice(0, count), 'rss').growth))
})
