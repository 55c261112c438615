import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { freshAllowance, spend } from '../../../peer/swarm/allowance.ts'
import { DirectoryTable } from '../../../peer/swarm/directory.ts'
import { GOSSIP_PACE, GossipSources, judge, LATE_MS, MAX_VOUCHED_MS } from '../../../peer/swarm/gossip.ts'
import type { Announcement } from '../../../peer/swarm/types.ts'
import { offerOf } from './kit.ts'

const LEASE = 20_000

function announcementOf(peer: string, sequence: number, serves = true): Announcement {
  const offers = serves ? [offerOf({ first: 0, end: 2 }, 16)] : []
  return { peer, sequence, addresses: [], agent: 'tab', adapter: 'test', offers }
}

const bytes = new Uint8Array(10)

test('an allowance lets through a burst and then its pace, and refuses without counting', () => {
  const pace = { burst: 3, perSecond: 2 }
  fc.assert(
    fc.property(fc.array(fc.record({ waitMs: fc.nat(2_000), cost: fc.integer({ min: 1, max: 3 }) })), tries => {
      let now = 0
      let allowance = freshAllowance(pace, now)
      let spent = 0
      for (const { waitMs, cost } of tries) {
        now += waitMs
        const left = spend(allowance, cost, now, pace)
        if (left === undefined) continue
        allowance = left
        spent += cost
        assert.ok(spent <= pace.burst + (now / 1_000) * pace.perSecond + 1e-9)
      }
      // Whatever was refused before, after enough rest the whole burst is there.
      assert.ok(spend(allowance, pace.burst, now + 1_500, pace) !== undefined)
    })
  )
})

test('what is judged of an announcement by what is remembered of its peer', () => {
  const past = { sequence: 5, firstHeardAt: 1_000, withdrawn: false }
  const soon = 1_000 + LATE_MS - 1
  const later = 1_000 + LATE_MS
  assert.equal(judge(announcementOf('a', 1), undefined, 0), 'enter')
  assert.equal(judge(announcementOf('a', 1, false), undefined, 0), 'withdraw')
  assert.equal(judge(announcementOf('a', 6), past, later), 'enter')
  assert.equal(judge(announcementOf('a', 6, false), past, later), 'withdraw')
  assert.equal(judge(announcementOf('a', 5), past, later), 'known')
  assert.equal(judge(announcementOf('a', 4), past, soon), 'late')
  assert.equal(judge(announcementOf('a', 4), past, later), 'stale')
  assert.equal(judge(announcementOf('a', 4, false), past, later), 'stale')
  assert.equal(judge(announcementOf('a', 5), past, 1_000 + MAX_VOUCHED_MS), 'stale')
  assert.equal(judge(announcementOf('a', 5), { ...past, withdrawn: true }, 1_000 + MAX_VOUCHED_MS), 'known')
})

test('gossip enters a peer once, with a lease on the reader’s clock that others renew', () => {
  const table = new DirectoryTable({ leaseMs: LEASE })
  assert.equal(table.hear(announcementOf('a', 5), bytes, 0), 'entered')
  assert.equal(table.hear(announcementOf('a', 5), bytes, 1_000), 'known')
  assert.equal(table.size, 1)
  assert.equal(table.bytes, bytes.byteLength)
  assert.equal(table.vouch('a', 4, 10_000), false)
  assert.equal(table.vouch('b', 1, 10_000), false)
  assert.equal(table.vouch('a', 5, 10_000), true)
  assert.equal(table.live(10_000 + LEASE - 1).length, 1)
  assert.equal(table.live(10_000 + LEASE).length, 0)
  // A link that was down: what is found by asking afterwards is news again.
  assert.equal(table.hear(announcementOf('a', 5), bytes, 60_000), 'entered')
})

test('nobody’s word keeps an announcement alive for ever', () => {
  const table = new DirectoryTable({ leaseMs: LEASE })
  table.hear(announcementOf('gone', 1), bytes, 0)
  let now = 0
  while (table.live(now).length > 0) {
    now += LEASE / 4
    table.vouch('gone', 1, now)
    table.hear(announcementOf('gone', 1), bytes, now)
    assert.ok(now <= MAX_VOUCHED_MS + LEASE)
  }
  assert.ok(now >= MAX_VOUCHED_MS)
  assert.equal(table.hear(announcementOf('gone', 1), bytes, now), 'stale')
  assert.equal(table.hear(announcementOf('gone', 2), bytes, now), 'entered', 'signed anew')
})

