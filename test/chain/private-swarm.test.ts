/**
 * A private swarm on real libp2p: members work as in a public one; whoever has no invite or a wrong one gets no further
 * than the proof, whatever protocol it asks for, and is told why.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { test } from 'node:test'
import { noise } from '@chainsafe/libp2p-noise'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { startBootstrap } from '../../bootstrap/bootstrap.ts'
import { startService } from '../../peer/cli/service-process.ts'
import { InviteError } from '../../peer/errors.ts'
import { DirectoryClient } from '../../peer/wire/directory-client.ts'
import { join } from '../../peer/wire/join.ts'
import { inviteOf, type Membership, makePrivate } from '../../peer/wire/membership.ts'
import { chainProtocol, directoryProtocol } from '../../peer/wire/protocols.ts'
import { bytesProtocol, echo, makeDirectoryNode, makeNode, withNodes } from './wire-kit.ts'

const LIMIT = { timeout: 60_000 }
const invited = makePrivate('friends')
const strangers: [string, Membership, RegExp][] = [
  ['no invite', { network: 'friends' }, /the network friends is private, an invite is needed/],
  ['another secret', makePrivate('friends'), /another secret than this invite's to the network friends/],
  ['another network', { network: 'shoal' }, /belongs to the network friends, not to shoal/],
  ['the secret of another network', { ...invited, network: 'others' }, /belongs to the network friends, not to others/]
]

test('strangers can open no protocol, take no place on the relay, and hear why', LIMIT, () =>
  withNodes(async add => {
    const directory = await add(makeDirectoryNode({ membership: invited }))
    let served = 0
    const serve = async () => {
      served++
    }
    for (const protocol of [directoryProtocol, chainProtocol]) directory.handle<object>(protocol as never, serve)
    for (const [what, membership, why] of strangers) {
      const stranger = await add(makeNode({ membership, directoryNodes: directory.addresses(), webrtc: false }))
      for (const protocol of [directoryProtocol, chainProtocol]) {
        await assert.rejects(stranger.dial<object>(directory.self, directory.addresses(), protocol as never), error => {
          assert.ok(error instanceof InviteError, `${what}: ${error}`)
          assert.match(error.message, why)
          return true
        })
      }
      await assert.rejects(stranger.ready(1_000), InviteError)
      assert.deepEqual(directory.connections(), [])
      await stranger.stop()
    }
    assert.equal(served, 0)
  })
)

test('libp2p without the proof gets no protocol either', LIMIT, () =>
  withNodes(async add => {
    const directory = await add(makeDirectoryNode({ membership: invited }))
    const address = multiaddr(directory.addresses().find(one => !one.includes('/ws'))!)
    // Plain noise under its own name, and under that of members.
    for (const name of ['/noise', '/shoal/member/1.0.0']) {
      const plain = await createLibp2p({
        privateKey: await generateKeyPair('Ed25519'),
        transports: [tcp()],
        connectionEncrypters: [components => Object.assign(noise()(components), { protocol: name })],
        streamMuxers: [yamux()]
      })
      try {
        await assert.rejects(async () => {
          // With early multiplexing the dialler believes in the connection until it is used.
          const connection = await plain.dial(address, { signal: AbortSignal.timeout(5_000) })
          await connection.newStream(directoryProtocol.id, { signal: AbortSignal.timeout(5_000) })
        })
        assert.deepEqual(directory.connections(), [])
      } finally {
        await plain.stop()
      }
    }
  })
)

test('members reach each other over the relay; a stranger is refused by a leaf that listens as well', LIMIT, () =>
  withNodes(async add => {
    const directory = await add(makeDirectoryNode({ membership: invited }))
    const member = (listen: string[] = []) =>
      add(makeNode({ membership: invited, directoryNodes: directory.addresses(), webrtc: false, listen }))
    const [a, b] = await Promise.all([member(), member(['/ip4/127.0.0.1/tcp/0'])])
    await Promise.all([a!.ready(), b!.ready()])
    b!.handle(bytesProtocol, echo)
    const relayed = b!.addresses().filter(address => address.includes('/p2p-circuit'))
    const channel = await a!.dial(b!.self, relayed, bytesProtocol)
    await channel.send(Uint8Array.of(1, 2, 3))
    assert.deepEqual((await channel.frames()[Symbol.asyncIterator]().next()).value, Uint8Array.of(1, 2, 3))
    const [, other] = strangers[1]!
    const stranger = await add(makeNode({ membership: other, webrtc: false }))
    for (const addresses of [relayed, b!.addresses().filter(address => !address.includes('/p2p-circuit'))])
      await assert.rejects(stranger.dial(b!.self, addresses, bytesProtocol))
    assert.ok(b!.connections().every(({ peer }) => peer !== stranger.self))
  })
)

test('members reach each other over WebRTC', LIMIT, () =>
  withNodes(async add => {
    const directory = await add(makeDirectoryNode({ membership: invited }))
    const [a, b] = await Promise.all(
      [1, 2].map(() => add(makeNode({ membership: invited, directoryNodes: directory.addresses() })))
    )
    await Promise.all([a!.ready(), b!.ready()])
    b!.handle(bytesProtocol, echo)
    const channel = await a!.dial(b!.self, b!.addresses(), bytesProtocol)
    await channel.send(Uint8Array.of(9))
    assert.deepEqual((await channel.frames()[Symbol.asyncIterator]().next()).value, Uint8Array.of(9))
    assert.ok(a!.connections().some(({ peer, relayed }) => peer === b!.self && !relayed))
  })
)

test('over HTTP a stranger is told nothing of directory and models, a member what it needs', LIMIT, async () => {
  const manifest = new TextEncoder().encode('{}')
  const digest = createHash('sha256').update(manifest).digest('hex')
  const weightsPath = new URL(import.meta.url).pathname
  const models = [{ name: 'm', digest, layers: 1, manifest, weightsPath, sources: ['https://example.org/weights'] }]
  const bootstrap = await startBootstrap({ host: '127.0.0.1', httpPort: 0, models, membership: invited })
  try {
    const bare = await fetch(`${bootstrap.httpUrl}/shoal.json`)
    assert.equal(bare.status, 401)
    assert.deepEqual(await bare.json(), { error: { code: 'INVITE', message: 'this swarm is private, its invite is needed' } })
    for (const [, membership] of strangers) await assert.rejects(join([bootstrap.httpUrl], undefined, membership), InviteError)
    const point = await join([bootstrap.httpUrl], undefined, invited)
    const [model] = point.models
    for (const url of [model!.manifestUrl, model!.sources[0]!]) {
      assert.equal((await fetch(url)).status, 200)
      const { origin, pathname } = new URL(url)
      for (const key of ['', '?key=', `?key=${'A'.repeat(43)}`, '?key=a&key=b'])
        assert.equal((await fetch(`${origin}${pathname}${key}`)).status, 401, key)
    }
    assert.equal(model!.sources[1], 'https://example.org/weights', 'no key for another host')
    await withNodes(async add => {
      const node = await add(makeNode({ membership: invited, directoryNodes: point.directoryNodes, webrtc: false }))
      const client = new DirectoryClient({ links: node, directoryNodes: point.directoryNodes })
      assert.deepEqual(await client.query(''), [])
      assert.equal((await client.listModels())[0]?.manifests[0], model!.manifestUrl)
      client.stop()
      const other = await add(makeNode({ membership: strangers[1]![1], directoryNodes: point.directoryNodes, webrtc: false }))
      const asking = new DirectoryClient({ links: other, directoryNodes: point.directoryNodes })
      await assert.rejects(asking.query(''), InviteError)
      await assert.rejects(asking.listModels(), InviteError)
      asking.announce(new Uint8Array(100))
      await assert.rejects(asking.announced(1_000))
      asking.stop()
    })
  } finally {
    await bootstrap.stop()
  }
})

test('the command makes an invite, keeps it over a restart, and tells a stranger what is missing', LIMIT, async () => {
  const folder = await mkdtemp(joinPath(tmpdir(), 'shoal-'))
  const identity = joinPath(folder, 'bootstrap.key')
  const start = () => startService(['bootstrap', '--private', '--port', '0', '--identity', identity, '--log-level', 'warn'])
  try {
    const first = await start()
    const { url, invite, link } = first.ready
    try {
      assert.equal(link, `${url}/#invite=${invite}`)
      assert.equal((await stat(`${identity}.invite`)).mode & 0o777, 0o600)
      const peers = (...flags: string[]) => shoal(['peers', '--join', String(url), ...flags])
      assert.deepEqual(await peers('--invite', String(invite)), { code: 0, out: 'nobody serves anything yet\n', err: '' })
      assert.deepEqual(await peers(), {
        code: 1,
        out: '',
        err: `shoal: ${url}: this swarm is private, its invite is needed (INVITE)\n`
      })
      const wrong = await peers('--invite', inviteOf(makePrivate(String(first.ready.network))))
      assert.match(wrong.err, /^shoal: .*the invite is not this private swarm's/)
      assert.match(
        (await peers('--invite', String(invite).slice(0, -3))).err,
        /^shoal: invite: NETWORK\.SECRET .* it may have been cut/
      )
    } finally {
      await first.stop()
    }
    const second = await start()
    await second.stop()
    assert.equal(second.ready.invite, invite)
  } finally {
    await rm(folder, { recursive: true })
  }
})

function shoal(args: string[]): Promise<{ code: number; out: string; err: string }> {
  const main = new URL('../../peer/cli/main.ts', import.meta.url).pathname
  return new Promise(resolve => {
    execFile(process.execPath, [main, ...args], (error, out, err) => resolve({ code: Number(error?.code ?? 0), out, err }))
  })
}
