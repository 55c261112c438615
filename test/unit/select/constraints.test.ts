import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { estimate, refusal } from '../../../peer/select/arms.ts'
import { canReserve, committed, openLedger, reserve, settle } from '../../../peer/select/budget.ts'
import { BATCH, cellOf, classNamed, INTERACTIVE } from '../../../peer/select/classes.ts'
import { rewardOf, sampleOf } from '../../../peer/select/reward.ts'
import { answer, anyMeasure, arm, ask } from './kit.ts'

test('each constraint refuses by its own name, edge only before all others', () => {
  const cloud = { place: 'cloud' as const, promptPrice: 1, tokenPrice: 2 }
  assert.equal(refusal(arm('a'), ask()), undefined)
  assert.equal(refusal(arm('a', { ...cloud, waitMs: Number.NaN }), ask({ policy: 'edge only' })), 'edge only')
  assert.equal(refusal(arm('a', { waitMs: Number.NaN }), ask()), 'malformed')
  assert.equal(refusal(arm('a', { pausedUntil: 11 }), ask({ now: 10 })), 'paused')
  assert.equal(refusal(arm('a', { freeKvTokens: 149 }), ask()), 'KV room')
  assert.equal(refusal(arm('a', { bandwidth: 0 }), ask()), 'bandwidth')
  // 100 tokens of prompt at 1 and at most 50 of answer at 2.
  assert.equal(refusal(arm('a', cloud), ask(), openLedger(199, 0)), 'budget')
  assert.equal(refusal(arm('a', cloud), ask(), openLedger(200, 0)), undefined)
  assert.equal(refusal(arm('a', { waitMs: 1_900 }), ask()), 'deadline')
  assert.equal(refusal(arm('a', { waitMs: 1_900 }), ask({ class: BATCH })), undefined)
})

test('the estimate adds waiting, link, transfer and prefill to the first token', () => {
  const { firstTokenMs, perTokenMs, slack } = estimate(arm('a', { waitMs: 500, bandwidth: 10_000 }), ask())
  assert.deepEqual([firstTokenMs, perTokenMs], [500 + 10 + 100 + 100, 21])
  assert.equal(slack, 1 - 710 / 2_000)
})

test('no interleaving of reservations and settlements passes the limit', () => {
  const action = fc.record({
    leg: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    amount: fc.nat(60),
    settles: fc.boolean(),
    share: fc.double({ min: 0, max: 1 })
  })
  fc.assert(
    fc.property(fc.array(action, { maxLength: 100 }), actions => {
      let ledger = openLedger(100, 0)
      for (const { leg, amount, settles, share } of actions) {
        if (settles) ledger = settle(ledger, leg, Math.floor((ledger.reserved.get(leg) ?? 0) * share), 0)
        else ledger = reserve(ledger, leg, amount, 0) ?? ledger
        assert.ok(committed(ledger) <= 100 && ledger.spent >= 0)
      }
    })
  )
})

test('whatever amounts are claimed, the ledger stays a number and what is unknown is paid in full', () => {
  fc.assert(
    fc.property(anyMeasure, anyMeasure, (amount, actual) => {
      const ledger = reserve(openLedger(1_000, 0), 'a', amount, 0)
      if (ledger === undefined) return
      const after = settle(ledger, 'a', actual, 0)
      assert.ok(Number.isFinite(after.spent) && after.reserved.size === 0)
      assert.equal(after.spent, Number.isFinite(actual) && actual >= 0 ? actual : amount)
      assert.equal(after.overruns, after.spent > amount ? 1 : 0)
      assert.equal(settle(after, 'a', 5, 0), after)
    })
  )
})

test('both legs of a fallback are paid, and a new period begins with nothing spent but what is reserved', () => {
  let ledger = reserve(reserve(openLedger(100, 0, 1_000), 'edge', 30, 0)!, 'cloud', 60, 0)!
  ledger = settle(settle(ledger, 'edge', 20, 10), 'cloud', 50, 20)
  assert.equal(ledger.spent, 70)
  ledger = reserve(ledger, 'next', 25, 30)!
  assert.equal(canReserve(ledger, 10, 999), false)
  assert.equal(canReserve(ledger, 75, 1_000), true)
  assert.equal(canReserve(ledger, 76, 1_000), false)
})

test('unknown classes are interactive; buckets and kinds of answer are cells of their own', () => {
  assert.equal(classNamed('nonsense'), INTERACTIVE)
  assert.equal(classNamed('batch'), BATCH)
  const own = { ...BATCH, name: 'mine' }
  assert.equal(classNamed('mine', [own]), own)
  assert.equal(cellOf(INTERACTIVE, 256, true), 'interactive/0/stream')
  assert.equal(cellOf(INTERACTIVE, 257, false), 'interactive/1/whole')
  assert.equal(cellOf(INTERACTIVE, 1e9, true), 'interactive/2/stream')
})

test('the reward is λ times the smallest slack less the shares of energy and money', () => {
  // 500 of 2,000 ms and 50 of 200 ms: 0.75 of slack each; bandwidth leaves 0.4.
  const sample = sampleOf(INTERACTIVE, answer(500, 50, { bandwidthShare: 0.6, money: 111 }))!
  assert.equal(sample.slack, 0.4)
  assert.equal(sample.money, 1)
  assert.equal(rewardOf(INTERACTIVE, { energy: 1, money: 1, slack: 0.4 }, { energy: 4, money: 2 }), 0.4 - 0.125 - 0.25)
  // A whole answer of 11 tokens has 2,000 + 10 · 200 ms.
  const { firstTokenAt: _, ...whole } = answer(1_000, 0, { stream: false })
  assert.equal(sampleOf(INTERACTIVE, whole)!.slack, 0.75)
})
