/**
 * Peers that lose their directory node all at once, and a peer that comes back again and again: what is dialled stays
 * bounded, nobody is entered twice, and afterwards all is quiet. With thirty: `npm run test:reconnects`.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { GONE_MS } from '../../bootstrap/directory-service.ts'
import { readEntries } from '../../peer/swarm/read-entries.ts'
import { MOST_DIALS } from '../reconnects/bounds.ts'
import { leafOf, loseBootstrap, model, STARTED_MS, starting, stop } from '../reconnects/lose-bootstrap.ts'
import { eventually } from './swarm-kit.ts'

const LIMIT = { timeout: 180_000 }
const PEERS = 6
const DOWN_MS = 4_000
const IDLE_MS = 4_000
/** Of one core a peer: a short look, soon after everybody's return. The long look: `npm run test:reconnects`. */
const MOST_SHARE = 0.02
const RELOADS = 20

test('peers lose the bootstrap all at once: dials are bounded, all come back, and then all is quiet', LIMIT, async t => {
  const { dials, backMs, idleShare } = await loseBootstrap(PEERS, DOWN_MS, IDLE_MS)
  t.diagnostic(
    `${dials.toFixed(1)} dials a peer in ${DOWN_MS / 1_000} s; all back ${(backMs / 1_000).toFixed(1)} s after the restart`
  )
  t.diagnostic(`${(100 * idleShare).toFixed(2)} % of a core for a peer and its part of the bootstrap`)
  assert.ok(dials > 0 && dials <= MOST_DIALS, `${dials} dials`)
  assert.ok(idleShare < MOST_SHARE, `${idleShare}`)
})

test('a peer that reloads 20 times with one key is one peer, and its late ends don’t hurt it', LIMIT, async () => {
  const bootstrap = await starting(await generateKeyPair('Ed25519'), 0)
  const reader = await leafOf(bootstrap, await generateKeyPair('Ed25519'))
  const key = await generateKeyPair('Ed25519')
  let latest = await leafOf(bootstrap, key)
  const entries = async () => {
    const found = await readEntries(await reader.client.query(model))
    return found.entries.filter(({ announcement }) => announcement.peer === latest.node.self)
  }
  try {
    for (let reload = 0; reload < RELOADS; reload++) {
      await latest.client.announced(STARTED_MS)
      const before = latest
      latest = await leafOf(bootstrap, key)
      // The old one ends once the new one is there, or has only begun.
      if (reload % 2 === 0) await latest.client.announced(STARTED_MS)
      await stop(before)
    }
    await latest.client.announced(STARTED_MS)
    const known = await entries()
    assert.deepEqual(
      known.map(({ announcement }) => announcement.sequence),
      [latest.sequence]
    )
    await eventually(
      async () => bootstrap.health(),
      ({ peers }) => peers === 2,
      'old connections are gone'
    )
    await setTimeout(GONE_MS + 1_000)
    assert.equal((await entries()).length, 1)
    assert.equal(bootstrap.health().relayReservations, 2)
    assert.equal(bootstrap.health().announcements, 2)
  } finally {
    await Promise.all([reader, latest].map(stop))
    await bootstrap.stop()
  }
})
