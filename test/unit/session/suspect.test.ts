import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { judge } from '../../../peer/session/suspect.ts'
import type { ProbeReply } from '../../../peer/wire/frames.pb.js'

const reply = (hop: number, change: Partial<ProbeReply> = {}): ProbeReply => ({
  session: new Uint8Array(16),
  epoch: 1,
  number: 1,
  hop,
  received: 7,
  executed: 7,
  runMs: 0,
  runTokens: 0,
  passedOn: true,
  dialMs: 0,
  ...change
})
const never = { isHung: () => false, isUnreached: () => false }

test('the first hop that does not answer is the one that is gone', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(19), (hops, gone) => {
      fc.pre(gone < hops)
      const replies = Array.from({ length: hops }, (_, hop) => (hop < gone ? reply(hop) : undefined))
      assert.deepEqual(judge(replies, 7, never), { kind: 'silent', hop: gone })
    })
  )
})

test('a later reply speaks for every hop before it, whose own got lost', () => {
  assert.deepEqual(judge([undefined, undefined, reply(2), undefined], 7, never), { kind: 'silent', hop: 3 })
})

test('a hop that has not passed the open on is the one to wait for', () => {
  assert.deepEqual(judge([reply(0), reply(1, { passedOn: false }), undefined], undefined, never), { kind: 'busy', hop: 1 })
})

test('a hop that the one before it has dialled for too long is gone', () => {
  const patient = { ...never, isUnreached: ({ dialMs }: ProbeReply) => dialMs > 1_000 }
  const dialling = (dialMs: number) => [reply(0), reply(1, { passedOn: false, dialMs }), undefined, undefined]
  assert.deepEqual(judge(dialling(900), undefined, patient), { kind: 'busy', hop: 1 })
  assert.deepEqual(judge(dialling(1_100), undefined, patient), { kind: 'unreached', hop: 2 })
})

test('the step sits at the first hop that has not run it', () => {
  const running = reply(1, { received: 8, runMs: 50, runTokens: 1 })
  assert.deepEqual(judge([reply(0, { executed: 8, received: 8 }), running, reply(2)], 8, never), { kind: 'busy', hop: 1 })
  assert.deepEqual(
    judge([reply(0, { executed: 8, received: 8 }), running, reply(2)], 8, { ...never, isHung: ({ runMs }) => runMs >= 50 }),
    { kind: 'hung', hop: 1 }
  )
})

test('where all are there and idle, a frame is missing', () => {
  const ran = [0, 1, 2].map(hop => reply(hop, { received: 8, executed: 8 }))
  assert.deepEqual(judge(ran, 8, never), { kind: 'starved', hop: 2 }, 'the answer')
  assert.deepEqual(judge([ran[0], ran[1], reply(2)], 8, never), { kind: 'starved', hop: 2 }, 'the step')
  // Queued, but it waits for the next hop's credit.
  assert.deepEqual(judge([reply(0, { received: 8 }), reply(1), reply(2)], 8, never), { kind: 'starved', hop: 0 }, 'a credit')
})
