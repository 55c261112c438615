/** The tuner's decision, on clocks and measurements that are given. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bestOf, readChoices, type TuningClass, tune, writeChoices } from '../../../peer/engine/tuning.ts'

const CANDIDATES = ['a', 'b', 'c'] as const
type Candidate = (typeof CANDIDATES)[number]

/** An adapter: a submit's own cost, then so much a dispatch of each candidate; `noise` adds to each measurement. */
function adapter(costs: Record<string, Record<Candidate, number>>, submitMs: number, noise: () => number = () => 0) {
  let clock = 0
  const measured: [string, Candidate, number][] = []
  return {
    now: () => clock,
    measured,
    measure: async (name: string, candidate: Candidate, repetitions: number) => {
      measured.push([name, candidate, repetitions])
      const ms = submitMs + repetitions * costs[name]![candidate] + noise()
      clock += ms
      return ms
    }
  }
}

const cost = fc.double({ min: 0.001, max: 0.5, noNaN: true })
const costs = fc.record({ a: cost, b: cost, c: cost })
const classesOf = (names: readonly string[]): TuningClass<Candidate>[] => names.map(name => ({ name, candidates: CANDIDATES }))

test('the fastest takes the default’s place when it saves a tenth, whatever a submit costs', async () => {
  await fc.assert(
    fc.asyncProperty(costs, fc.double({ min: 0, max: 20, noNaN: true }), async (each, submitMs) => {
      const { measure, now } = adapter({ x: each }, submitMs)
      const fastest = Math.min(each.b, each.c)
      // At the very border rounding decides.
      fc.pre(Math.abs(fastest / each.a - 0.9) > 1e-6 && Math.abs(each.b / each.c - 1) > 1e-6)
      const chosen = (await tune(classesOf(['x']), measure, { now, limitMs: 1e9 })).get('x')
      assert.equal(chosen, fastest > 0.9 * each.a ? 'a' : each.b < each.c ? 'b' : 'c')
    })
  )
})

test('one slow measurement of three changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(2), fc.constantFrom(...CANDIDATES), async (slowRound, slowCandidate) => {
      const each = { a: 0.1, b: 0.05, c: 0.2 }
      let [round, repetitions] = [-1, 0]
      const { measure, now } = adapter({ x: each }, 3)
      const disturbed = async (name: string, candidate: Candidate, count: number) => {
        if (candidate === 'a' && count !== 2 * repetitions) [round, repetitions] = [round + 1, count]
        return (await measure(name, candidate, count)) + (round === slowRound && candidate === slowCandidate ? 50 : 0)
      }
      assert.equal((await tune(classesOf(['x']), disturbed, { now, limitMs: 1e9 })).get('x'), 'b')
    })
  )
})

test('candidates take turns', async () => {
  const { measure, now, measured } = adapter({ x: { a: 1, b: 1, c: 1 } }, 2)
  await tune(classesOf(['x']), measure, { now, limitMs: 1e9 })
  const turns = measured.slice(-18)
  assert.deepEqual(
    turns.map(([, candidate]) => candidate),
    [...'aabbccaabbccaabbcc']
  )
  assert.ok(turns.every(([, , repetitions], index) => repetitions === turns[0]![2] * (index % 2 === 0 ? 1 : 2)))
})

test('time is kept to one measurement, and what was not measured to its end keeps its default', async () => {
  const many = fc.array(costs, { minLength: 1, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(many, fc.integer({ min: 1, max: 3000 }), async (all, limitMs) => {
      const names = all.map((_, index) => `class ${index}`)
      const { measure, now, measured } = adapter(Object.fromEntries(names.map((name, index) => [name, all[index]!])), 1)
      let last = 0
      const timed = async (name: string, candidate: Candidate, repetitions: number) => {
        last = await measure(name, candidate, repetitions)
        return last
      }
      const choices = await tune(classesOf(names), timed, { now, limitMs })
      assert.ok(now() < limitMs + last, `${now()} of ${limitMs}`)
      assert.deepEqual([...choices.keys()], names)
      for (const name of names) {
        const turns = measured.filter(([of, candidate]) => of === name && candidate === 'c')
        if (turns.length < 6) assert.equal(choices.get(name), 'a')
      }
    })
  )
})

test('slopes that noise made zero or less are no reason to leave the default', () => {
  assert.equal(bestOf(CANDIDATES, [1, 0, -3]), 'a')
  assert.equal(bestOf(CANDIDATES, [-1, 2, 3]), 'a')
  assert.equal(bestOf(CANDIDATES, [1, 0.91, 0.9]), 'c')
})

test('a signal ends it with its reason', async () => {
  const { measure, now } = adapter({ x: { a: 1, b: 1, c: 1 } }, 1)
  const signal = AbortSignal.abort(new Error('enough'))
  await assert.rejects(tune(classesOf(['x']), measure, { now, signal }), /enough/)
})

test('choices are read as written, and anything else is not', () => {
  const classes = classesOf(['x', 'y'])
  fc.assert(
    fc.property(fc.constantFrom(...CANDIDATES), fc.constantFrom(...CANDIDATES), (x, y) => {
      const choices = new Map([
        ['x', x],
        ['y', y]
      ])
      assert.deepEqual(readChoices(writeChoices(choices), classes), choices)
    })
  )
  for (const text of ['', 'null', '3', '{}', '{"x":"a"}', '{"x":"a","y":"d"}', '{"x":"a","y":["b"]}'])
    assert.equal(readChoices(text, classes), undefined, text)
  fc.assert(
    fc.property(fc.string(), text => {
      assert.equal(readChoices(text, classes), undefined)
    })
  )
})
