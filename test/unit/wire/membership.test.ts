import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { InvalidFrameError, InvalidRequestError, InviteError } from '../../../peer/errors.ts'
import {
  checkHello,
  checkProof,
  decodeHello,
  encodeHello,
  helloOf,
  MAX_MEMBER_MESSAGE_BYTES,
  type Parties,
  proofOf
} from '../../../peer/wire/member-proof.ts'
import {
  checkNetwork,
  directoryToken,
  equalBytes,
  equalTexts,
  inviteOf,
  makePrivate,
  modelToken,
  publicMembership,
  readInvite
} from '../../../peer/wire/membership.ts'

const membership = makePrivate('friends')
const between = (a: string, b: string): Parties => ({
  initiator: { peer: a, nonce: helloOf(membership).nonce },
  responder: { peer: b, nonce: helloOf(membership).nonce }
})

test('an invite is one string, and a damaged one is refused without being quoted', () => {
  const invite = inviteOf(membership)
  assert.match(invite, /^friends\.[\w-]{43}$/)
  assert.deepEqual(readInvite(` ${invite}\n`), { ...membership, secret: Uint8Array.from(membership.secret!) })
  assert.notEqual(inviteOf(makePrivate()), inviteOf(makePrivate()))
  assert.throws(() => inviteOf(publicMembership), InvalidRequestError)
  for (const damaged of [invite.slice(0, -1), `${invite}x`, invite.replace('friends', 'Friends'), '', 'friends', `${invite}.x`])
    assert.throws(
      () => readInvite(damaged),
      (error: unknown) => error instanceof InviteError && !error.message.includes(invite.slice(-20))
    )
  for (const network of ['', '-a', 'A', 'a.b', 'a'.repeat(33)]) assert.throws(() => checkNetwork(network), InvalidRequestError)
})

test('a proof is the HMAC that it says it is', () => {
  const parties = between('A', 'B')
  const key = createHmac('sha256', membership.secret!).update('shoal/member/1\0friends').digest()
  const expected = createHmac('sha256', key)
    .update('initiator\nA\nB\n')
    .update(parties.initiator.nonce)
    .update(parties.responder.nonce)
    .digest()
  assert.deepEqual(Buffer.from(proofOf(membership, 'initiator', parties)), expected)
})

test('a proof is good for its connection, its part, its peers and its nonces alone', () => {
  const parties = between('A', 'B')
  const proof = proofOf(membership, 'initiator', parties)
  checkProof(membership, proof, 'initiator', parties)
  const replays: [string, Parties, 'initiator' | 'responder'][] = [
    [
      'on a later connection, whose responder has another nonce',
      { ...parties, responder: between('A', 'B').responder },
      'initiator'
    ],
    ['said back by the one who got it', parties, 'responder'],
    ['said back on a connection the other way', { initiator: parties.responder, responder: parties.initiator }, 'initiator'],
    ['passed on to a third', { ...parties, responder: { ...parties.responder, peer: 'C' } }, 'initiator'],
    ['by somebody in between under its own name', { ...parties, initiator: { ...parties.initiator, peer: 'M' } }, 'initiator']
  ]
  for (const [what, where, part] of replays) assert.throws(() => checkProof(membership, proof, part, where), InviteError, what)
  assert.throws(() => checkProof(makePrivate('friends'), proof, 'initiator', parties), InviteError)
  for (let bit = 0; bit < 256; bit++) {
    const changed = Uint8Array.from(proof)
    changed[bit >> 3]! ^= 1 << (bit & 7)
    assert.throws(() => checkProof(membership, changed, 'initiator', parties), InviteError)
  }
  for (const length of [0, 31, 33])
    assert.throws(() => checkProof(membership, new Uint8Array(length), 'initiator', parties), InviteError)
})

test('a hello says whom it is of, and others are told apart', () => {
  const hello = helloOf(membership)
  assert.deepEqual(decodeHello(encodeHello(hello)), hello)
  assert.notDeepEqual(helloOf(membership).nonce, hello.nonce)
  checkHello(membership, hello, 'A')
  assert.throws(() => checkHello({ network: 'friends' }, hello, 'A'), /an invite is needed/)
  assert.throws(() => checkHello(membership, { ...hello, private: false }, 'A'), /brought no invite/)
  assert.throws(() => checkHello(publicMembership, hello, 'A'), /belongs to the network friends, not to shoal/)
  assert.throws(() => checkHello(membership, { ...hello, network: 'a\n\u001b[31m' }, 'A'), /the network a\?\?\[31m,/)
})

test('bytes that are no hello are refused as such', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: MAX_MEMBER_MESSAGE_BYTES + 8 }), bytes => {
      try {
        decodeHello(bytes)
      } catch (error) {
        assert.ok(error instanceof InvalidFrameError)
      }
    }),
    { numRuns: 500 }
  )
})

test('tokens differ by secret, network, purpose and model, and compare by value', () => {
  const tokens = [
    directoryToken(membership),
    directoryToken({ ...membership, network: 'others' }),
    directoryToken(makePrivate('friends')),
    modelToken(membership, 'a'.repeat(64)),
    modelToken(membership, 'b'.repeat(64))
  ]
  assert.equal(new Set(tokens).size, tokens.length)
  assert.ok(equalTexts(tokens[0]!, directoryToken(membership)))
  assert.ok(!equalTexts(tokens[0]!, tokens[1]!))
  assert.ok(!equalTexts('a', ''))
  assert.ok(!equalBytes(Uint8Array.of(1), Uint8Array.of(1, 0)))
})
