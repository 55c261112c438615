/**
 * Peers that lose their directory node all at once, and a peer that comes back again and again: what is dialled stays
 * bounded, nobody is entered twice, and afterwards all is quiet.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { type Bootstrap, startBootstrap } from '../../bootstrap/bootstrap.ts'
import { GONE_MS } from '../../bootstrap/directory-service.ts'
import { signAnnouncement } from '../../peer/swarm/announcement.ts'
import { readEntries } from '../../peer/swarm/read-entries.ts'
import { DirectoryClient } from '../../peer/wire/directory-client.ts'
import { createNode, type PeerNode } from '../../peer/wire/node.ts'
import { eventually } from './swarm-kit.ts'

const LIMIT = { timeout: 180_000 }
/** In one process; each pings its directory node once a second and is pinged, so that more would starve on a busy machine. */
const PEERS = 12
const DOWN_MS = 10_000
/**
 * Back-off from half a second, doubled: in 10 s the connection is tried for 6 times, and 6 times for the announcement, which
 * may share a dial. Fixed pauses of half a second would make 40.
 */
const MOST_DIALS = 12
/** Of one core, for each peer and the bootstrap's part in it: mostly the pings of both. */
const IDLE_SHARE = 0.02
const RELOADS = 20
/** What a busy machine may take. */
const STARTED_MS = 60_000
const model = 'ab'.repeat(32)

const starting = (privateKey: PrivateKey, httpPort: number) =>
  startBootstrap({ host: '127.0.0.1', httpPort, privateKey, models: [] })

interface Leaf {
  node: PeerNode
  client: DirectoryClient
  sequence: number
}

async function leafOf(bootstrap: Bootstrap, privateKey: PrivateKey): Promise<Leaf> {
  // The HTTP port alone, as a tab would.
  const directoryNodes = bootstrap.addresses.slice(0, 1)
  const node = await createNode({ privateKey, directoryNodes, webrtc: false })
  const client = new DirectoryClient({ links: node, directoryNodes })
  const sequence = Date.now()
  const offer = {
    model,
    layers: 8,
    span: { first: 0, end: 4 },
    state: 'serving' as const,
    numerics: '',
    prefillRate: 1,
    decodeRate: 1,
    freeKvTokens: 1,
    queueMs: 0
  }
  const said = { peer: node.self, sequence, addresses: [], agent: 'node' as const, adapter: '', offers: [offer] }
  client.announce(await signAnnouncement(said, privateKey))
  return { node, client, sequence }
}

async function stop({ node, client }: Leaf): Promise<void> {
  client.stop()
  await node.stop()
}

test('peers lose the bootstrap all at once: dials are bounded, all come back, and then all is quiet', LIMIT, async t => {
  const key = await generateKeyPair('Ed25519')
  let bootstrap = await starting(key, 0)
  const port = Number(new URL(bootstrap.httpUrl).port)
  const leaves: Leaf[] = []
  try {
    for (let peer = 0; peer < PEERS; peer++) {
      const leaf = await leafOf(bootstrap, await generateKeyPair('Ed25519'))
      leaves.push(leaf)
      await leaf.client.announced(STARTED_MS)
    }
    const allThere = ({ announcements, relayReservations }: ReturnType<Bootstrap['health']>) =>
      announcements === PEERS && relayReservations === PEERS
    await eventually(async () => bootstrap.health(), allThere, 'all announced', STARTED_MS)

    await bootstrap.stop()
    let dials = 0
    const deaf = createServer(socket => {
      dials++
      socket.destroy()
    }).listen(port, '127.0.0.1')
    await once(deaf, 'listening')
    await setTimeout(DOWN_MS)
    await new Promise(resolve => deaf.close(resolve))
    t.diagnostic(`${(dials / PEERS).toFixed(1)} dials a peer in ${DOWN_MS / 1_000} s`)
    assert.ok(dials > 0 && dials <= MOST_DIALS * PEERS, `${dials} dials`)

    bootstrap = await starting(key, port)
    const backAt = performance.now()
    await eventually(async () => bootstrap.health(), allThere, 'all back', STARTED_MS)
    t.diagnostic(`all back ${((performance.now() - backAt) / 1_000).toFixed(1)} s after the restart`)

    await setTimeout(2_000)
    const before = process.cpuUsage()
    await setTimeout(5_000)
    const { user, system } = process.cpuUsage(before)
    const share = (user + system) / 5_000_000
    t.diagnostic(`${(100 * share).toFixed(1)} % of a core for ${PEERS} peers and their bootstrap`)
    assert.ok(share < IDLE_SHARE * PEERS, `${share}`)
  } finally {
    await Promise.all(leaves.map(stop))
    await bootstrap.stop()
  }
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
