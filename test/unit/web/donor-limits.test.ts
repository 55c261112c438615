import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { initialDonorSettings, isDonorSettings, limitsNow, minuteOf } from '../../../web/donor-limits.ts'

const at = (time: string) => new Date(`2026-05-04T${time}:00`)
const by = (from: string, to: string) => ({ ...initialDonorSettings, hoursOnly: true, from, to })

test('hours hold from their beginning up to their end, and over midnight', () => {
  for (const [from, to, time, serves] of [
    ['09:00', '17:00', '09:00', true],
    ['09:00', '17:00', '16:59', true],
    ['09:00', '17:00', '17:00', false],
    ['09:00', '17:00', '08:59', false],
    ['22:00', '07:00', '23:30', true],
    ['22:00', '07:00', '06:59', true],
    ['22:00', '07:00', '07:00', false],
    ['22:00', '07:00', '12:00', false],
    ['08:00', '08:00', '12:00', true]
  ] as const)
    assert.deepEqual(limitsNow(by(from, to), at(time), undefined), serves ? [] : ['hours'], `${from}–${to} at ${time}`)
})

test('mains power counts only where it is asked for and the browser tells', () => {
  const mainsOnly = { ...initialDonorSettings, mainsOnly: true }
  assert.deepEqual(limitsNow(mainsOnly, at('12:00'), 'battery'), ['battery'])
  assert.deepEqual(limitsNow(mainsOnly, at('12:00'), 'mains'), [])
  assert.deepEqual(limitsNow(mainsOnly, at('12:00'), undefined), [])
  assert.deepEqual(limitsNow(initialDonorSettings, at('12:00'), 'battery'), [])
})

test('a time of day is HH:MM and nothing else', () => {
  assert.equal(minuteOf('23:59'), 1_439)
  for (const text of ['24:00', '7:00', '07:60', '', 'noon']) assert.equal(minuteOf(text), undefined)
})

test('kept settings are believed only where they make sense', () => {
  assert.ok(isDonorSettings(initialDonorSettings))
  assert.ok(!isDonorSettings({ ...initialDonorSettings, watts: Number.NaN }))
  assert.ok(!isDonorSettings({ ...initialDonorSettings, from: '99:00' }))
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...Object.keys(initialDonorSettings)), fc.anything()), change => {
      isDonorSettings({ ...initialDonorSettings, ...change })
    })
  )
})
