import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import fc from 'fast-check'
import { BusyError, InvalidFrameError, UnknownSessionError } from '../../../peer/errors.ts'
import { signAnnouncement, verifyAnnouncement } from '../../../peer/swarm/announcement.ts'
import { DirectoryTable, mergeDirectories } from '../../../peer/swarm/directory.ts'
import { DirectoryReader } from '../../../peer/swarm/read-directory.ts'
import type { Announcement } from '../../../peer/swarm/types.ts'
import { directoryOf, model, offerOf } from './kit.ts'

const LEASE = 1_000

function announcementOf(peer: string, sequence: number, first = 0): Announcement {
  return {
    peer,
    sequence,
    addresses: [],
    agent: 'tab',
    adapter: 'test',
    offers: [offerOf({ first, end: first + 2 }, 16)]
  }
}

test('the table holds what a simple map would, and never more than its caps', () => {
  const action = fc.record({
    kind: fc.constantFrom('put', 'renew', 'withdraw', 'wait'),
    peer: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    sequence: fc.nat({ max: 5 }),
    bytes: fc.integer({ min: 1, max: 60 })
  })
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), actions => {
      const table = new DirectoryTable({ leaseMs: LEASE, maxEntries: 4, maxTotalBytes: 100 })
      const expected = new Map<string, { sequence: number; bytes: number; until: number }>()
      let now = 0
      for (const { kind, peer, sequence, bytes } of actions) {
        for (const [held, { until }] of expected) if (until <= now) expected.delete(held)
        const held = expected.get(peer)
        if (kind === 'wait') now += sequence * 200
        else if (kind === 'withdraw') {
          table.withdraw(peer)
          expected.delete(peer)
        } else if (kind === 'renew') {
          if (held === undefined) assert.throws(() => table.renew(peer, now), UnknownSessionError)
          else {
            table.renew(peer, now)
            held.until = now + LEASE
          }
        } else if (held !== undefined && held.sequence >= sequence) {
          table.put(announcementOf(peer, sequence), new Uint8Array(bytes), now)
          held.until = now + LEASE
        } else {
          const others = [...expected].filter(([other]) => other !== peer)
          const total = others.reduce((sum, [, other]) => sum + other.bytes, bytes)
          if (others.length >= 4 || total > 100)
            assert.throws(() => table.put(announcementOf(peer, sequence), new Uint8Array(bytes), now), BusyError)
          else {
            table.put(announcementOf(peer, sequence), new Uint8Array(bytes), now)
            expected.set(peer, { sequence, bytes, until: now + LEASE })
          }
        }
        for (const [held, { until }] of expected) if (until <= now) expected.delete(held)
        const live = table.live(now)
        assert.deepEqual(
          new Map(live.map(entry => [entry.announcement.peer, entry.announcement.sequence])),
          new Map([...expected].map(([held, { sequence }]) => [held, sequence]))
        )
        assert.ok(table.size <= 4 && table.bytes <= 100)
        assert.equal(
          table.bytes,
          live.reduce((sum, entry) => sum + entry.signed.byteLength, 0)
        )
      }
    }),
    { numRuns: 300 }
  )
})

test('sampling gives every region its candidates and no more than asked for', () => {
  const table = new DirectoryTable({ leaseMs: LEASE })
  for (let i = 0; i < 80; i++) table.put(announcementOf(`p${i}`, 1, (i % 8) * 2), new Uint8Array(1), 0)
  const sampled = table.sample(model, 3, 0, Math.random)
  for (let region = 0; region < 4; region++) {
    const candidates = sampled.filter(({ announcement }) => Math.floor(announcement.offers[0]!.span.first / 4) === region)
    assert.equal(candidates.length, 3)
  }
  assert.equal(table.sample('', 5, 0, Math.random).length, 5)
  assert.equal(table.sample('00'.repeat(32), 5, 0, Math.random).length, 0)
  const seen = new Set(Array.from({ length: 60 }, () => table.sample(model, 3, 0, Math.random)).flat())
  assert.ok(seen.size > 60, 'different ones each time')
})

