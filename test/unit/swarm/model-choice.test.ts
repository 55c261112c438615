import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mostWanted } from '../../../peer/swarm/model-choice.ts'
import { directoryOf, offerOf } from './kit.ts'

const [first, second, third] = ['aa', 'bb', 'cc'].map(pair => pair.repeat(32)) as [string, string, string]
const models = [first, second, third].map(digest => ({ digest, layers: 4 }))
const whole = { first: 0, end: 4 }

test('the first published where nobody says more', () => {
  assert.equal(mostWanted(directoryOf({}), models), first)
  assert.equal(mostWanted(directoryOf({ a: offerOf(whole, 4, { model: second }) }), models), first)
})

test('a model held in part comes before one that is asked for, and the more asked for the sooner', () => {
  const offers = {
    a: offerOf(whole, 4, { model: first, demand: 1_000 }),
    b: offerOf({ first: 0, end: 2 }, 4, { model: second }),
    c: offerOf({ first: 2, end: 4 }, 4, { model: third, demand: 2 })
  }
  assert.equal(mostWanted(directoryOf(offers), models), third)
  assert.equal(mostWanted(directoryOf({ ...offers, c: offerOf(whole, 4, { model: third }) }), models), second)
  const loads = offerOf({ first: 2, end: 4 }, 4, { model: second, state: 'loading' })
  assert.equal(mostWanted(directoryOf({ ...offers, c: offerOf(whole, 4, { model: third }), d: loads }), models), first)
})

test('popular models attract donors until they have enough of them', () => {
  const offers: Parameters<typeof directoryOf>[0] = {
    a: offerOf(whole, 4, { model: first, demand: 8 }),
    b: offerOf(whole, 4, { model: second, demand: 32 })
  }
  const chosen: string[] = []
  for (let newcomer = 0; newcomer < 10; newcomer++) {
    const model = mostWanted(directoryOf(offers), models)
    chosen.push(model)
    offers[`n${newcomer}`] = offerOf(whole, 4, { model })
  }
  // Four times as wanted, so four times as many: 10 of 12 peers at most, 9 at least.
  const popular = 1 + chosen.filter(model => model === second).length
  assert.ok(popular >= 9 && popular <= 10, `${popular} of 12`)
  assert.ok(!chosen.includes(third))
})
