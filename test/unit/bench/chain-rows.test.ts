/** How layers are cut for the chains that are measured, and what is made of their times. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chainRows } from '../../bench/chain/chain-rows.ts'
import { layerRanges } from '../../bench/chain/local-chain.ts'

test('layers are cut as evenly as can be, each held once', () => {
  assert.deepEqual(layerRanges(8, 1), ['0-7'])
  assert.deepEqual(layerRanges(8, 4), ['0-1', '2-3', '4-5', '6-7'])
  assert.deepEqual(layerRanges(7, 2), ['0-3', '4-6'])
})

const answer = (tpotMs: number, computeMs: number[]) => ({
  ttftMs: 50,
  tpotMs,
  hops: computeMs.map(ms => ({ queueMs: 0.5, computeMs: ms }))
})

test('a hop’s added time is held to 3 ms, the longest chain to 1.15 of a long token', () => {
  const rows = chainRows('model', [
    { hops: 1, answers: [answer(100, [90]), answer(110, [95])] },
    { hops: 4, answers: [answer(109, [25, 25, 25, 20]), answer(116, [25, 25, 25, 20])] }
  ])
  const row = (name: string) => rows.find(each => each.name === `model, ${name}`)!
  assert.deepEqual(row('4 hops: token').goal, { max: 1.15 })
  assert.equal(row('4 hops: token').ratio, 112.5 / 105)
  // (109 − 100) / 3 and (116 − 110) / 3.
  assert.deepEqual(row('4 hops: added a hop').samples.value, [3, 2])
  assert.deepEqual(row('4 hops: added a hop').goal, { max: 3 })
  assert.equal(row('4 hops: compute').value, 95)
  assert.equal(row('4 hops: queue').value, 2)
  assert.deepEqual(row('4 hops: links and driver').samples.value, [12, 19])
  assert.deepEqual(row('1 hop: links and driver').samples.value, [9.5, 14.5])
})

test('a short token has no goal as a ratio', () => {
  const rows = chainRows('model', [
    { hops: 1, answers: [answer(6, [5])] },
    { hops: 2, answers: [answer(9, [3, 3])] }
  ])
  assert.equal(rows[0]!.goal, undefined)
  assert.equal(rows[0]!.ratio, 1.5)
})
