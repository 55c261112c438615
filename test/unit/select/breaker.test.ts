import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  afterAnswer,
  afterFailure,
  afterHold,
  afterNothing,
  afterStart,
  type Breaker,
  CLOSED,
  pausedUntil
} from '../../../peer/select/breaker.ts'
import { openBucket, readyAt, taken } from '../../../peer/select/rate-limit.ts'
import { readRetryAfter } from '../../../peer/select/retry-after.ts'

test('three failures in a row open it, one probe tries it, each trip doubles', () => {
  const twice = afterFailure(afterFailure(CLOSED, 0, 1), 0, 1)
  assert.equal(pausedUntil(twice, 0), 0)
  const open = afterFailure(twice, 100, 1)
  assert.equal(pausedUntil(open, 100), 1_100)
  assert.equal(pausedUntil(open, 1_100), 0)
  const probing = afterStart(open)
  assert.equal(pausedUntil(probing, 1_100), Number.POSITIVE_INFINITY)
  assert.equal(pausedUntil(afterNothing(probing), 1_100), 0)
  assert.equal(pausedUntil(afterFailure(probing, 1_200, 1), 1_200), 3_200)
  assert.equal(pausedUntil(afterFailure(probing, 1_200, 0), 1_200), 2_200)
  assert.equal(afterAnswer(), CLOSED)
})

test('an answer between failures closes it again', () => {
  assert.equal(pausedUntil(afterFailure(afterFailure(afterAnswer(), 0, 1), 0, 1), 0), 0)
})

test('what Retry-After asks for is kept, and no more than ten minutes', () => {
  assert.equal(pausedUntil(afterHold(CLOSED, 50, 2_000), 100), 2_050)
  assert.equal(pausedUntil(afterHold(CLOSED, 0, 1e12), 0), 600_000)
})

test('whatever happens, it ends by itself: two minutes after the last failure a probe is let through', () => {
  const event = fc.record({ kind: fc.constantFrom('start', 'answer', 'failure', 'nothing'), after: fc.nat(200_000) })
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), fc.double({ min: 0, max: 1, noNaN: true }), (events, chance) => {
      let breaker: Breaker = CLOSED
      let now = 0
      for (const { kind, after } of events) {
        now += after
        if (kind === 'start') breaker = afterStart(breaker)
        else if (kind === 'answer') breaker = afterAnswer()
        else if (kind === 'nothing') breaker = afterNothing(breaker)
        else breaker = afterFailure(breaker, now, chance)
      }
      assert.equal(pausedUntil(afterNothing(breaker), now + 120_000), 0)
    })
  )
})

test('Retry-After in seconds and as a date; nonsense is nothing', () => {
  const now = Date.parse('Wed, 21 Oct 2015 07:28:00 GMT')
  assert.equal(readRetryAfter('120', now), 120_000)
  assert.equal(readRetryAfter(' 0.5 ', now), 500)
  assert.equal(readRetryAfter('Wed, 21 Oct 2015 07:28:30 GMT', now), 30_000)
  assert.equal(readRetryAfter('Wed, 21 Oct 2015 07:27:30 GMT', now), 0)
  for (const wrong of [null, undefined, '', '-1', 'soon', '2015-10-21', '1e9', 'Wed, 99 Oct 2015 07:28:30 GMT'])
    assert.equal(readRetryAfter(wrong, now), undefined, String(wrong))
})

test('a bucket lets a minute’s worth through at once and then as fast as it refills', () => {
  let bucket = openBucket(60, 0)
  assert.equal(readyAt(bucket, 60, 0), 0)
  bucket = taken(bucket, 60, 0)
  assert.equal(readyAt(bucket, 1, 0), 1_000)
  assert.equal(readyAt(bucket, 30, 10_000), 30_000)
  // More than it ever holds waits for a full one.
  assert.equal(readyAt(bucket, 1_000, 0), 60_000)
  assert.equal(readyAt(taken(openBucket(Number.POSITIVE_INFINITY, 0), 1e9, 0), 1e9, 5), 5)
})

test('over any minute no more than two minutes’ worth pass, whatever is asked', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ amount: fc.integer({ min: 1, max: 50 }), gap: fc.nat(5_000) })), asked => {
      let bucket = openBucket(50, 0)
      let now = 0
      const passed: { at: number; amount: number }[] = []
      for (const { amount, gap } of asked) {
        now += gap
        if (readyAt(bucket, amount, now) > now) continue
        bucket = taken(bucket, amount, now)
        passed.push({ at: now, amount })
      }
      for (const { at } of passed) {
        const within = passed.filter(each => each.at >= at && each.at < at + 60_000)
        assert.ok(within.reduce((sum, { amount }) => sum + amount, 0) <= 100)
      }
    })
  )
})
