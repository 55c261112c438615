import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CURVE_MS, energyWh, rateNow, type WorkSample, withSample, workCurve } from '../../../web/work-curve.ts'

const steady = (seconds: number, rate: number): WorkSample[] =>
  Array.from({ length: seconds + 1 }, (_, second) => ({ at: 1_000 * second, total: rate * second }))

test('the rate now is that of the last five seconds', () => {
  assert.equal(rateNow([]), 0)
  assert.equal(rateNow([{ at: 0, total: 9 }]), 0)
  assert.equal(rateNow(steady(60, 12)), 12)
  const paused = [...steady(60, 12), ...[61, 62, 63, 64, 65, 66].map(second => ({ at: 1_000 * second, total: 720 }))]
  assert.equal(rateNow(paused), 0)
})

test('samples are bounded in time and in number', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 2_000 }), waits => {
      let samples: WorkSample[] = []
      let at = 0
      for (const wait of waits) {
        at += wait
        samples = withSample(samples, { at, total: at })
        assert.ok(at - samples[0]!.at <= CURVE_MS)
        assert.ok(samples.length <= CURVE_MS / 250 + 3)
      }
    }),
    { numRuns: 20 }
  )
})

test('the curve ends at the right, its top is a round number above all', () => {
  assert.deepEqual(workCurve([], 100, 50), { line: '', area: '', most: 1 })
  const { line, area, most } = workCurve(steady(90, 10), 100, 50)
  assert.equal(most, 10)
  assert.equal(line.split('L')[0], `M${Math.round(10 * (100 - (89 / 180) * 100)) / 10} 0`)
  assert.ok(line.endsWith('L100 0'))
  assert.ok(area.endsWith('Z'))
  assert.equal(workCurve(steady(3, 21), 100, 50).most, 50)
})

test('energy is the time of the work at the stated power', () => {
  // 3,600 tokens through 8 layers at 8 layers a second: an hour at 40 W.
  assert.equal(energyWh(3_600, 8, 8, 40), 40)
  assert.equal(energyWh(3_600, 8, 0, 40), 0)
})
