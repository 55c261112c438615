/**
 * Directory nodes that gossip: what one hears of a peer the others know, whichever of them dies, and lies are refused.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { type Bootstrap, startBootstrap } from '../../bootstrap/bootstrap.ts'
import { type GossipTopic, gossipTopic } from '../../bootstrap/gossip-topic.ts'
import { signAnnouncement } from '../../peer/swarm/announcement.ts'
import { GossipSources } from '../../peer/swarm/gossip.ts'
import { readEntries } from '../../peer/swarm/read-entries.ts'
import { planRoute } from '../../peer/swarm/routing.ts'
import type { Announcement, DirectoryEntry } from '../../peer/swarm/types.ts'
import { systemClock } from '../../peer/wire/clock.ts'
import { DirectoryClient } from '../../peer/wire/directory-client.ts'
import { GossipFrame } from '../../peer/wire/frames.pb.js'
import { join } from '../../peer/wire/join.ts'
import { silent } from '../../peer/wire/log.ts'
import type { PeerNode } from '../../peer/wire/node.ts'
import { eventually, shoal, startSwarm } from './swarm-kit.ts'
import { bytesProtocol, echo, makeNode, pattern, withNodes } from './wire-kit.ts'

const LIMIT = { timeout: 120_000 }
const manifest = new TextEncoder().encode('{"a":"manifest"}')
const digest = createHash('sha256').update(manifest).digest('hex')
const LAYERS = 8

interface StartOptions {
  httpPort?: number
  privateKey?: PrivateKey
  directoryNodes?: string[]
  publishes?: boolean
  leaseMs?: number
}

/** Runs `body` with bootstraps that are stopped however it ends. */
async function withBootstraps(body: (start: (options?: StartOptions) => Promise<Bootstrap>) => Promise<void>): Promise<void> {
  const running: Bootstrap[] = []
  try {
    await body(async ({ publishes = false, httpPort = 0, ...options } = {}) => {
      const models = publishes ? [{ name: 'psalter', digest, layers: LAYERS, manifest, sources: ['https://example.org/w'] }] : []
      const bootstrap = await startBootstrap({ host: '127.0.0.1', httpPort, models, ...options })
      running.push(bootstrap)
      return bootstrap
    })
  } finally {
    await Promise.all(running.map(bootstrap => bootstrap.stop()))
  }
}

function announcementOf(peer: string, sequence: number, addresses: string[] = []): Announcement {
  const offer = {
    model: digest,
    layers: LAYERS,
    span: { first: 0, end: LAYERS },
    state: 'serving' as const,
    numerics: 'kv=f32,w=Q8_0,k=1',
    prefillRate: 1000,
    decodeRate: 100,
    freeKvTokens: 4096,
    queueMs: 0
  }
  return { peer, sequence, addresses, agent: 'node', adapter: 'test', offers: [offer] }
}

interface Leaf {
  node: PeerNode
  privateKey: PrivateKey
  client: DirectoryClient
}

/** A peer that hangs on these directory nodes. */
async function leafOf(add: (node: Promise<PeerNode>) => Promise<PeerNode>, directoryNodes: string[]): Promise<Leaf> {
  const privateKey = await generateKeyPair('Ed25519')
  const node = await add(makeNode({ privateKey, directoryNodes, webrtc: false }))
  await node.ready(30_000)
  return { node, privateKey, client: new DirectoryClient({ links: node, directoryNodes }) }
}

const found = async (client: DirectoryClient) => (await readEntries(await client.query(digest))).entries

/** Looks until exactly these peers are found. */
const untilFound = (client: DirectoryClient, peers: readonly string[], what: string): Promise<readonly DirectoryEntry[]> =>
  eventually(
    () => found(client),
    entries => entries.length === peers.length && entries.every(({ announcement }) => peers.includes(announcement.peer)),
    what
  )

const gossiping = (bootstrap: Bootstrap, fellows: number) =>
  eventually(
    async () => bootstrap.health(),
    ({ directoryNodes }) => directoryNodes === fellows,
    'directory nodes connected'
  )

