import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { microBatchSize } from '../../../peer/host/micro-batch.ts'
import { RunCosts } from '../../../peer/host/run-costs.ts'
import { inTurn, type WaitingPrompt } from '../../../peer/host/turn-order.ts'

const prompt = (driver: string, tokens: number, waitedMs = 0, weight = 1): WaitingPrompt => ({ driver, tokens, waitedMs, weight })
const orderOf = (prompts: readonly WaitingPrompt[]) => inTurn(prompts).map(one => prompts.indexOf(one))

test('a question goes before a book, the earlier of two alike before the later, and a book that has waited before a question', () => {
  assert.deepEqual(orderOf([prompt('a', 4_000), prompt('b', 50), prompt('c', 40)]), [1, 2, 0])
  // 4,000 tokens are six levels up, which is six seconds.
  assert.deepEqual(orderOf([prompt('a', 50), prompt('b', 4_000, 5_900)]), [0, 1])
  assert.deepEqual(orderOf([prompt('a', 50), prompt('b', 4_000, 6_100)]), [1, 0])
})

test('fifty prompts of one driver are one long job to another’s single', () => {
  const many = Array.from({ length: 50 }, () => prompt('many', 64))
  const order = inTurn([...many, prompt('one', 64)]).map(({ driver }) => driver)
  assert.equal(order.indexOf('one'), 1)
  // As many tokens as eight of the fifty.
  const longer = inTurn([...many, prompt('one', 512)]).map(({ driver }) => driver)
  assert.equal(longer.indexOf('one'), 8)
})

test('who may wait longer waits four times as long', () => {
  assert.deepEqual(orderOf([prompt('a', 64, 0, 0.25), prompt('b', 256)]), [0, 1])
  assert.deepEqual(orderOf([prompt('a', 64, 0, 0.25), prompt('b', 128)]), [1, 0])
  assert.deepEqual(orderOf([prompt('a', 64, 12_000, 0.25), prompt('b', 64, 1_100)]), [1, 0])
  assert.deepEqual(orderOf([prompt('a', 64, 12_000, 0.25), prompt('b', 64, 900)]), [0, 1])
})

test('an order holds everybody once, and whoever waits long enough is first', () => {
  const waiting = fc.record({
    driver: fc.constantFrom('a', 'b', 'c'),
    tokens: fc.integer({ min: 1, max: 100_000 }),
    waitedMs: fc.nat(60_000),
    weight: fc.constantFrom(1, 0.25)
  })
  fc.assert(
    fc.property(fc.array(waiting, { minLength: 1, maxLength: 60 }), fc.nat(), (prompts, at) => {
      const patient = { ...prompts[at % prompts.length]!, waitedMs: 60_000 + (2_000 * 40) / 0.25 }
      const all = [...prompts, patient]
      const order = inTurn(all)
      assert.deepEqual(new Set(order), new Set(all))
      assert.equal(order.length, all.length)
      assert.equal(order[0], patient)
    })
  )
})

test('as many batches as keep all hops busy, and no more than that is worth', () => {
  // MoLink's rule by hand: (B − 3) · T(16/B) ≥ 24 first holds at B = 9, runs of 2, and a round takes 9 · 4.5 = 40.5 ms there,
  // 8 · 4.5 = 36 of them at 8 runs of 2, or 37.5 round the links. Four runs of 4 take 3 · 5 + 24 = 39, one of 16 takes 48.
  const runMs = (sessions: number) => 4 + sessions / 4
  assert.equal(microBatchSize({ sessions: 16, hops: 3, linksMs: 24, runMs }), 4)
  assert.equal(microBatchSize({ sessions: 16, hops: 1, linksMs: 0, runMs }), 16, 'alone in its chain: all at once')
  assert.equal(microBatchSize({ sessions: 1, hops: 3, linksMs: 1_000, runMs }), 1)
  // Where tokens cost more than weights, every hop of a chain works on a third.
  assert.equal(microBatchSize({ sessions: 15, hops: 3, linksMs: 0, runMs: sessions => 0.1 + sessions }), 5)
})

test('no other number of batches has everybody a token further much sooner', () => {
  const some = (most: number) => fc.integer({ min: 1, max: most })
  fc.assert(
    fc.property(some(64), some(8), fc.nat(500), some(50), fc.nat(20), (sessions, hops, linksMs, fixed, each) => {
      const runMs = (count: number) => fixed + count * each
      const round = (size: number) => Math.max(Math.ceil(sessions / size) * runMs(size), hops * runMs(size) + linksMs)
      const size = microBatchSize({ sessions, hops, linksMs, runMs })
      for (let other = 1; other <= sessions; other++) assert.ok(0.949 * round(size) <= round(other), `${size}, ${other}`)
    })
  )
})

test('runs cost what rates promise, then what runs of their size took', () => {
  // Four layers: 1 ms a token in batches, 5 ms alone.
  const costs = new RunCosts({ prefill: 4_000, decode: 800 }, 4)
  assert.equal(costs.ms(1), 5)
  assert.equal(costs.ms(60), 64)
  assert.equal(costs.tokensWithin(20, 64), 16)
  assert.equal(costs.tokensWithin(4, 64), 0)
  assert.equal(costs.tokensWithin(100, 64), 64)
  for (let run = 0; run < 50; run++) costs.ran(16, 40)
  assert.ok(Math.abs(costs.ms(16) - 40) < 1)
  assert.ok(Math.abs(costs.ms(1) - 10) < 0.5, 'twice the promised, along the line')
  for (let run = 0; run < 50; run++) costs.ran(1, 5)
  assert.ok(Math.abs(costs.ms(1) - 5) < 0.5)
  assert.ok(Math.abs(costs.ms(20) - 48) < 1)
})
