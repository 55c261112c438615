import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PeerLostError } from '../../peer/errors.ts'
import type { PeerNode } from '../../peer/wire/node.ts'
import { bytesProtocol, echo, makeDirectoryNode, makeNode, pattern, withNodes } from './wire-kit.ts'

const LIMIT = { timeout: 60_000 }

async function assertEcho(from: PeerNode, to: PeerNode, sizes: number[]): Promise<void> {
  const channel = await from.dial(to.self, to.addresses(), bytesProtocol)
  assert.equal(channel.remotePeer, to.self)
  const frames = channel.frames()[Symbol.asyncIterator]()
  for (const [index, size] of sizes.entries()) {
    const sent = pattern(size, index)
    await channel.send(sent)
    const { value } = await frames.next()
    assert.ok(Buffer.from(sent).equals(value as Uint8Array), `frame of ${size} bytes came back changed`)
  }
  await channel.close()
  assert.equal((await frames.next()).done, true, 'the other side ends when we do')
  await channel.closed
}

/** One byte, a token, a block boundary, 1 MiB of hidden states, a row of 256k logits would be as large. */
const SIZES = [0, 1, 1024, 32 * 1024, 1024 * 1024, 3]

test('frames of any size come back over TCP and over WebSockets', LIMIT, () =>
  withNodes(async add => {
    const server = await add(makeDirectoryNode())
    server.handle(bytesProtocol, echo)
    for (const way of ['/ws', '/tcp/']) {
      const client = await add(makeNode())
      const addresses = server.addresses().filter(address => (way === '/ws') === address.includes('/ws'))
      const channel = await client.dial(server.self, addresses, bytesProtocol)
      await channel.close()
      assert.equal(client.connections()[0]?.address.includes('/ws'), way === '/ws')
      await assertEcho(client, server, SIZES)
    }
  })
)

test('a peer that does not serve a protocol, or another version of it, is lost for it and named', LIMIT, () =>
  withNodes(async add => {
    const server = await add(makeDirectoryNode())
    server.handle(bytesProtocol, echo)
    const client = await add(makeNode())
    const newer = { ...bytesProtocol, id: bytesProtocol.id.replace(/\d+$/, '99') }
    assert.notEqual(newer.id, bytesProtocol.id)
    await assert.rejects(
      client.dial(server.self, server.addresses(), newer),
      error => error instanceof PeerLostError && error.details.peer === server.self
    )
    await assertEcho(client, server, [1])
  })
)

test('a burst of streams over a connection just made all open', LIMIT, () =>
  withNodes(async add => {
    const server = await add(makeDirectoryNode())
    server.handle(bytesProtocol, echo)
    const way = server.addresses().filter(address => !address.includes('/ws'))
    for (let time = 0; time < 2; time++) {
      const client = await add(makeNode())
      await Promise.all(Array.from({ length: 64 }, async () => (await client.dial(server.self, way, bytesProtocol)).close()))
    }
  })
)

test('with WebRTC disabled, leaves reach each other over the relay, whatever the size', LIMIT, () =>
  withNodes(async add => {
    const directory = await add(makeDirectoryNode())
    const [a, b] = await Promise.all([1, 2].map(() => add(makeNode({ webrtc: false, directoryNodes: directory.addresses() }))))
    await Promise.all([a!.ready(), b!.ready()])
    b!.handle(bytesProtocol, echo)
    await assertEcho(a!, b!, SIZES)
    const toB = a!.connections().filter(connection => connection.peer === b!.self)
    assert.deepEqual(
      toB.map(connection => connection.relayed),
      [true]
    )
  })
)

test('leaves reach each other over WebRTC, signalled through the relay', LIMIT, () =>
  withNodes(async add => {
    const directory = await add(makeDirectoryNode())
    const [a, b] = await Promise.all([1, 2].map(() => add(makeNode({ directoryNodes: directory.addresses() }))))
    await Promise.all([a!.ready(), b!.ready()])
    b!.handle(bytesProtocol, echo)
    await assertEcho(a!, b!, SIZES)
    const direct = a!.connections().filter(connection => connection.peer === b!.self && !connection.relayed)
    assert.equal(direct.length, 1)
    assert.match(direct[0]!.address, /\/webrtc/)
  })
)

test('a peer that nobody knows the way to is lost, not waited for', LIMIT, () =>
  withNodes(async add => {
    const directory = await add(makeDirectoryNode())
    const a = await add(makeNode({ directoryNodes: directory.addresses() }))
    const b = await makeNode({ directoryNodes: directory.addresses() })
    await Promise.all([a.ready(), b.ready()])
    const addresses = b.addresses()
    await b.stop()
    await assert.rejects(a.dial(b.self, addresses, bytesProtocol), PeerLostError)
    await assert.rejects(a.dial(b.self, [], bytesProtocol), PeerLostError)
  })
)