test('an announcement is its peer’s, bounded and plausible', async () => {
  const key = await generateKeyPair('Ed25519')
  const peer = peerIdFromPrivateKey(key).toString()
  const announcement = announcementOf(peer, 7)
  const signed = await signAnnouncement(announcement, key)
  assert.deepEqual(await verifyAnnouncement(signed), announcement)
  await assert.rejects(signAnnouncement(announcementOf('somebody', 1), key), /peer: somebody/)
  for (let bit = 0; bit < signed.byteLength * 8; bit += 37) {
    const changed = signed.slice()
    changed[bit >> 3]! ^= 1 << (bit & 7)
    // The decoder does not look at a tag's wire type, so such a bit may change without changing anything said.
    await verifyAnnouncement(changed).then(
      read => assert.deepEqual(read, announcement),
      error => assert.ok(error instanceof InvalidFrameError, String(error))
    )
  }
  await assert.rejects(verifyAnnouncement(new Uint8Array(20_000)), /20000 bytes/)
  const offer = announcement.offers[0]!
  const moving = { ...announcement, offers: [{ ...offer, sessions: 0, movable: true, leaving: true, demand: 4 }] }
  assert.deepEqual(await verifyAnnouncement(await signAnnouncement(moving, key)), moving)
  const wrong: [Partial<Announcement>, RegExp][] = [
    [{ sequence: -1 }, /sequence/],
    [{ sequence: 2 ** 31 }, /sequence/],
    [{ sequence: 2 ** 32 - 1 }, /sequence/],
    [{ addresses: Array(17).fill('/ip4/1.2.3.4/tcp/1') }, /addresses/],
    [{ addresses: ['x'.repeat(257)] }, /addresses/],
    [{ adapter: 'x'.repeat(129) }, /adapter/],
    [{ offers: Array(17).fill(offer) }, /offers/],
    [{ offers: [{ ...offer, decodeRate: 0 }] }, /decodeRate/],
    [{ offers: [{ ...offer, decodeRate: Number.NaN }] }, /decodeRate/],
    [{ offers: [{ ...offer, prefillRate: Number.POSITIVE_INFINITY }] }, /prefillRate/],
    [{ offers: [{ ...offer, prefillRate: 1e12 }] }, /prefillRate/],
    [{ offers: [{ ...offer, span: { first: 2, end: 17 } }] }, /span/],
    [{ offers: [{ ...offer, span: { first: 2, end: 2 } }] }, /span/],
    [{ offers: [{ ...offer, model: 'AB'.repeat(32) }] }, /model/],
    [{ offers: [{ ...offer, queueMs: -1 }] }, /queueMs/],
    [{ offers: [{ ...offer, freeKvTokens: 1.5 }] }, /freeKvTokens/],
    [{ offers: [{ ...offer, sessions: -1 }] }, /sessions/],
    [{ offers: [{ ...offer, demand: 2 ** 31 }] }, /demand/]
  ]
  for (const [change, field] of wrong) await assert.rejects(signAnnouncement({ ...announcement, ...change }, key), field)
})

test('of several answers a peer counts once, with its newest announcement; forged ones not at all', async () => {
  const older = directoryOf({ a: offerOf({ first: 0, end: 2 }, 4) })
  const newer = directoryOf({ a: offerOf({ first: 2, end: 4 }, 4) })
  newer.entries[0]!.announcement.sequence = 2
  for (const order of [
    [older, newer],
    [newer, older]
  ])
    assert.deepEqual(mergeDirectories(order).entries, newer.entries)

  const key = await generateKeyPair('Ed25519')
  const announcement = announcementOf(peerIdFromPrivateKey(key).toString(), 1)
  const signed = await signAnnouncement(announcement, key)
  const forged = signed.slice()
  forged[forged.length - 1]! ^= 1
  const reader = new DirectoryReader()
  for (let i = 0; i < 2; i++) {
    const { entries } = await reader.read([
      { announcement: signed, ageMs: 9 },
      { announcement: forged, ageMs: 1 },
      { announcement: signed, ageMs: 4 }
    ])
    assert.deepEqual(entries, [{ announcement, ageMs: 4 }])
  }
})
