import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { draw } from '../../../peer/session/draw.ts'
import { headAsk, sampleFull, sampleRow } from '../../../peer/session/sampler.ts'
import type { Sampling } from '../../../peer/session/types.ts'

/** The definition, said plainly in float64: filter, renormalise, walk. Also how near the draw was to a boundary. */
function bruteForce(logits: number[], { temperature, topK, topP, minP }: Sampling, uniform: number) {
  const largest = Math.max(...logits)
  const weights = logits.map((logit, id) => ({ id, logit, p: Math.exp((logit - largest) / temperature) }))
  weights.sort((a, b) => b.logit - a.logit || a.id - b.id)
  const inTopK = topK > 0 ? weights.slice(0, topK) : weights
  const mass = inTopK.reduce((sum, { p }) => sum + p, 0)
  let kept: typeof weights = []
  let reached = 0
  let margin = 1
  for (const entry of inTopK) {
    if (topP < 1 && reached >= topP) break
    kept.push(entry)
    reached += entry.p / mass
    if (topP < 1) margin = Math.min(margin, Math.abs(reached - topP))
  }
  if (minP > 0) {
    for (const { p } of weights) margin = Math.min(margin, Math.abs(p - minP))
    kept = kept.filter(({ p }) => p >= minP)
  }
  const total = kept.reduce((sum, { p }) => sum + p, 0)
  let cumulative = 0
  let token = kept.at(-1)!.id
  let found = false
  for (const { id, p } of kept) {
    cumulative += p / total
    margin = Math.min(margin, Math.abs(cumulative - uniform) < 1e-15 && cumulative > 0.999 ? 1 : Math.abs(cumulative - uniform))
    if (!found && uniform < cumulative) {
      token = id
      found = true
    }
  }
  return { token, margin }
}

/** A head row as a last hop would return it: f32 logits, f32 log-sum-exp. */
function headRow(logits: Float32Array, topK: number, temperature: number) {
  const ids = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]! || a - b).slice(0, topK)
  const logSumExp = (t: number) => Math.fround(Math.log([...logits].reduce((sum, logit) => sum + Math.exp(logit / t), 0)))
  return {
    ids,
    logits: ids.map(id => logits[id]!),
    extraLogits: [],
    logSumExp: logSumExp(1),
    logSumExpAtTemperature: logSumExp(temperature)
  }
}

const cases = fc.record({
  logits: fc
    .array(fc.double({ min: -8, max: 8, noNaN: true }), { minLength: 2, maxLength: 300 })
    .map(values => Float32Array.from(values)),
  sampling: fc.record<Sampling>({
    temperature: fc.constantFrom(0.2, 0.7, 1, 1.5),
    topK: fc.constantFrom(0, 0, 1, 5, 40, 200),
    topP: fc.constantFrom(1, 1, 0.95, 0.9, 0.5, 0.01),
    minP: fc.constantFrom(0, 0, 0.05, 0.3),
    seed: fc.nat()
  }),
  uniform: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
})

/** f32 log-sum-exp moves a boundary by a few 1e-7 of its place. */
const NEAR = 1e-5

test('rows and full rows give what the definition gives, whenever the draw is not on a boundary', () => {
  let fromRow = 0
  let runs = 0
  fc.assert(
    fc.property(cases, ({ logits, sampling, uniform }) => {
      const { token, margin } = bruteForce([...logits], sampling, uniform)
      fc.pre(margin > NEAR)
      runs++
      assert.equal(sampleFull(logits, sampling, uniform), token)
      const { topK, temperature } = headAsk(sampling, logits.length)
      const row = sampleRow(headRow(logits, topK, temperature), logits.length, sampling, uniform)
      if (row !== undefined) {
        fromRow++
        assert.equal(row, token)
      }
    }),
    { numRuns: 3000, seed: 11 }
  )
  assert.ok(fromRow > runs / 2, `${fromRow} of ${runs} needed no full row`)
})

test('a small row is enough exactly when the draw falls inside it', () => {
  const logits = Float32Array.from({ length: 200 }, (_, id) => -Math.log(id + 1))
  const sampling: Sampling = { temperature: 1, topK: 0, topP: 1, minP: 0, seed: 0 }
  const row = headRow(logits, 10, 1)
  const inside = row.logits.reduce((sum, logit) => sum + Math.exp(logit - row.logSumExp), 0)
  for (let at = 0; at < 1000; at++) {
    const uniform = (at + 0.5) / 1000
    const token = sampleRow(row, 200, sampling, uniform)
    if (uniform < inside - NEAR) assert.equal(token, sampleFull(logits, sampling, uniform))
    if (uniform > inside + NEAR) assert.equal(token, undefined)
  }
})

test('greedy takes the largest, the lowest id among equals', () => {
  const logits = Float32Array.of(1, 3, 3, 2)
  const sampling: Sampling = { temperature: 0, topK: 0, topP: 0.3, minP: 0, seed: 9 }
  assert.equal(sampleFull(logits, sampling, 0.99), 1)
  assert.equal(sampleRow(headRow(logits, 1, 1), 4, sampling, 0.99), 1)
  assert.deepEqual(headAsk(sampling, 4), { topK: 1, temperature: 1 })
})

test('draws are uniform, and change with each of seed, choice and position', () => {
  const bins = new Array<number>(16).fill(0)
  const seen = new Set<number>()
  for (let seed = 0; seed < 16; seed++) {
    for (let choice = 0; choice < 4; choice++) {
      for (let position = 0; position < 256; position++) {
        const value = draw(seed, choice, position)
        assert.ok(value >= 0 && value < 1)
        seen.add(value)
        bins[Math.floor(value * 16)]!++
      }
    }
  }
  assert.equal(seen.size, 16 * 4 * 256)
  // χ² with 15 degrees of freedom stays below 37.7 but once in a thousand.
  const expected = (16 * 4 * 256) / 16
  const chiSquared = bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  assert.ok(chiSquared < 37.7, `χ² ${chiSquared}`)
})
