/** The alternation of measurements on an injected clock. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { measureAlternately } from '../../bench/measure.ts'

/** Contestants that take `a` and `b` ms of a clock and note their turns. */
function contest(a: number, b: number) {
  const turns: string[] = []
  let clock = 0
  const contestant = (name: string, ms: number) => async () => {
    turns.push(name)
    clock += ms
    return `${name}${turns.length}`
  }
  return { turns, contestants: { a: contestant('a', a), b: contestant('b', b) }, now: () => clock }
}

test('each round runs all, the order turned round every other round, warm-ups not kept', async () => {
  const { turns, contestants, now } = contest(1, 1)
  const samples = await measureAlternately(contestants, { rounds: 3, now })
  assert.equal(turns.join(''), 'ba' + 'ab' + 'ba' + 'ab')
  assert.deepEqual(samples, { a: ['a3', 'a6', 'a7'], b: ['b4', 'b5', 'b8'] })
})

test('no round starts that would end after the deadline, but for the least', async () => {
  const { contestants, now } = contest(4, 6)
  const counted = async (deadline: number, leastRounds: number) =>
    (await measureAlternately(contestants, { rounds: 9, warmUps: 0, leastRounds, deadline: now() + deadline, now })).a.length
  assert.equal(await counted(35, 1), 3)
  assert.equal(await counted(0, 2), 2)
})

test('an abort ends it between two measurements', async () => {
  const { contestants, turns } = contest(1, 1)
  const abort = new AbortController()
  const stopping = {
    ...contestants,
    b: async () => {
      abort.abort(new Error('enough'))
      return contestants.b()
    }
  }
  await assert.rejects(measureAlternately(stopping, { rounds: 5, warmUps: 0, signal: abort.signal }), /enough/)
  assert.deepEqual(turns, ['a', 'b'])
})

test('what a contestant throws ends it', async () => {
  const failing = { a: async () => 1, b: async (): Promise<number> => Promise.reject(new Error('broken')) }
  await assert.rejects(measureAlternately(failing, { rounds: 2 }), /broken/)
})
