import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { type Bootstrap, startBootstrap } from '../../bootstrap/bootstrap.ts'
import { signAnnouncement } from '../../peer/swarm/announcement.ts'
import { DirectoryReader } from '../../peer/swarm/read-directory.ts'
import type { Announcement } from '../../peer/swarm/types.ts'
import { DirectoryClient } from '../../peer/wire/directory-client.ts'
import { join } from '../../peer/wire/join.ts'
import { createNode, type PeerNode } from '../../peer/wire/node.ts'
import { directoryProtocol } from '../../peer/wire/protocols.ts'
import { bytesProtocol, echo, pattern, withNodes } from './wire-kit.ts'

const LIMIT = { timeout: 60_000 }
const manifest = new TextEncoder().encode('{"a":"manifest"}')
const digest = createHash('sha256').update(manifest).digest('hex')
const weights = pattern(100_000, 7)

async function withBootstrap(body: (bootstrap: Bootstrap, restart: () => Promise<Bootstrap>) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(joinPath(tmpdir(), 'shoal-'))
  const weightsPath = joinPath(folder, 'weights.gguf')
  await writeFile(weightsPath, weights)
  await writeFile(joinPath(folder, 'index.html'), '<h1>Shoal</h1>')
  const privateKey = await generateKeyPair('Ed25519')
  const start = (httpPort: number) =>
    startBootstrap({
      host: '127.0.0.1',
      httpPort,
      pageDir: folder,
      privateKey,
      models: [{ name: 'psalter', digest, layers: 8, manifest, weightsPath, sources: ['https://example.org/weights'] }]
    })
  let bootstrap = await start(0)
  try {
    await body(bootstrap, async () => {
      const port = Number(new URL(bootstrap.httpUrl).port)
      await bootstrap.stop()
      bootstrap = await start(port)
      return bootstrap
    })
  } finally {
    await bootstrap.stop()
    await rm(folder, { recursive: true })
  }
}

async function leaf(bootstrap: Bootstrap): Promise<{ node: PeerNode; privateKey: PrivateKey; directoryNodes: string[] }> {
  const { directoryNodes } = await join([bootstrap.httpUrl])
  const privateKey = await generateKeyPair('Ed25519')
  return { node: await createNode({ privateKey, directoryNodes, webrtc: false }), privateKey, directoryNodes }
}

function announcementOf(node: PeerNode, sequence: number): Announcement {
  const offer = {
    model: digest,
    layers: 8,
    span: { first: 0, end: 4 },
    state: 'serving' as const,
    numerics: 'kv=f32,w=Q8_0,k=1',
    prefillRate: 1000,
    decodeRate: 100,
    freeKvTokens: 4096,
    queueMs: 0
  }
  return { peer: node.self, sequence, addresses: node.addresses(), agent: 'node', adapter: 'test', offers: [offer] }
}

test('the HTTP face: page, rendezvous, manifest, weights by range, health, figures', LIMIT, () =>
  withBootstrap(async ({ httpUrl, peerId }) => {
    assert.equal(await (await fetch(`${httpUrl}/`)).text(), '<h1>Shoal</h1>')
    const point = await join([httpUrl])
    assert.deepEqual(point.models, [
      {
        name: 'psalter',
        digest,
        layers: 8,
        manifestUrl: `${httpUrl}/models/${digest}/manifest`,
        sources: [`${httpUrl}/models/${digest}/weights`, 'https://example.org/weights']
      }
    ])
    assert.ok(point.directoryNodes.every(address => address.startsWith('/ip4/127.0.0.1/tcp/') && address.endsWith(peerId)))
    const served = await fetch(point.models[0]!.manifestUrl)
    assert.deepEqual(new Uint8Array(await served.arrayBuffer()), manifest)
    assert.match(served.headers.get('cache-control') ?? '', /immutable/)
    const range = await fetch(point.models[0]!.sources[0]!, { headers: { range: 'bytes=1000-1999' } })
    assert.equal(range.status, 206)
    assert.equal(range.headers.get('content-range'), 'bytes 1000-1999/100000')
    assert.match(range.headers.get('cache-control') ?? '', /immutable/)
    assert.deepEqual(new Uint8Array(await range.arrayBuffer()), weights.slice(1000, 2000))
    const beyond = await fetch(point.models[0]!.sources[0]!, { headers: { range: 'bytes=100000-' } })
    assert.equal(beyond.status, 416)
    assert.equal((await fetch(`${httpUrl}/models/${'0'.repeat(64)}/manifest`)).status, 404)
    assert.equal((await fetch(`${httpUrl}/../package.json`)).status, 404)
    assert.deepEqual(await (await fetch(`${httpUrl}/health`)).json(), {
      peers: 0,
      announcements: 0,
      announcementBytes: 0,
      relayReservations: 0,
      directoryNodes: 0,
      gossipCharges: 0
    })
    assert.deepEqual(await (await fetch(`${httpUrl}/ready`)).json(), { status: 'ready' })
    const figures = (await (await fetch(`${httpUrl}/metrics`)).text()).split('\n')
    for (const line of [
      'shoal_bootstrap_peers 0',
      'shoal_bootstrap_requests_total{route="/models/:digest/manifest",status="200"} 1',
      'shoal_bootstrap_requests_total{route="/health",status="200"} 1'
    ])
      assert.ok(figures.includes(line), line)
  })
)

