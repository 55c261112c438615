import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX_OFFENDERS, REFUSAL_MS, STREAM_BURST, STREAMS_PER_SECOND } from '../../../peer/wire/limits.ts'
import { Offences } from '../../../peer/wire/offences.ts'

test('one malformed frame is forgiven, two in a minute refuse a peer for a minute, and only it', () => {
  const offences = new Offences()
  assert.equal(offences.charge('a', 'malformed', 0), false)
  assert.equal(offences.isRefused('a', 0), false)
  assert.equal(offences.charge('a', 'malformed', 30_000), true)
  assert.ok(offences.isRefused('a', 30_000 + REFUSAL_MS - 1))
  assert.ok(!offences.isRefused('a', 30_000 + REFUSAL_MS))
  assert.ok(!offences.isRefused('b', 30_000))
  assert.equal(offences.refused(30_000), 1)
})

test('a score fades: a fault every five minutes is never refused', () => {
  const offences = new Offences()
  for (let minute = 0; minute < 600; minute += 5) assert.equal(offences.charge('a', 'malformed', minute * 60_000), false)
})

test('refusals double up to an hour and are forgotten after one without', () => {
  const offences = new Offences()
  let now = 0
  const refuse = () => {
    while (!offences.charge('a', 'malformed', now));
    let ms = 0
    while (offences.isRefused('a', now + ms)) ms += 60_000
    now += ms
    return ms / 60_000
  }
  assert.deepEqual(Array.from({ length: 8 }, refuse), [1, 2, 4, 8, 16, 32, 60, 60])
  now += 61 * 60_000
  assert.equal(refuse(), 1)
})

test('slow frames and surplus streams weigh less', () => {
  const offences = new Offences()
  assert.deepEqual(
    Array.from({ length: 5 }, () => offences.charge('a', 'slow', 0)),
    [false, false, false, false, true]
  )
  assert.equal(Array.from({ length: 10 }, () => offences.charge('b', 'surplus', 0)).indexOf(true), 9)
})

test('streams come in a burst and then at a pace', () => {
  const offences = new Offences()
  const opened = (now: number) => {
    let count = 0
    while (offences.admitStream('a', now)) count++
    return count
  }
  assert.equal(opened(0), STREAM_BURST)
  assert.equal(opened(1_000), STREAMS_PER_SECOND)
  assert.equal(opened(60 * 60_000), STREAM_BURST)
})

test('strangers of any number take bounded room', () => {
  const offences = new Offences()
  for (let peer = 0; peer < 3 * MAX_OFFENDERS; peer++) offences.charge(String(peer), 'malformed', peer)
  assert.equal(offences.size, MAX_OFFENDERS)
})
