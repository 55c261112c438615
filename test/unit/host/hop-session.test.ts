import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HopSession, type StepPlace } from '../../../peer/host/hop-session.ts'

const RESERVE = 64
const WINDOW = 4
type Session = HopSession<StepPlace, string>

function session(keptBytes = 1_000): Session {
  return new HopSession({ epoch: 1, reserve: RESERVE, window: WINDOW, keptBytes })
}

function place(number: number, position: number, count = 1, epoch = 1): StepPlace {
  return { epoch, number, position, count }
}

function run(at: Session, step: StepPlace, bytes = 10): void {
  at.ran(step)
  at.keep(step, `output ${step.number}`, bytes)
}

test('whatever copies come in whatever order, every step runs once, in order, and gaps are refused', () => {
  // A schedule is any sequence of numbers, as duplicates, late and overtaking frames produce it.
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 60 }), fc.boolean(), (numbers, late) => {
      const tested = session()
      const ran: number[] = []
      const queued: StepPlace[] = []
      for (const number of numbers) {
        const next = ran.length + queued.length + 1
        try {
          const verdict = tested.accept(place(number, number - 1))
          if (number >= next + WINDOW) assert.fail(`step ${number} accepted when ${next} was next`)
          if (verdict.kind === 'run') {
            assert.deepEqual(
              verdict.steps.map(step => step.number),
              verdict.steps.map((_, at) => next + at)
            )
            queued.push(...verdict.steps)
          }
          if (verdict.kind === 'wait') assert.ok(number > next)
          if (verdict.kind === 'drop') assert.ok(queued.some(step => step.number === number))
          if (verdict.kind === 'resend') assert.equal(verdict.output, `output ${number}`)
        } catch (error) {
          const { code, details } = error as { code: string; details: { have?: number } }
          assert.equal(code, 'GAP')
          assert.equal(details.have, next)
          assert.ok(number >= next + WINDOW || number <= ran.length - WINDOW)
        }
        // Steps run at once, or some time later.
        while (queued.length > (late ? 2 : 0)) {
          const step = queued.shift()!
          run(tested, step)
          ran.push(step.number)
        }
      }
      assert.deepEqual(
        ran,
        ran.map((_, at) => at + 1)
      )
      assert.equal(tested.kvLength, ran.length)
    }),
    { numRuns: 1000 }
  )
})

test('outputs are kept for a window of steps and within the bytes, the newest always', () => {
  const tested = session(25)
  for (let number = 1; number <= 6; number++) {
    const step = place(number, number - 1)
    tested.accept(step)
    run(tested, step)
  }
  assert.deepEqual(tested.kept(), ['output 5', 'output 6'])
  const large = place(7, 6)
  tested.accept(large)
  run(tested, large, 1_000)
  assert.deepEqual(tested.kept(), ['output 7'])
  assert.throws(() => tested.accept(place(6, 5)), { code: 'GAP', details: { have: 8 } })
})

test('positions: below truncates, at the length appends, above or beyond the reservation is refused and changes nothing', () => {
  const tested = session()
  const prompt = place(1, 0, 10)
  tested.accept(prompt)
  run(tested, prompt)
  assert.throws(() => tested.accept(place(2, 11)), { code: 'INVALID_FRAME' })
  assert.throws(() => tested.accept(place(2, 10, RESERVE - 9)), { code: 'INVALID_FRAME' })
  const lower = place(2, 4, 2)
  assert.equal(tested.accept(lower).kind, 'run')
  run(tested, lower)
  assert.equal(tested.kvLength, 6)
  assert.throws(() => tested.accept(place(3, 10)), { code: 'INVALID_FRAME' })
  assert.equal(tested.accept(place(3, 6)).kind, 'run')
})

test('positions count from what is enqueued, not from what has run', () => {
  const tested = session()
  tested.accept(place(1, 0, 10))
  assert.equal(tested.accept(place(2, 10)).kind, 'run')
  assert.equal(tested.accept(place(3, 11)).kind, 'run')
  assert.equal(tested.kvLength, 0)
})

test('a new epoch makes every older step stale wherever it is, and numbers start again', () => {
  const tested = session()
  const first = place(1, 0, 10)
  const second = place(2, 10, 5)
  tested.accept(first)
  run(tested, first)
  tested.accept(second)
  tested.accept(place(4, 16))
  tested.advance(2, WINDOW)
  assert.throws(() => tested.accept(place(3, 15)), { code: 'STALE_EPOCH' })
  assert.throws(() => tested.advance(2, WINDOW), { code: 'STALE_EPOCH' })
  // The run that was under way still counts for what the KV holds, its output for nothing.
  tested.ran(second)
  assert.equal(tested.keep(second, 'late', 10), false)
  assert.deepEqual(tested.kept(), [])
  assert.equal(tested.cut(12), 12)
  assert.equal(tested.accept(place(1, 12, 1, 2)).kind, 'run')
  assert.equal(tested.accept(place(4, 15, 1, 2)).kind, 'wait')
})

test('a run that failed half-way leaves nothing from its position on', () => {
  const tested = session()
  const prompt = place(1, 0, 10)
  tested.accept(prompt)
  run(tested, prompt)
  tested.spoiled(place(2, 6, 2))
  tested.advance(2, WINDOW)
  assert.equal(tested.cut(10), 6)
})

test('a step whose positions are held runs in its turn, changes no length, and is refused beyond what is held', () => {
  const tested = session()
  tested.accept(place(1, 0, 10))
  run(tested, place(1, 0, 10))
  tested.advance(2, WINDOW)
  assert.equal(tested.cut(10), 10)
  const held = (number: number, position: number, count: number) => ({ ...place(number, position, count, 2), holds: true })
  assert.throws(() => tested.accept(held(1, 8, 3)), { code: 'INVALID_FRAME', message: /ends at 11, beyond the 10 held/ })
  assert.equal(tested.accept(held(1, 2, 4)).kind, 'run')
  assert.equal(tested.accept(held(1, 2, 4)).kind, 'drop')
  tested.keep(held(1, 2, 4), 'replayed', 10)
  assert.deepEqual(tested.accept(held(1, 2, 4)), { kind: 'resend', output: 'replayed' })
  assert.equal(tested.kvLength, 10)
  assert.equal(tested.accept(place(2, 10, 1, 2)).kind, 'run')
})
