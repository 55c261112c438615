import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { refusal } from '../../../peer/select/arms.ts'
import { openLedger } from '../../../peer/select/budget.ts'
import { finished, newSelector, select, started } from '../../../peer/select/selector.ts'
import { answer, anyArm, anyOutcome, arm, ask, serve } from './kit.ts'

const anyArms = fc.uniqueArray(anyArm, { selector: ({ id }) => id, maxLength: 6 })
const anyAsk = fc.record({ policy: fc.constantFrom<'any' | 'edge only'>('any', 'edge only'), stream: fc.boolean() }).map(ask)

test('scores are finite and no forbidden arm is ever chosen, whatever arms claim and outcomes say', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(anyAsk, anyArms, anyOutcome), { maxLength: 60 }), requests => {
      const ledger = openLedger(1_000, 0)
      let state = newSelector()
      for (const [wanted, arms, outcome] of requests) {
        const choice = select(state, wanted, arms, ledger)
        for (const { mean, index, penalty } of choice.scores)
          for (const value of [mean, index, penalty]) assert.ok(value === undefined || Number.isFinite(value))
        if (choice.arm === undefined) continue
        const chosen = arms.find(({ id }) => id === choice.arm)!
        const why = refusal(chosen, wanted, ledger)
        assert.ok(why === undefined || (choice.reason === 'late' && why === 'deadline'), why)
        if (wanted.policy === 'edge only') assert.equal(chosen.place, 'edge')
        const begun = started(state, wanted, chosen)
        state = finished(begun.state, begun.pull, outcome)
      }
    })
  )
})

test('the order of the arms changes nothing', () => {
  const order = fc.array(fc.nat(), { minLength: 6, maxLength: 6 })
  fc.assert(
    fc.property(fc.array(fc.tuple(anyArms, anyOutcome, order), { maxLength: 40 }), requests => {
      let state = newSelector()
      for (const [arms, outcome, keys] of requests) {
        const other = [...arms.keys()].sort((a, b) => keys[a]! - keys[b]!).map(index => arms[index]!)
        const choice = select(state, ask(), arms)
        const otherChoice = select(state, ask(), other)
        assert.equal(choice.arm, otherChoice.arm)
        assert.deepEqual(choice.scores, otherChoice.scores)
        if (choice.arm === undefined) continue
        const begun = started(state, ask(), arms.find(({ id }) => id === choice.arm)!)
        state = finished(begun.state, begun.pull, outcome)
      }
    })
  )
})

test('a sample that cannot be true changes nothing but the count of those dropped', () => {
  const { state } = serve(newSelector(), [arm('a'), arm('b')], 10, () => answer(500, 50))
  const bad = [
    answer(Number.NaN, 50),
    answer(500, Number.POSITIVE_INFINITY),
    answer(-1, 50),
    answer(500, 50, { endedAt: 0 }),
    answer(500, 50, { energy: -1 }),
    answer(500, 50, { money: Number.NaN }),
    answer(500, 50, { completionTokens: Number.POSITIVE_INFINITY }),
    answer(500, 50, { computeShare: Number.NaN })
  ]
  for (const outcome of bad) {
    const begun = started(state, ask(), arm('a'))
    const after = finished(begun.state, begun.pull, outcome)
    assert.equal(after.dropped, 1)
    const before = state.cells.get(begun.pull.cell)!
    const pulls = before.get('a')!.pulls + 1
    assert.deepEqual(after.cells.get(begun.pull.cell), new Map(before).set('a', { ...before.get('a')!, pulls }))
  }
})

test('every allowed arm is tried at cold start and a late one is explored', () => {
  const arms = ['a', 'b', 'c', 'd'].map(id => arm(id))
  const cold = serve(newSelector(), arms, 4, () => answer(500, 50))
  assert.deepEqual(new Set(cold.went), new Set(['a', 'b', 'c', 'd']))
  const warm = serve(cold.state, arms, 100, () => answer(500, 50))
  assert.equal(serve(warm.state, [...arms, arm('e')], 1, () => answer(500, 50)).went[0], 'e')
})

test('a burst spreads over arms that are equally good, before any of it has finished', () => {
  const arms = ['a', 'b', 'c', 'd'].map(id => arm(id))
  for (const warmUp of [0, 40]) {
    let { state } = serve(newSelector(), arms, warmUp, () => answer(500, 50))
    const went = new Map<string, number>()
    for (let request = 0; request < 40; request++) {
      const chosen = select(state, ask(), arms).arm!
      state = started(state, ask(), arm(chosen)).state
      went.set(chosen, (went.get(chosen) ?? 0) + 1)
    }
    for (const { id } of arms) assert.ok(went.get(id)! >= 8 && went.get(id)! <= 12, `${id} got ${went.get(id)}`)
  }
})

