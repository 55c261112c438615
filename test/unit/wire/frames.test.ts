import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import fc from 'fast-check'
import { InvalidFrameError, ShoalError } from '../../../peer/errors.ts'
import { type ChainFrame, type DirectoryFrame, Encoding, type OpenPlan, type Step } from '../../../peer/wire/frames.pb.js'
import { signOpen, verifyOpen } from '../../../peer/wire/open-signature.ts'
import { answerProtocol, chainProtocol, directoryProtocol } from '../../../peer/wire/protocols.ts'
import { hasUnknownBody } from '../../../peer/wire/unknown-body.ts'

const session = new Uint8Array(16).fill(3)
const step: Step = {
  session,
  epoch: 1,
  number: 1,
  position: 0,
  count: 2,
  tokens: { ids: [5, 6] },
  timings: [],
  parts: [],
  promptLeft: 3
}
const answer = {
  session,
  epoch: 1,
  number: 1,
  position: 0,
  count: 1,
  timings: [{ queueUs: 1, computeUs: 2 }],
  rows: [{ ids: [1, 2], logits: [0.5, 0.25], extraLogits: [], logSumExp: 1, logSumExpAtTemperature: 1 }]
}

const probeReply = {
  session,
  epoch: 1,
  number: 1,
  hop: 2,
  received: 4,
  executed: 3,
  runMs: 20,
  runTokens: 1,
  passedOn: false,
  dialMs: 1_200
}

function refused(frame: ChainFrame, field: RegExp): void {
  assert.throws(
    () => chainProtocol.decode(chainProtocol.encode(frame)),
    error => error instanceof InvalidFrameError && field.test(error.message),
    `${field} expected`
  )
}

test('frames come back as they went', () => {
  const frames: ChainFrame[] = [
    { step },
    { answer },
    { credit: { session, epoch: 1, number: 0 } },
    { probe: { session, epoch: 1, number: 1 } },
    { probeReply }
  ]
  for (const frame of frames) assert.deepEqual(chainProtocol.decode(chainProtocol.encode(frame)), frame)
})

test('what protobuf lets through is refused by field', () => {
  refused({ beat: { session: session.slice(1), epoch: 1 } }, /beat\.session: 15 bytes/)
  refused({ beat: { session, epoch: 0 } }, /beat\.epoch: 0/)
  refused({ step: { ...step, number: 0 } }, /step\.number/)
  refused({ step: { ...step, count: 0 } }, /step\.count/)
  refused({ step: { ...step, count: 3 } }, /step\.tokens\.ids: 2 ids/)
  refused({ step: { ...step, tokens: undefined } as unknown as Step }, /neither/)
  refused({ step: { ...step, tokens: undefined, parts: [0, 0] } as unknown as Step }, /neither/)
  refused({ step: { ...step, parts: [0, 3] } }, /step\.parts: 3/)
  refused({ step: { ...step, parts: Array.from({ length: 257 }, () => 0) } }, /parts/i)
  refused({ step: { ...step, head: { rows: 3, topK: 1, temperature: 1, extraIds: [] } } }, /step\.head\.rows: 3/)
  refused({ step: { ...step, head: { rows: 1, topK: 129, temperature: 1, extraIds: [] } } }, /topK: 129/)
  refused({ step: { ...step, head: { rows: 1, topK: 1, temperature: Number.NaN, extraIds: [] } } }, /temperature: NaN/)
  refused({ answer: { ...answer, rows: [{ ...answer.rows[0]!, logits: [1, Number.POSITIVE_INFINITY] }] } }, /logits: Infinity/)
  refused({ answer: { ...answer, rows: [{ ...answer.rows[0]!, logits: [1] }] } }, /1 logits/)
  refused({ row: { session, epoch: 1, number: 1, row: 0, logits: new Uint8Array(7) } }, /row\.logits: 7 bytes/)
  refused({ probe: { session, epoch: 1, number: 0 } }, /probe\.number: 0/)
  refused({ probeReply: { ...probeReply, hop: 256 } }, /probeReply\.hop: 256/)
  refused({ probeReply: { ...probeReply, executed: 5 } }, /probeReply\.executed: 5/)
  refused(
    { failure: { session, epoch: 1, code: 'X', message: 'y'.repeat(2000), peer: '', retryAfterMs: 0, have: 0 } },
    /failure\.message: 2000/
  )
})

