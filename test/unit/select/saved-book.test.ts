/** What outlives a restart, and what is told of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidFileError } from '../../../peer/errors.ts'
import { SelectionBook } from '../../../peer/select/book.ts'
import { describeSelection } from '../../../peer/select/report.ts'
import { restoreBook, saveBook } from '../../../peer/select/saved-book.ts'
import { readSettings } from '../../../peer/select/settings.ts'
import { answer, arm, ask } from './kit.ts'

const settings = readSettings(
  {
    clouds: [
      { name: 'big', url: 'http://127.0.0.1/v1', model: 'm', price: { prompt: 1e6, completion: 1e6 }, budget: { limit: 900 } }
    ],
    budget: { limit: 500, per: 'day' }
  },
  () => undefined
)
const cloud = arm('cloud:big', { place: 'cloud', promptPrice: 1, tokenPrice: 1 })

function usedBook() {
  const book = new SelectionBook(settings, 0, () => 1)
  const done = book.begin(ask(), cloud)!
  book.end(done, { outcome: answer(500, 20, { money: 111 }), money: 111, error: undefined }, 1_000)
  // Still under way: 150 at most.
  book.begin(ask(), cloud)
  return book
}

test('what was learned and spent comes back, and what was reserved counts as spent', () => {
  const book = usedBook()
  const again = new SelectionBook(settings, 50)
  restoreBook(again, saveBook(book))
  assert.equal(again.ledger!.spent, 261)
  assert.equal(again.ledger!.reserved.size, 0)
  assert.equal(again.ledgers.get('cloud:big')!.spent, 261)
  const record = [...again.state.cells.values()][0]!.get('cloud:big')!
  assert.deepEqual([record.pulls, record.samples, record.inFlight], [2, 1, 0])
  assert.equal(again.totals.get('cloud:big')!.money, 111)
  // 500 − 261 is not 250.
  assert.notEqual(again.begin(ask(), cloud), undefined)
  assert.equal(again.begin(ask(), cloud), undefined)
})

test('what turned worse is known after a restart; a state of a version that did not tell is no bad one', () => {
  const book = usedBook()
  book.state = { ...book.state, pulls: 70, watched: new Map([['cloud:big', 60]]) }
  const again = new SelectionBook(settings, 50)
  restoreBook(again, saveBook(book))
  assert.deepEqual([again.state.pulls, [...again.state.watched]], [70, [['cloud:big', 60]]])
  const { pulls: _, watched: __, ...older } = JSON.parse(saveBook(book))
  const last = new SelectionBook(settings, 50)
  restoreBook(last, JSON.stringify(older))
  assert.deepEqual([last.state.pulls, last.state.watched.size, last.state.cells.size], [0, 0, 1])
})

const good = JSON.parse(saveBook(usedBook()))
for (const [what, text] of [
  ['no JSON', '{'],
  ['no object', '[]'],
  ['another version', JSON.stringify({ ...good, version: 2 })],
  ['a missing part', JSON.stringify({ ...good, totals: undefined })],
  ['money that was not spent', JSON.stringify({ ...good, budget: { ...good.budget, spent: -5 } })],
  ['no number', JSON.stringify({ ...good, dropped: null })],
  ['a record without its sums', JSON.stringify({ ...good, cells: [['a/0/stream', [['x', { pulls: 1 }]]]] })],
  ['a number beyond all', JSON.stringify({ ...good, dropped: 1e300 })]
])
  test(`a state with ${what} is refused and changes nothing`, () => {
    const book = new SelectionBook(settings, 50)
    const before = saveBook(book)
    assert.throws(() => restoreBook(book, text!), InvalidFileError)
    assert.equal(saveBook(book), before)
  })

test('the report tells each class and arm, the budgets, and the decisions, all as JSON', () => {
  const book = usedBook()
  for (let at = 0; at < 150; at++)
    book.note({ at, model: 'psalter', cell: 'interactive/0/stream', policy: 'any', scores: [], refused: [], legs: [] })
  const report = JSON.parse(JSON.stringify(describeSelection(book, settings, 1_000)))
  const [cell] = report.cells
  assert.deepEqual([cell.class, cell.prompt_tokens, cell.stream], ['interactive', 256, true])
  const [told] = cell.arms
  assert.deepEqual([told.arm, told.pulls, told.in_flight, told.violations], ['cloud:big', 2, 1, 0])
  // 111 of 111 tokens, and 20 joules.
  assert.deepEqual([told.money_per_token, told.joules_per_token], [1, 20 / 111])
  // Slack 0.75 of the first token, 1 of money and of energy as the dearest arm, weighed by halves.
  assert.ok(Math.abs(told.mean_reward - -0.25) < 1e-9, String(told.mean_reward))
  assert.ok(told.bound > told.mean_reward)
  assert.deepEqual(report.budgets[0], { of: 'all clouds', limit: 500, spent: 111, reserved: 150, overruns: 0 })
  assert.deepEqual([report.arms[0].answered, report.arms[0].turned_worse], [1, false])
  assert.equal(report.decisions.length, 100)
  assert.equal(report.decisions[0].at, '1970-01-01T00:00:00.149Z')
})
