import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BusyError, InvalidFrameError, NonFiniteError, PeerLostError } from '../../../peer/errors.ts'
import { chargeSender, chargeWithin } from '../../../peer/session/blame.ts'

const hop = (peer: string) => ({
  peer,
  addresses: [],
  span: { first: 0, end: 1 },
  numerics: '',
  promisedMs: 1,
  promisedBatchedMs: 1
})
const route = { hops: [hop('a'), hop('b')], decodeMs: 1, prefillMs: 1 }

test('a hop may accuse a hop of its chain, nobody else', () => {
  const accusing = (peer: string) => chargeWithin(route, new NonFiniteError('NaN', { peer }))
  assert.equal(accusing('b').details.peer, 'b')
  const forged = accusing('c')
  assert.equal(forged.details.peer, 'a')
  assert.ok(forged instanceof NonFiniteError)
  assert.equal(chargeWithin(route, new BusyError('full', { retryAfterMs: 5 })).details.peer, undefined)
})

test('what cannot be read is its sender’s, what was lost is not', () => {
  assert.equal(chargeSender(new InvalidFrameError('no frame'), 'b').details.peer, 'b')
  assert.equal(chargeSender(new InvalidFrameError('no frame', { peer: 'a' }), 'b').details.peer, 'a')
  assert.equal(chargeSender(new PeerLostError('gone'), 'b').details.peer, undefined)
})
