/**
 * A private swarm on real libp2p: members work as in a public one; whoever has no invite or a wrong one gets no further
 * than the proof, whatever protocol it asks for, and is told why.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noise } from '@chainsafe/libp2p-noise'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { InviteError } from '../../peer/errors.ts'
import { type Membership, makePrivate } from '../../peer/wire/membership.ts'
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
