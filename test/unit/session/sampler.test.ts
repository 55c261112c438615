import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { adjustmentsOf } from '../../../peer/session/adjust-logits.ts'
import { draw } from '../../../peer/session/draw.ts'
import { fullLogprobs, rowLogprobs } from '../../../peer/session/logprobs.ts'
import { neutralSampling } from '../../../peer/session/neutral-sampling.ts'
import { headAsk, type RowAsk, sampleFull, sampleRow } from '../../../peer/session/sampler.ts'
import type { Sampling } from '../../../peer/session/types.ts'

/** The definition, said plainly in float64: adjust, filter, renormalise, walk. Also how near it came to deciding otherwise. */
function bruteForce(logits: number[], sampling: Sampling, uniform: number, tokens: number[] = [], promptLength = 0) {
  const { temperature, topK, topP, minP, typicalP } = sampling
  const adjusted = bruteAdjusted(logits, sampling, tokens, promptLength)
  const largest = Math.max(...adjusted)
  const ranked = adjusted.map((logit, id) => ({ id, logit, p: Math.exp((logit - largest) / temperature) }))
  ranked.sort((a, b) => b.logit - a.logit || a.id - b.id)
  let margin = 1
  const near = (a: number, b: number) => {
    if (a !== b) margin = Math.min(margin, Math.abs(a - b))
  }
  const share = (list: typeof ranked) => {
    const mass = list.reduce((sum, { p }) => sum + p, 0)
    return list.map(entry => ({ ...entry, p: entry.p / mass }))
  }
  let kept = share(topK > 0 ? ranked.slice(0, topK) : ranked)
  const untilReached = (mass: number) => {
    const until: typeof kept = []
    let reached = 0
    for (const entry of kept) {
      if (reached >= mass) break
      until.push(entry)
      reached += entry.p
      margin = Math.min(margin, Math.abs(reached - mass))
    }
    return until
  }
  if (typicalP < 1) {
    const entropy = kept.reduce((sum, { p }) => sum - p * Math.log(p), 0)
    const oddity = ({ p }: { p: number }) => Math.abs(-Math.log(p) - entropy)
    const order = new Map(kept.map(({ id }, at) => [id, at]))
    // Of equally likely ids the nearest to the middle of the ranking comes first.
    const side = (p: number) => (-Math.log(p) < entropy ? -1 : 1)
    kept.sort((a, b) => oddity(a) - oddity(b) || side(a.p) * (order.get(a.id)! - order.get(b.id)!))
    for (const entry of kept) margin = Math.min(margin, oddity(entry))
    for (let at = 1; at < kept.length; at++) if (kept[at]!.p !== kept[at - 1]!.p) near(oddity(kept[at]!), oddity(kept[at - 1]!))
    kept = share(untilReached(typicalP).sort((a, b) => order.get(a.id)! - order.get(b.id)!))
  }
  if (topP < 1) kept = share(untilReached(topP))
  if (minP > 0) {
    const most = kept[0]!.p
    for (const { p } of kept) near(p / most, minP)
    kept = share(kept.filter(({ p }) => p / most >= minP))
  }
  let cumulative = 0
  let token: number | undefined
  for (const { id, p } of kept) {
    cumulative += p
    if (token === undefined && uniform < cumulative) token = id
    if (id !== kept.at(-1)!.id) margin = Math.min(margin, Math.abs(cumulative - uniform))
  }
  return { token: token ?? kept.at(-1)!.id, margin, kept }
}

/** llama.cpp's and OpenAI's formulas, id by id. */
function bruteAdjusted(logits: number[], sampling: Sampling, tokens: number[], promptLength: number): number[] {
  const answer = tokens.slice(promptLength)
  return logits.map((logit, id) => {
    let value = logit + (sampling.logitBias.find(([biased]) => biased === id)?.[1] ?? 0)
    const { repetitionPenalty: repetition, frequencyPenalty, presencePenalty } = sampling
    if (tokens.slice(Math.max(0, tokens.length - 64)).includes(id)) value = value > 0 ? value / repetition : value * repetition
    const count = answer.filter(token => token === id).length
    return value - count * frequencyPenalty - Number(count > 0) * presencePenalty
  })
}

