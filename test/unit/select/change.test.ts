/** What counts as a change of an arm, and what the selector does about it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { drifted, hasChanged, STEADY } from '../../../peer/select/change.ts'
import { finished, newSelector, SELECTOR_OPTIONS, type SelectorState, select, started } from '../../../peer/select/selector.ts'
import { answer, arm, ask, serve } from './kit.ts'

const { change } = SELECTOR_OPTIONS

test('surprises that cancel are no change, however many; those that add up are one, in either direction', () => {
  const small = fc.double({ min: -0.1, max: 0.1, noNaN: true })
  fc.assert(
    fc.property(fc.array(small, { maxLength: 200 }), surprises => {
      assert.equal(hasChanged(surprises.reduce(drifted, STEADY), change), false)
    })
  )
  // 0.9 less the 0.1 allowed: two of them are more than 1.2.
  for (const surprise of [0.9, -0.9]) {
    const once = drifted(STEADY, surprise)
    assert.equal(hasChanged(once, change), false)
    assert.equal(hasChanged(drifted(once, surprise), change), true)
  }
  assert.equal(hasChanged({ worse: 1e9, better: 0 }, Number.POSITIVE_INFINITY), false)
})

const arms = [arm('a'), arm('b')]
const fast = () => answer(200, 20)
const slow = () => answer(4_000, 400)
const steady = () => answer(600, 60)

/** `a` was the best and is ten times slower now, as a stream has shown. */
function worsened(): SelectorState {
  const before = serve(newSelector(), arms, 60, id => (id === 'a' ? fast() : steady())).state
  return serve(before, arms, 5, id => (id === 'a' ? slow() : steady())).state
}

test('an arm that turned worse is tried anew in every other cell, and remembered as worse', () => {
  const whole = { ...ask({ stream: false }) }
  let state = serve(newSelector(), arms, 60, id => (id === 'a' ? fast() : steady())).state
  const begun = started(state, whole, arms[0]!)
  state = finished(begun.state, begun.pull, { ...answer(300, 0), stream: false })
  state = serve(state, arms, 5, id => (id === 'a' ? slow() : steady())).state
  assert.deepEqual([...state.watched.keys()], ['a'])
  const [streams, wholes] = [...state.cells.values()].map(records => records.get('a')!).sort((x, y) => y.pulls - x.pulls)
  assert.ok(streams!.samples < 1.1 && streams!.slack < 0)
  assert.deepEqual([wholes!.samples, wholes!.pulls], [0, 1])
})

test('an arm that turned worse is tried again after forty pulls of others, by one request at a time', () => {
  let state = worsened()
  const last = state.watched.get('a')!
  const reasons: string[] = []
  for (let count = 0; count < 40; count++) {
    const choice = select(state, ask(), arms)
    reasons.push(choice.reason)
    const begun = started(state, ask(), arms.find(({ id }) => id === choice.arm)!)
    state = choice.arm === 'a' ? begun.state : finished(begun.state, begun.pull, steady())
    if (choice.arm === 'a') {
      assert.equal(choice.reason, 'recheck')
      assert.ok(begun.state.pulls - 1 - last >= 40)
    }
  }
  assert.equal(reasons.filter(reason => reason === 'recheck').length, 1)
  // It does not answer: however long that takes, nobody follows it.
  for (let count = 0; count < 100; count++) {
    const choice = select(state, ask(), arms)
    assert.equal(choice.arm, 'b')
    const begun = started(state, ask(), arms[1]!)
    state = finished(begun.state, begun.pull, steady())
  }
})

test('a failure now and then is no change of an arm; many are', () => {
  const serveFailing = (every: number) => {
    let count = 0
    return serve(newSelector(), arms, 120, id => {
      if (id === 'b') return answer(1_500, 150)
      return ++count > 20 && count % every === 0 ? answer(1, 0, { result: 'failed' }) : fast()
    })
  }
  const rare = serveFailing(10)
  assert.equal(rare.state.watched.size, 0)
  assert.ok(rare.went.filter(id => id === 'a').length > 110)
  assert.equal(serveFailing(2).state.watched.size, 1)
})

test('one good answer of an arm that turned worse brings it back', () => {
  const { state, went } = serve(worsened(), arms, 60, id => (id === 'a' ? fast() : steady()))
  assert.equal(state.watched.size, 0)
  assert.ok(went.slice(-10).filter(id => id === 'a').length >= 8, went.join(''))
})

test('an arm that is not allowed is not tried again either', () => {
  const state = serve(worsened(), [arms[1]!], 100, steady).state
  const closed = select(state, ask(), [arm('a', { freeKvTokens: 0 }), arm('b')])
  assert.deepEqual([closed.arm, closed.reason], ['b', 'only'])
  assert.equal(select(state, ask(), arms).reason, 'recheck')
})