test('watches are bounded in number and size', () => {
  const peers = (count: number, chars: number) => ({ watch: { peers: Array.from({ length: count }, () => 'p'.repeat(chars)) } })
  const decoded = (frame: DirectoryFrame) => directoryProtocol.decode(directoryProtocol.encode(frame))
  assert.deepEqual(decoded(peers(256, 64)), peers(256, 64))
  assert.throws(() => decoded(peers(257, 1)), /watch|peers/i)
  assert.throws(() => decoded(peers(1, 65)), /watch\.peers: 65/)
  assert.throws(() => decoded({ gone: { peer: 'p'.repeat(65) } }), /gone\.peer: 65/)
})

test('what a newer version adds is skipped, not refused', () => {
  /** A varint in field 100, which no message has. */
  const field = [0xa0, 0x06, 0x01]
  const known = chainProtocol.encode({ step })
  assert.deepEqual(chainProtocol.decode(Uint8Array.from([...known, ...field])), { step })
  // Within the step: its length is one byte, after its tag.
  assert.ok(known[1]! + field.length < 128)
  const inside = Uint8Array.from([known[0]!, known[1]! + field.length, ...known.subarray(2), ...field])
  assert.deepEqual(chainProtocol.decode(inside), { step })
  for (const protocol of [chainProtocol, answerProtocol, directoryProtocol])
    assert.ok(hasUnknownBody(protocol.decode(Uint8Array.from(field))), protocol.id)
  assert.equal(hasUnknownBody({ step }), false)
})

test('a count in a small frame does not take large memory', () => {
  const rows = Array.from({ length: 5_000 }, () => answer.rows[0]!)
  refused({ answer: { ...answer, count: 8_000, rows } }, /rows/i)
})

test('any bytes decode to a frame or to an error of Shoal’s', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
      for (const protocol of [chainProtocol, answerProtocol, directoryProtocol])
        try {
          protocol.decode(bytes)
        } catch (error) {
          assert.ok(error instanceof ShoalError, String(error))
        }
    }),
    { numRuns: 3000 }
  )
})

test('an open holds for its driver’s signature only', async () => {
  const key = await generateKeyPair('Ed25519')
  const driver = peerIdFromPrivateKey(key).toString()
  const hop = (peer: string, firstLayer: number, endLayer: number) => ({
    peer,
    firstLayer,
    endLayer,
    addresses: [],
    numerics: ''
  })
  const plan: OpenPlan = {
    session,
    epoch: 1,
    driver,
    model: new Uint8Array(32).fill(9),
    hops: [hop('a', 0, 3), hop('b', 3, 8)],
    reserveTokens: 256,
    committed: 0,
    leaseMs: 30_000,
    waitMs: 1_000,
    encoding: Encoding.AUTO,
    window: 4,
    driverAddresses: [],
    issuedAt: 1n,
    background: true
  }
  const open = await signOpen(plan, key)
  assert.deepEqual(await verifyOpen(open), plan)
  const other = await generateKeyPair('Ed25519')
  await assert.rejects(verifyOpen(await signOpen(plan, other)), /plan\.driver/)
  const changed = { ...open, plan: open.plan.slice() }
  changed.plan[changed.plan.length - 1]! ^= 1
  await assert.rejects(verifyOpen(changed), /signature/)
  await assert.rejects(verifyOpen({ ...open, signature: new Uint8Array(63) }), /signature: 63 bytes/)
  await assert.rejects(verifyOpen(await signOpen({ ...plan, hops: [hop('a', 0, 3), hop('b', 4, 8)] }, key)), /firstLayer: 4/)
  await assert.rejects(verifyOpen(await signOpen({ ...plan, hops: [] }, key)), /plan\.hops/)
  // The same bytes signed for another purpose.
  const { sign } = await import('../../../peer/wire/signature.ts')
  const { payload, publicKey, signature } = await sign('shoal/announcement/1', open.plan, key)
  await assert.rejects(verifyOpen({ plan: payload, publicKey, signature }), /signature/)
})