/** A head row as a last hop would return it: f32 logits, f32 log-sum-exp. */
function headRow(logits: Float32Array, { topK, temperature, extraIds }: RowAsk) {
  const ids = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]! || a - b).slice(0, topK)
  const logSumExp = (t: number) => Math.fround(Math.log([...logits].reduce((sum, logit) => sum + Math.exp(logit / t), 0)))
  return {
    ids,
    logits: ids.map(id => logits[id]!),
    extraLogits: extraIds.map(id => logits[id]!),
    logSumExp: logSumExp(1),
    // A step carries its temperature as f32.
    logSumExpAtTemperature: logSumExp(Math.fround(temperature))
  }
}

const cases = fc
  .record({
    logits: fc
      .oneof(
        fc.array(fc.double({ min: -8, max: 8, noNaN: true }), { minLength: 2, maxLength: 300 }),
        // Ties, and the few likely ids among many that models have.
        fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 2, maxLength: 300 }),
        fc.array(fc.oneof({ weight: 20, arbitrary: fc.double({ min: -9, max: -6, noNaN: true }) }, fc.constantFrom(2, 5, 6)), {
          minLength: 150,
          maxLength: 300
        })
      )
      .map(values => Float32Array.from(values)),
    sampling: fc.record<Omit<Sampling, 'logitBias'>>({
      temperature: fc.constantFrom(0, 0.2, 0.7, 1, 1.5),
      topK: fc.constantFrom(0, 0, 1, 5, 40, 200),
      topP: fc.constantFrom(1, 1, 0.95, 0.9, 0.5, 0.01),
      minP: fc.constantFrom(0, 0, 0.05, 0.3),
      typicalP: fc.constantFrom(1, 1, 1, 0.9, 0.3),
      repetitionPenalty: fc.constantFrom(1, 1, 1.3, 0.7),
      frequencyPenalty: fc.constantFrom(0, 0, 0.5, -1),
      presencePenalty: fc.constantFrom(0, 0, 1.5, -2),
      seed: fc.nat()
    }),
    biases: fc.array(fc.tuple(fc.nat(), fc.constantFrom(-100, -3, 2, 9, 100)), { maxLength: 6 }),
    history: fc.array(fc.nat({ max: 30 }), { maxLength: 100 }),
    prompt: fc.nat({ max: 100 }),
    uniform: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  })
  .map(({ logits, sampling, biases, history, prompt, uniform }) => ({
    logits,
    sampling: { ...sampling, logitBias: [...new Map(biases.map(([id, bias]) => [id % logits.length, bias]))] },
    tokens: history.map(id => id % logits.length),
    promptLength: Math.min(prompt, history.length),
    uniform
  }))

/** The log-sum-exp's error moves a boundary by about 1e-5 of the whole. */
const NEAR = 1e-5

test('rows give exactly what full rows give, and both what the definition gives', () => {
  let fromRow = 0
  let runs = 0
  fc.assert(
    fc.property(cases, ({ logits, sampling, tokens, promptLength, uniform }) => {
      const adjustments = adjustmentsOf(sampling, tokens, promptLength)
      const full = sampleFull(logits, sampling, uniform, adjustments)
      const ask = headAsk(sampling, logits.length, adjustments)
      const row = sampleRow(headRow(logits, ask), logits.length, sampling, uniform, adjustments)
      runs++
      if (row !== undefined) {
        fromRow++
        assert.equal(row, full)
      }
      if (sampling.temperature === 0) {
        const adjusted = bruteAdjusted([...logits], sampling, tokens, promptLength)
        assert.equal(full, adjusted.indexOf(Math.max(...adjusted)))
        assert.equal(row, full, 'greedy never needs the full row')
        return
      }
      const { token, margin } = bruteForce([...logits], sampling, uniform, tokens, promptLength)
      if (margin > 1e-9) assert.equal(full, token)
    }),
    { numRuns: 2000, seed: 11 }
  )
  assert.ok(fromRow > runs / 2, `${fromRow} of ${runs} needed no full row`)
})