test('a withdrawal takes back what came before it, wherever that is repeated', () => {
  const table = new DirectoryTable({ leaseMs: LEASE })
  table.put(announcementOf('a', 5), bytes, 0)
  assert.equal(table.hear(announcementOf('a', 6, false), bytes, 1_000), 'withdrawn')
  assert.equal(table.size, 0)
  assert.equal(table.bytes, 0)
  assert.equal(table.hear(announcementOf('a', 5), bytes, 2_000), 'late')
  assert.equal(table.hear(announcementOf('a', 5), bytes, 60_000), 'stale')
  assert.equal(table.hear(announcementOf('a', 6, false), bytes, 60_000), 'known')
  assert.equal(table.vouch('a', 5, 60_000), false)
  assert.equal(table.hear(announcementOf('a', 7), bytes, 60_000), 'entered', 'back again')
})

test('a peer that leaves this node stays while others vouch for it, else it goes', () => {
  const table = new DirectoryTable({ leaseMs: LEASE })
  table.put(announcementOf('alone', 1), bytes, 0)
  table.put(announcementOf('elsewhere', 1), bytes, 0)
  table.put(announcementOf('later', 1), bytes, 15_000)
  table.vouch('elsewhere', 1, 5_000)
  table.renew('elsewhere', 15_000)
  assert.deepEqual(
    table.direct(15_000).map(({ announcement }) => announcement.peer),
    ['alone', 'later', 'elsewhere']
  )
  table.leave('alone', 15_000)
  table.leave('elsewhere', 15_000)
  const live = (now: number) => table.live(now).map(({ announcement }) => announcement.peer)
  assert.deepEqual(live(15_000), ['later', 'elsewhere'])
  assert.deepEqual(live(5_000 + LEASE), ['later'], 'the lease of others’ word, though it renewed itself since')
})

test('gossip leaves a quarter of the table to peers that hang on it', () => {
  const table = new DirectoryTable({ leaseMs: LEASE, maxEntries: 8 })
  const heard = Array.from({ length: 8 }, (_, i) => table.hear(announcementOf(`p${i}`, 1), bytes, 0))
  assert.deepEqual(heard, [...Array(6).fill('entered'), 'full', 'full'])
  table.put(announcementOf('own', 1), bytes, 0)
  assert.equal(table.size, 7)
})

test('a forgery bans its neighbour; stale and surplus ones are taken for accidents while they are few', () => {
  const sources = new GossipSources()
  sources.charge('liar', 'forged', 0)
  assert.equal(sources.isBanned('liar', 14_999), true)
  assert.equal(sources.admit('liar', 1, 14_999), false)
  assert.equal(sources.admit('liar', 1, 15_000), true)
  sources.charge('liar', 'forged', 15_000)
  assert.equal(sources.isBanned('liar', 44_999), true, 'twice as long the second time')

  for (let i = 0; i < 64; i++) sources.charge('slow', 'stale', 0)
  assert.equal(sources.isBanned('slow', 0), false)
  sources.charge('slow', 'stale', 0)
  assert.equal(sources.isBanned('slow', 0), true)
  assert.equal(sources.isBanned('other', 0), false)

  let admitted = 0
  while (admitted <= GOSSIP_PACE.burst && sources.admit('loud', 1, 0)) admitted++
  assert.equal(admitted, GOSSIP_PACE.burst)
  assert.equal(sources.isBanned('loud', 0), false)
  for (let i = 0; i < 64; i++) sources.admit('loud', 1, 0)
  assert.equal(sources.isBanned('loud', 0), true)
})

test('any order of gossip leaves what a peer said last, once', () => {
  const said = fc.record({ peer: fc.constantFrom('a', 'b'), sequence: fc.integer({ min: 1, max: 6 }), serves: fc.boolean() })
  fc.assert(
    fc.property(fc.array(said, { maxLength: 40 }), messages => {
      const table = new DirectoryTable({ leaseMs: LEASE })
      const last = new Map<string, { sequence: number; serves: boolean }>()
      for (const { peer, sequence, serves } of messages) {
        table.hear(announcementOf(peer, sequence, serves), bytes, 0)
        if (sequence > (last.get(peer)?.sequence ?? 0)) last.set(peer, { sequence, serves })
      }
      assert.deepEqual(
        new Map(table.live(0).map(({ announcement }) => [announcement.peer, announcement.sequence])),
        new Map([...last].filter(([, { serves }]) => serves).map(([peer, { sequence }]) => [peer, sequence]))
      )
    })
  )
})