test('announced at one directory node, found at the other; withdrawn at one, gone at the other', LIMIT, () =>
  withBootstraps(async start =>
    withNodes(async add => {
      const a = await start({ publishes: true })
      const b = await start({ directoryNodes: [a.httpUrl] })
      await gossiping(a, 1)
      const donor = await leafOf(add, a.addresses)
      const driver = await leafOf(add, b.addresses)
      donor.client.announce(await signAnnouncement(announcementOf(donor.node.self, 1), donor.privateKey))
      await donor.client.announced()
      const [entry] = await untilFound(driver.client, [donor.node.self], 'the donor at b')
      assert.deepEqual(entry?.announcement, announcementOf(donor.node.self, 1))

      const point = await eventually(
        () => join([b.httpUrl]),
        ({ models }) => models.length > 0,
        'the model of a at b'
      )
      assert.deepEqual(point.models, [
        {
          name: 'psalter',
          digest,
          layers: LAYERS,
          manifestUrl: `${a.httpUrl}/models/${digest}/manifest`,
          sources: ['https://example.org/w']
        }
      ])
      assert.deepEqual(
        (await driver.client.listModels()).map(({ name }) => name),
        ['psalter']
      )
      const other = await eventually(
        () => join([a.httpUrl]),
        ({ directoryNodes }) => directoryNodes.some(address => address.includes(b.peerId)),
        'the address of b at a'
      )
      assert.equal(other.models.length, 1, 'its own model once')
      assert.ok(other.directoryNodes.includes(`/ip4/127.0.0.1/tcp/${new URL(b.httpUrl).port}/ws/p2p/${b.peerId}`))

      const farewell = await signAnnouncement({ ...announcementOf(donor.node.self, 2), offers: [] }, donor.privateKey)
      await donor.client.withdraw(undefined, farewell)
      assert.equal(a.health().announcements, 0)
      const told = performance.now()
      await untilFound(driver.client, [], 'the donor gone at b')
      assert.ok(performance.now() - told < 10_000, 'told, and not forgotten after a lease of 20 s')
      donor.client.stop()
      driver.client.stop()
    })
  )
)

test('a peer that joined by one URL hangs on both, and is reached through the second when the first dies', LIMIT, () =>
  withBootstraps(async start =>
    withNodes(async add => {
      const a = await start({ publishes: true, leaseMs: 3_000 })
      const b = await start({ directoryNodes: [a.httpUrl], leaseMs: 3_000 })
      const { directoryNodes } = await eventually(
        () => join([a.httpUrl]),
        point => point.directoryNodes.some(address => address.includes(b.peerId)),
        'the address of b at a'
      )
      const donor = await leafOf(add, directoryNodes)
      assert.deepEqual(donor.node.directoryPeers, [a.peerId, b.peerId])
      donor.node.handle(bytesProtocol, echo)
      const driver = await leafOf(add, b.addresses)
      await eventually(
        async () => donor.node.addresses().filter(address => address.includes(`${b.peerId}/p2p-circuit`)),
        relayed => relayed.length > 0,
        'a place on the relay of b'
      )
      const announcement = announcementOf(donor.node.self, 1, donor.node.addresses())
      donor.client.announce(await signAnnouncement(announcement, donor.privateKey))
      await untilFound(driver.client, [donor.node.self], 'the donor at b')
      assert.equal(b.health().announcements, 1, 'one entry, though it hangs on both')
      await a.stop()
      await gossiping(b, 0)
      // Two leases of a dead a: b's own renewals keep it.
      const until = performance.now() + 6_000
      const entries = await eventually(
        () => found(driver.client),
        kept => kept.length !== 1 || performance.now() > until,
        'two leases'
      )
      const route = planRoute({ entries }, { model: digest, layers: LAYERS, reserveTokens: 16, now: systemClock.now() })
      const [hop] = route.hops
      assert.equal(hop?.peer, donor.node.self)
      const channel = await driver.node.dial(hop!.peer, hop!.addresses, bytesProtocol)
      await channel.send(pattern(1_000, 3))
      assert.deepEqual((await channel.frames()[Symbol.asyncIterator]().next()).value, pattern(1_000, 3))
      donor.client.stop()
      driver.client.stop()
    })
  )
)

test('a directory node that restarts knows at once what the other does, and keeps knowing it', LIMIT, () =>
  withBootstraps(async start =>
    withNodes(async add => {
      const a = await start({ leaseMs: 2_000 })
      const privateKey = await generateKeyPair('Ed25519')
      const before = await start({ directoryNodes: a.addresses.slice(0, 1), privateKey, leaseMs: 2_000 })
      const donor = await leafOf(add, a.addresses)
      donor.client.announce(await signAnnouncement(announcementOf(donor.node.self, 1), donor.privateKey))
      await eventually(
        async () => before.health().announcements,
        count => count === 1,
        'the donor at b'
      )
      const httpPort = Number(new URL(before.httpUrl).port)
      await before.stop()
      await gossiping(a, 0)
      const after = await start({ directoryNodes: a.addresses.slice(0, 1), privateKey, httpPort, leaseMs: 2_000 })
      await eventually(
        async () => after.health().announcements,
        count => count === 1,
        'the donor at the restarted b'
      )
      // Three leases, of which only a's renewals tell.
      const until = performance.now() + 6_000
      const kept = await eventually(
        async () => after.health().announcements,
        count => count !== 1 || performance.now() > until,
        'three leases'
      )
      assert.equal(kept, 1)
      await donor.node.stop()
      donor.client.stop()
      await eventually(
        async () => after.health().announcements,
        count => count === 0,
        'a peer that a vouches for no longer'
      )
    })
  )
)

