/** Statistics, goals and tables of benchmarks, against values worked out by hand. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { figure, tables, verdict } from '../../bench/report.ts'
import { goalMet, median, quantile, ratioRow, spread, valueRow } from '../../bench/rows.ts'

const facts = { bench: 'engine', name: 'decode', unit: 'tokens/s' }

test('median, quantiles and spread are those of the sorted values', () => {
  assert.equal(median([9, 1, 5]), 5)
  assert.equal(median([4, 1, 3, 2]), 2.5)
  assert.equal(quantile([10, 20, 30, 40, 50], 0.25), 20)
  assert.equal(quantile([0, 10], 0.75), 7.5)
  // Quartiles 2 and 4 around 3.
  assert.equal(spread([1, 2, 3, 4, 5]), 2 / 3)
  assert.equal(spread([7]), 0)
  assert.equal(spread([0, 0, 0]), 0)
  assert.throws(() => median([]), RangeError)
})

test('a ratio is of the medians, its spread of the ratios round by round', () => {
  // The machine slows down threefold in the last round, for both alike.
  const row = ratioRow({ ...facts, against: 'other' }, [20, 22, 7], [10, 11, 3.5])
  assert.equal(row.value, 20)
  assert.deepEqual(row.against, { name: 'other', value: 10 })
  assert.equal(row.ratio, 2)
  assert.equal(row.spread, 0)
  assert.deepEqual(row.samples, { value: [20, 22, 7], against: [10, 11, 3.5] })
  assert.throws(() => ratioRow({ ...facts, against: 'other' }, [1, 2], [1]), /2 samples beside 1 of other/)
})

test('a goal is held against the ratio, against the value where there is none', () => {
  const ratio = (goal: { min: number } | { max: number }) => ratioRow({ ...facts, against: 'other', goal }, [30], [20])
  assert.equal(goalMet(ratio({ min: 1.5 })), true)
  assert.equal(goalMet(ratio({ min: 1.51 })), false)
  assert.equal(goalMet(ratio({ max: 1.5 })), true)
  assert.equal(goalMet(ratio({ max: 1.4 })), false)
  assert.equal(goalMet(valueRow({ ...facts, goal: { max: 3 } }, [2.9])), true)
  assert.equal(goalMet(valueRow({ ...facts, goal: { min: 3 } }, [2.9])), false)
  assert.equal(goalMet(valueRow(facts, [1])), undefined)
})

test('figures have three digits, larger wholes all of theirs', () => {
  assert.deepEqual([12_345.6, 123.4, 12.34, 1.236, 0.1236, 0.001236, 2, 0, 10].map(figure), [
    '12346',
    '123',
    '12.3',
    '1.24',
    '0.124',
    '0.0012',
    '2',
    '0',
    '10'
  ])
  assert.equal(figure(-1.5), '-1.5')
})

test('the table shows goals met and missed, notes and what was not run', () => {
  const rows = [
    ratioRow({ ...facts, against: 'onnxruntime', goal: { min: 1.5 } }, [30, 33], [10, 10]),
    valueRow({ ...facts, name: 'first token', unit: 'ms', goal: { max: 5 }, note: 'with a cold cache' }, [7]),
    { bench: 'engine', name: 'llama.cpp Vulkan', notRun: 'died' },
    valueRow({ bench: 'chain', name: 'a hop', unit: 'ms' }, [2])
  ]
  assert.equal(
    tables(rows),
    [
      'engine',
      '                       value         against  ratio  spread  rounds        goal',
      '  decode       31.5 tokens/s  10 onnxruntime  3.15×      5%       2  ≥ 1.5× met',
      '  first token           7 ms                             0%       1  ≤ 5 MISSED',
      '  first token: with a cold cache',
      '  llama.cpp Vulkan: not run: died',
      '',
      'chain',
      '         value  against  ratio  spread  rounds  goal',
      '  a hop   2 ms                      0%       1'
    ].join('\n')
  )
  assert.equal(verdict(rows), '1 of 2 goals met; missed: engine: first token')
  assert.equal(verdict(rows.slice(2)), 'no goals')
})