for (const [name, change] of Object.entries({
  'nothing set': {},
  'temperature 0.6': { temperature: 0.6 },
  'top-k 12': { topK: 12 },
  'top-p 0.8': { topP: 0.8 },
  'min-p 0.1': { minP: 0.1 },
  'typical 0.6': { typicalP: 0.6 },
  'penalties and biases': {
    repetitionPenalty: 1.4,
    frequencyPenalty: 0.3,
    presencePenalty: 0.6,
    logitBias: [
      [0, -100],
      [40, 6]
    ]
  },
  everything: {
    temperature: 1.3,
    topK: 30,
    typicalP: 0.95,
    topP: 0.9,
    minP: 0.02,
    repetitionPenalty: 1.2,
    frequencyPenalty: -0.2
  }
} satisfies Record<string, Partial<Sampling>>))
  test(`draws are distributed as the float64 reference says: ${name}`, () => {
    const logits = Float32Array.from({ length: 200 }, (_, id) => 4 * Math.sin(id * 12.9898) + (id % 7 === 0 ? 2 : 0))
    const sampling: Sampling = { ...neutralSampling, ...change }
    const tokens = Array.from({ length: 30 }, (_, at) => (at * at) % 50)
    const { kept } = bruteForce([...logits], sampling, 0.5, tokens, 10)
    const adjustments = adjustmentsOf(sampling, tokens, 10)
    const row = headRow(logits, headAsk(sampling, logits.length, adjustments))
    const counts = new Map<number, number>()
    const draws = 4_000
    for (let position = 0; position < draws; position++) {
      const uniform = draw(17, 0, position)
      const token =
        sampleRow(row, logits.length, sampling, uniform, adjustments) ?? sampleFull(logits, sampling, uniform, adjustments)
      counts.set(token, (counts.get(token) ?? 0) + 1)
    }
    for (const id of counts.keys())
      assert.ok(
        kept.some(entry => entry.id === id),
        `${id} is filtered out`
      )
    // Ids expected fewer than five times share a bin: χ² means nothing there.
    const often = kept.filter(({ p }) => p * draws >= 5)
    const bins = often.map(({ id, p }) => ({ seen: counts.get(id) ?? 0, expected: p * draws }))
    const rest = {
      seen: draws - bins.reduce((sum, { seen }) => sum + seen, 0),
      expected: draws - bins.reduce((sum, { expected }) => sum + expected, 0)
    }
    if (rest.expected >= 5) bins.push(rest)
    const chiSquared = bins.reduce((sum, { seen, expected }) => sum + (seen - expected) ** 2 / expected, 0)
    // Wilson and Hilferty's approximation of the quantile exceeded once in a thousand.
    const freedom = bins.length - 1
    const limit = freedom * (1 - 2 / (9 * freedom) + 3.09 * Math.sqrt(2 / (9 * freedom))) ** 3
    assert.ok(chiSquared < limit, `χ² ${chiSquared} of ${freedom} degrees, limit ${limit}`)
  })

test('an id that a bias or a negative penalty lifts from far outside the top is drawn from the row alone', () => {
  const logits = Float32Array.from({ length: 5000 }, (_, id) => -id / 100)
  for (const change of [{ logitBias: [[4900, 100]] as const }, { presencePenalty: -100 }, { frequencyPenalty: -100 }]) {
    for (const temperature of [0, 1]) {
      const sampling: Sampling = { ...neutralSampling, ...change, temperature }
      const adjustments = adjustmentsOf(sampling, [3, 4900], 1)
      const row = headRow(logits, headAsk(sampling, 5000, adjustments))
      assert.equal(sampleRow(row, 5000, sampling, 0.5, adjustments), 4900)
      assert.equal(sampleFull(logits, sampling, 0.5, adjustments), 4900)
    }
  }
})