test('leaves reach each other having dialled nothing but the HTTP port', LIMIT, () =>
  withBootstrap(async bootstrap =>
    withNodes(async add => {
      const overHttp = bootstrap.addresses.slice(0, 1)
      const [a, b] = await Promise.all(
        [1, 2].map(async () =>
          add(createNode({ privateKey: await generateKeyPair('Ed25519'), directoryNodes: overHttp, webrtc: false }))
        )
      )
      await Promise.all([a!.ready(), b!.ready()])
      assert.equal(bootstrap.health().relayReservations, 2)
      b!.handle(bytesProtocol, echo)
      const channel = await a!.dial(b!.self, b!.addresses(), bytesProtocol)
      await channel.send(pattern(100_000, 1))
      const { value } = await channel.frames()[Symbol.asyncIterator]().next()
      assert.deepEqual(value, pattern(100_000, 1))
    })
  )
)

test('an announcement is found, survives a restart of the bootstrap, and goes with its withdrawal', LIMIT, () =>
  withBootstrap(async (bootstrap, restart) => {
    const { node, privateKey, directoryNodes } = await leaf(bootstrap)
    const client = new DirectoryClient({ links: node, directoryNodes: bootstrap.addresses.slice(0, 1) })
    try {
      assert.equal(directoryNodes.length, 2)
      await node.ready()
      client.announce(await signAnnouncement(announcementOf(node, 1), privateKey))
      await client.announced()
      const reader = new DirectoryReader()
      const [found] = (await reader.read(await client.query(digest))).entries
      assert.deepEqual(found?.announcement, announcementOf(node, 1))
      assert.deepEqual(await client.query('0'.repeat(64)), [])
      const [model] = await client.listModels()
      assert.equal(model?.name, 'psalter')
      assert.deepEqual(model?.sources, [`${bootstrap.httpUrl}/models/${digest}/weights`, 'https://example.org/weights'])

      const restarted = await restart()
      assert.equal(restarted.peerId, bootstrap.peerId)
      await client.announced(30_000)
      await node.ready()
      assert.equal(restarted.health().announcements, 1, 'announced again without being told')

      await client.withdraw()
      assert.equal(restarted.health().announcements, 0)
    } finally {
      client.stop()
      await node.stop()
    }
  })
)

test('nobody announces for somebody else, and a peer that is gone is told of and forgotten', LIMIT, t =>
  withBootstrap(async bootstrap => {
    const { node, privateKey } = await leaf(bootstrap)
    const other = await leaf(bootstrap)
    try {
      await Promise.all([node.ready(), other.node.ready()])
      const signed = await signAnnouncement(announcementOf(node, 1), privateKey)
      const channel = await other.node.dial(bootstrap.peerId, bootstrap.addresses, directoryProtocol)
      const replies = channel.frames()[Symbol.asyncIterator]()
      await channel.send({ announce: { announcement: signed } })
      assert.equal((await replies.next()).value?.failure?.code, 'NOT_NAMED')
      signed[10]! ^= 1
      await channel.send({ announce: { announcement: signed } })
      assert.equal((await replies.next()).value?.failure?.code, 'INVALID_FRAME')
      await channel.send({ announce: { announcement: new Uint8Array(0) } })
      assert.equal((await replies.next()).value?.failure?.code, 'UNKNOWN_SESSION')
      assert.equal(bootstrap.health().announcements, 0)

      await channel.send({
        announce: { announcement: await signAnnouncement(announcementOf(other.node, 1), other.privateKey) }
      })
      assert.ok((await replies.next()).value?.announced)
      assert.equal(bootstrap.health().announcements, 1)
      const client = new DirectoryClient({ links: node, directoryNodes: bootstrap.addresses.slice(0, 1) })
      const told = Promise.withResolvers<number>()
      client.watch([other.node.self], () => told.resolve(performance.now()))
      // Should the watch come late, it is told of what went just before.
      const stoppedAt = performance.now()
      await other.node.stop()
      const took = (await told.promise) - stoppedAt
      t.diagnostic(`a watcher knew after ${Math.round(took)} ms`)
      client.stop()
      const limit = Date.now() + 15_000
      while (bootstrap.health().announcements > 0) {
        assert.ok(Date.now() < limit, 'still announced 15 s after it left')
        await setTimeout(100)
      }
    } finally {
      await Promise.all([node.stop(), other.node.stop()])
    }
  })
)
