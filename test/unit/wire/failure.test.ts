import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BusyError, GapError, InternalError, InvalidRequestError } from '../../../peer/errors.ts'
import { errorOf, failureOf } from '../../../peer/wire/failure.ts'

const session = new Uint8Array(16)

test('an error crosses with its kind and what belongs to it', () => {
  const busy = errorOf(failureOf(session, 1, new BusyError('full', { retryAfterMs: 40, peer: 'p' })))
  assert.ok(busy instanceof BusyError)
  assert.deepEqual(busy.details, { retryAfterMs: 40, peer: 'p' })
  const gap = errorOf(failureOf(session, 1, new GapError('ahead', { have: 7 })))
  assert.ok(gap instanceof GapError)
  assert.equal(gap.details.have, 7)
})

test('a peer that blames the caller is at fault itself', () => {
  const error = errorOf(failureOf(session, 1, new InvalidRequestError('no way works', { peer: 'p' })))
  assert.ok(error instanceof InternalError)
  assert.equal(error.details.peer, 'p')
})