test('more adjusted ids than a step may ask about need the full row', () => {
  const logits = Float32Array.from({ length: 5000 }, (_, id) => -id / 100)
  const sampling: Sampling = { ...neutralSampling, temperature: 0, logitBias: Array.from(logits.keys(), id => [id, id] as const) }
  const adjustments = adjustmentsOf(sampling, [], 0)
  const ask = headAsk(sampling, 5000, adjustments)
  assert.deepEqual(ask.extraIds, [])
  assert.equal(sampleRow(headRow(logits, ask), 5000, sampling, 0.5, adjustments), undefined)
  assert.equal(sampleFull(logits, sampling, 0.5, adjustments), 4999)
})

test('frequency and presence count the answer, repetition the last 64 of prompt and answer', () => {
  const prompt = [7, ...Array.from({ length: 63 }, () => 1)]
  const frequent = adjustmentsOf({ ...neutralSampling, frequencyPenalty: 1, presencePenalty: 1 }, [...prompt, 2, 2, 3], 64)
  assert.deepEqual(
    [...frequent].map(([id, { count }]) => [id, count]),
    [
      [2, 2],
      [3, 1]
    ]
  )
  const repeated = { ...neutralSampling, repetitionPenalty: 1.1 }
  assert.deepEqual([...adjustmentsOf(repeated, prompt, 64).keys()], [7, 1])
  assert.deepEqual([...adjustmentsOf(repeated, [...prompt, 2], 64).keys()], [1, 2])
  assert.equal(adjustmentsOf(neutralSampling, prompt, 3).size, 0)
})

test('log-probabilities are the softmax of the model’s logits, from a row as from all', () => {
  fc.assert(
    fc.property(cases, fc.integer({ min: 0, max: 20 }), ({ logits, sampling, tokens, promptLength, uniform }, count) => {
      const adjustments = adjustmentsOf(sampling, tokens, promptLength)
      const ask = headAsk(sampling, logits.length, adjustments, count)
      const row = headRow(logits, ask)
      const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0)
      const expected = [...logits.keys()]
        .sort((a, b) => logits[b]! - logits[a]! || a - b)
        .slice(0, count)
        .map(id => ({ id, logprob: Math.log(Math.exp(logits[id]!) / sum) }))
      const token = sampleRow(row, logits.length, sampling, uniform, adjustments)
      const drawn = token ?? sampleFull(logits, sampling, uniform, adjustments)
      const all = fullLogprobs(logits, drawn, count)
      for (const told of token === undefined ? [all] : [all, rowLogprobs(row, adjustments, drawn, count)]) {
        assert.equal(told.id, drawn)
        assert.ok(Math.abs(told.logprob - Math.log(Math.exp(logits[drawn]!) / sum)) < 1e-5)
        assert.deepEqual(
          told.top.map(({ id }) => id),
          expected.map(({ id }) => id)
        )
        for (const [at, { logprob }] of told.top.entries()) assert.ok(Math.abs(logprob - expected[at]!.logprob) < 1e-5)
      }
    }),
    { numRuns: 300, seed: 5 }
  )
})

test('a small row is enough exactly when the draw falls inside it', () => {
  const logits = Float32Array.from({ length: 200 }, (_, id) => -Math.log(id + 1))
  const row = headRow(logits, { topK: 10, temperature: 1, extraIds: [] })
  const inside = row.logits.reduce((sum, logit) => sum + Math.exp(logit - row.logSumExp), 0)
  for (let at = 0; at < 1000; at++) {
    const uniform = (at + 0.5) / 1000
    const token = sampleRow(row, 200, neutralSampling, uniform)
    if (uniform < inside - NEAR) assert.equal(token, sampleFull(logits, neutralSampling, uniform))
    if (uniform > inside + NEAR) assert.equal(token, undefined)
  }
})

test('greedy takes the largest, the lowest id among equals', () => {
  const logits = Float32Array.of(1, 3, 3, 2)
  const sampling: Sampling = { ...neutralSampling, temperature: 0, topP: 0.3, seed: 9 }
  assert.equal(sampleFull(logits, sampling, 0.99), 1)
  assert.equal(sampleRow(headRow(logits, headAsk(sampling, 4)), 4, sampling, 0.99), 1)
  assert.deepEqual(headAsk(sampling, 4), { topK: 1, temperature: 1, extraIds: [] })
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
