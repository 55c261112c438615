import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SelectionBook } from '../../../peer/select/book.ts'
import { describeSelection } from '../../../peer/select/report.ts'
import { readSettings } from '../../../peer/select/settings.ts'
import { readSelector } from '../../../web/selector-view.ts'
import { placeText, placeWord } from '../../../web/words/choices.ts'
import { answer, arm, ask } from '../select/kit.ts'

function report(): object {
  const settings = readSettings(
    { clouds: [{ name: 'big', url: 'http://127.0.0.1/v1', model: 'm', budget: { limit: 900 } }] },
    () => undefined
  )
  const book = new SelectionBook(settings, 0, () => 1)
  const edge = arm('edge:lan')
  book.end(book.begin(ask(), edge)!, { outcome: answer(500, 20), money: 0, error: undefined }, 1_000)
  const leg = {
    arm: 'edge:lan',
    reason: 'best',
    result: 'answered' as const,
    firstTokenMs: 500,
    ms: 700,
    promptTokens: 100,
    completionTokens: 11,
    joules: 20,
    money: 0,
    moneyMeasured: true,
    error: undefined
  }
  const refused = [{ arm: 'cloud:big', why: 'edge only' as const }]
  book.note({ at: 0, model: 'psalter', cell: 'interactive/0/stream', policy: 'edge only', scores: [], refused, legs: [leg] })
  return JSON.parse(JSON.stringify(describeSelection(book, settings, 2_000)))
}

test('what a gateway reports is what the page shows', () => {
  const view = readSelector(report())!
  const [learned] = view.learned
  assert.deepEqual(
    [learned!.class, learned!.promptTokens, learned!.stream, learned!.arm, learned!.pulls, learned!.violations],
    ['interactive', 256, true, 'edge:lan', 1, 0]
  )
  assert.ok(learned!.meanReward !== undefined && learned!.bound! >= learned!.meanReward)
  const totals = Object.fromEntries(view.arms.map(({ arm, answered }) => [arm, answered]))
  assert.deepEqual(totals, { 'cloud:big': 0, 'edge:lan': 1 })
  assert.deepEqual(view.budgets, [{ of: 'cloud:big', limit: 900, spent: 0 }])
  assert.deepEqual(view.decisions, [
    {
      at: '1970-01-01T00:00:00.000Z',
      class: 'interactive',
      edgeOnly: true,
      legs: [{ arm: 'edge:lan', reason: 'best', result: 'answered', ms: 700 }],
      refused: [{ arm: 'cloud:big', why: 'edge only' }]
    }
  ])
})

test('whatever a gateway sends is shown or refused, and never much', () => {
  fc.assert(
    fc.property(fc.jsonValue(), value => {
      assert.ok(readSelector(value) === undefined || JSON.stringify(readSelector(value)).length < 1e6)
    })
  )
  const endless = Array.from({ length: 10_000 }, () => ({ arm: 'x'.repeat(10_000), legs: Array(1_000).fill({}) }))
  const cells = endless.map(() => ({ class: 'c', arms: endless.slice(0, 100) }))
  const view = readSelector({ cells, arms: endless, budgets: endless, decisions: endless })!
  assert.deepEqual([view.learned.length, view.arms.length, view.decisions.length], [64 * 32, 32, 10])
  assert.equal(view.arms[0]!.arm.length, 200)
})

test('an answer says where it came from and why', () => {
  const none = { gateway: undefined, placements: [] }
  assert.match(placeText(none, false), /^Edge: this tab .* no cloud is configured here\.$/)
  assert.match(placeText({ gateway: 'g', placements: [] }, true), /^Edge: the gateway g .* no cloud to choose\.$/)
  const after = { arm: 'edge:lan', error: 'peer_lost' }
  const placements = [
    { class: 'chat', arm: 'edge:lan', reason: 'best' },
    { class: 'chat', arm: 'cloud:big', reason: 'only', after }
  ]
  assert.equal(
    placeText({ gateway: 'g', placements }, true),
    'Cloud “big”: nothing else could serve it within its limits, class “chat”; edge (in its network) had failed (peer_lost), says the gateway g.'
  )
  assert.deepEqual([placeWord(none), placeWord({ placements })], ['edge', 'cloud'])
})
