import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { startAnnouncer } from '../../../peer/host/announcer.ts'
import { verifyAnnouncement } from '../../../peer/swarm/announcement.ts'
import { MAX_VOUCHED_MS } from '../../../peer/swarm/gossip.ts'
import type { Announcement } from '../../../peer/swarm/types.ts'
import { offerOf } from '../swarm/kit.ts'
import { VirtualClock } from './virtual-clock.ts'

const privateKey = await generateKeyPair('Ed25519')
const peer = peerIdFromPrivateKey(privateKey).toString()

test('what does not change is signed anew before others stop believing it, and taken back by a signed farewell', async () => {
  const clock = new VirtualClock()
  const said: { at: number; announcement: Announcement }[] = []
  const farewells: Announcement[] = []
  const announcer = startAnnouncer({
    target: {
      announce: signed => {
        const at = clock.now()
        void verifyAnnouncement(signed).then(announcement => said.push({ at, announcement }))
      },
      withdraw: async (_signal, signed) => {
        farewells.push(await verifyAnnouncement(signed ?? new Uint8Array(0)))
      }
    },
    privateKey,
    current: () => ({ peer, addresses: [], agent: 'node', adapter: '', offers: [offerOf({ first: 0, end: 2 }, 16)] }),
    clock
  })
  // Signing runs outside the clock's sight.
  await clock.turns(200)
  for (let minute = 0; minute < 60; minute++) {
    await clock.pass(60_000)
    await clock.turns(20)
  }
  assert.ok(said.length > 2)
  for (const [index, { at, announcement }] of said.entries()) {
    const next = said[index + 1]
    if (next === undefined) break
    assert.ok(next.at - at < MAX_VOUCHED_MS / 2, 'one that gets lost does no harm')
    assert.ok(next.announcement.sequence > announcement.sequence)
  }
  await announcer.stop()
  const [farewell] = farewells
  assert.deepEqual(farewell?.offers, [])
  assert.ok(farewell.sequence > said.at(-1)!.announcement.sequence)
  assert.equal(clock.pending, 0)
})