/** A stranger that takes part in the gossip and says what it likes. */
async function stranger(add: (node: Promise<PeerNode>) => Promise<PeerNode>, bootstrap: Bootstrap): Promise<GossipTopic> {
  const topic = gossipTopic(new GossipSources(), systemClock, silent)
  await add(makeNode({ webrtc: false, services: topic.services, directoryNodes: bootstrap.addresses }))
  await new Promise<void>(resolve =>
    topic.open(
      async () => 'ignore',
      () => resolve()
    )
  )
  return topic
}

async function peerOf(sequence: number, offers = true) {
  const key = await generateKeyPair('Ed25519')
  const peer = peerIdFromPrivateKey(key).toString()
  const sign = async (at: number, serves: boolean) => {
    const announcement = announcementOf(peer, at)
    return signAnnouncement(serves ? announcement : { ...announcement, offers: [] }, key)
  }
  return { peer, sign, signed: await sign(sequence, offers) }
}

test('forged and stale gossip is refused and charged to the neighbour that brings it', LIMIT, () =>
  withBootstraps(async start =>
    withNodes(async add => {
      // Nobody vouches for what the strangers say; the lease outlasts the test.
      const bootstrap = await start({ leaseMs: 120_000 })
      const [liar, honest] = [await stranger(add, bootstrap), await stranger(add, bootstrap)]
      const watcher = await leafOf(add, bootstrap.addresses)
      const say = (topic: GossipTopic, announcement: Uint8Array<ArrayBuffer>) =>
        topic.publish(GossipFrame.encode({ announce: { announcement } }))

      const gone = await peerOf(2)
      say(honest, gone.signed)
      await untilFound(watcher.client, [gone.peer], 'an announcement by gossip alone')
      say(honest, await gone.sign(3, false))
      await untilFound(watcher.client, [], 'withdrawn by gossip alone')

      // What it said before its withdrawal, and a word about somebody who never announced.
      say(liar, gone.signed)
      void liar.publish(GossipFrame.encode({ renewals: { renewals: [{ peer: gone.peer, sequence: 2n }] } }))
      const first = await peerOf(1)
      say(liar, first.signed)
      await untilFound(watcher.client, [first.peer], 'the old announcement stays out')

      const forged = await peerOf(1)
      forged.signed[20]! ^= 1
      say(liar, forged.signed)
      await eventually(
        async () => bootstrap.health().gossipCharges,
        charges => charges === 1,
        'the forgery charged'
      )
      const [banned, welcome] = [await peerOf(1), await peerOf(1)]
      say(liar, banned.signed)
      say(honest, welcome.signed)
      await untilFound(watcher.client, [first.peer, welcome.peer], 'only the honest neighbour is heard')
      watcher.client.stop()
    })
  )
)

test('the command joins directory nodes, and peers to any of several', LIMIT, async () => {
  const swarm = await startSwarm()
  try {
    const other = await swarm.start('bootstrap', '--port', '0', '--join', swarm.url, '--identity', `${swarm.folder}/other.key`)
    const url = String(other.ready.url)
    const health = async (place: string) => (await (await fetch(`${place}/health`)).json()) as ReturnType<Bootstrap['health']>
    for (const place of [swarm.url, url])
      await eventually(
        () => health(place),
        ({ directoryNodes }) => directoryNodes === 1,
        `${place} gossips`
      )
    // Nothing listens on port 1.
    const { code, stdout, stderr } = await shoal(['peers', '--json', '--join', 'http://127.0.0.1:1', '--join', url])
    assert.equal(code, 0, stderr)
    assert.deepEqual(JSON.parse(stdout), { entries: [] })
    assert.match(stderr, /joined without one of the bootstraps/)
    const wrong = await shoal(['bootstrap', '--join', 'nowhere'])
    assert.equal(wrong.code, 2)
  } finally {
    await swarm.end()
  }
})