test('an arm that turns 10 times slower is left within 50 requests and taken back within 50 after it recovers', () => {
  const arms = [arm('fast'), arm('slow')]
  const outcomeWith = (factor: number) => (id: string) => (id === 'fast' ? answer(200 * factor, 20 * factor) : answer(1_000, 100))
  const shareOfFast = (went: string[]) => went.filter(id => id === 'fast').length / went.length
  const before = serve(newSelector(), arms, 200, outcomeWith(1))
  assert.ok(shareOfFast(before.went.slice(-50)) > 0.8)
  const change = serve(before.state, arms, 50, outcomeWith(10))
  const during = serve(change.state, arms, 200, outcomeWith(10))
  assert.ok(shareOfFast(change.went.slice(-10)) <= 0.2 && shareOfFast(during.went) < 0.2, `${shareOfFast(during.went)}`)
  const recovery = serve(during.state, arms, 50, outcomeWith(1))
  const after = serve(recovery.state, arms, 100, outcomeWith(1))
  assert.ok(
    shareOfFast(recovery.went.slice(-10)) >= 0.8 && shareOfFast(after.went) > 0.8,
    `${shareOfFast(recovery.went.slice(-10))}`
  )
})

test('an arm that fails, refuses at once or answers nothing earns less than one that is late and dear', () => {
  const nothing = [
    answer(1, 0, { result: 'failed', energy: 0 }),
    answer(0, 0, { result: 'refused', energy: 0 }),
    answer(0, 0, { completionTokens: 0, energy: 0 })
  ]
  for (const outcome of nothing) {
    const { went } = serve(newSelector(), [arm('a'), arm('b')], 100, id =>
      id === 'a' ? outcome : answer(2_500, 100, { money: 5 })
    )
    assert.ok(went.slice(-50).filter(id => id === 'a').length < 10)
  }
})

test('a client that leaves says nothing about the arm', () => {
  const { state } = serve(newSelector(), [arm('a')], 5, () => answer(500, 50))
  const begun = started(state, ask(), arm('a'))
  const record = finished(begun.state, begun.pull, answer(1, 1, { result: 'left' }))
    .cells.get(begun.pull.cell)!
    .get('a')!
  assert.deepEqual(record, { ...state.cells.get(begun.pull.cell)!.get('a')!, pulls: 6 })
})

test('another currency and another unit of energy choose the same', () => {
  const arms = [arm('a'), arm('b', { place: 'cloud' }), arm('c', { place: 'cloud' })]
  const prices: Record<string, number> = { a: 0.25, b: 0.5, c: 1 }
  const inCurrency = (rate: number) => (id: string) =>
    answer(500 / prices[id]!, 50, { money: prices[id]! * rate, energy: 8 * prices[id]! * rate })
  const went = serve(newSelector(), arms, 150, inCurrency(1)).went
  for (const rate of [2 ** -20, 2 ** 30]) assert.deepEqual(serve(newSelector(), arms, 150, inCurrency(rate)).went, went)
})

test('streams and whole answers are learned apart', () => {
  const { state } = serve(newSelector(), [arm('a')], 5, () => answer(500, 50))
  assert.equal(select(state, ask(), [arm('a'), arm('b')]).arm, 'b')
  assert.equal(select(state, ask({ stream: false }), [arm('a'), arm('b')]).arm, 'a')
})

test('when every arm is estimated late the least late one is taken, and it is said', () => {
  const choice = select(newSelector(), ask(), [arm('a', { waitMs: 9_000 }), arm('b', { waitMs: 3_000 })])
  assert.deepEqual([choice.arm, choice.reason], ['b', 'late'])
})

test('a queue that was empty when the arm was measured counts now that it is long', () => {
  const { state } = serve(newSelector(), [arm('a'), arm('b')], 60, id => (id === 'a' ? answer(200, 20) : answer(400, 20)))
  assert.equal(select(state, ask(), [arm('a'), arm('b')]).arm, 'a')
  assert.equal(select(state, ask(), [arm('a', { waitMs: 1_500 }), arm('b')]).arm, 'b')
})
