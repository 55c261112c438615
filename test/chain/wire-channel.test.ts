import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { Stream } from '@libp2p/interface'
import { InvalidFrameError, PeerLostError } from '../../peer/errors.ts'
import { parseAddresses } from '../../peer/wire/addresses.ts'
import { encodeVarint, WINDOW_BYTES } from '../../peer/wire/block-stream.ts'
import type { Channel } from '../../peer/wire/channel.ts'
import type { PeerNode } from '../../peer/wire/node.ts'
import { bytesProtocol, echo, makeDirectoryNode, makeNode, pattern, withNodes } from './wire-kit.ts'

const LIMIT = { timeout: 60_000 }
type Add = (node: Promise<PeerNode>) => Promise<PeerNode>

async function overTcp(add: Add): Promise<[PeerNode, PeerNode]> {
  const server = await add(makeNode({ listen: ['/ip4/127.0.0.1/tcp/0'] }))
  return [await add(makeNode()), server]
}

async function overWebRtc(add: Add): Promise<[PeerNode, PeerNode]> {
  const directory = await add(makeDirectoryNode())
  const [client, server] = await Promise.all([1, 2].map(() => add(makeNode({ directoryNodes: directory.addresses() }))))
  await Promise.all([client!.ready(), server!.ready()])
  return [client!, server!]
}

for (const [name, connect] of Object.entries({ TCP: overTcp, WebRTC: overWebRtc }))
  test(`a reader that stalls stops the sender, within bounded memory, over ${name}`, LIMIT, () =>
    withNodes(async add => {
      const [client, server] = await connect(add)
      const { promise: reading, resolve: startReading } = Promise.withResolvers<void>()
      const { promise: allRead, resolve: readAll } = Promise.withResolvers<number>()
      server.handle(bytesProtocol, async channel => {
        await reading
        let bytes = 0
        for await (const frame of channel.frames()) bytes += frame.byteLength
        readAll(bytes)
      })
      const channel = await client.dial(server.self, server.addresses(), bytesProtocol)
      const frame = pattern(100_000, 1)
      const total = 100
      let sent = 0
      const sending = (async () => {
        for (; sent < total; sent++) await channel.send(frame)
        await channel.close()
      })()
      // Stalled once nothing more is taken for a while; then far less than the 10 MB are under way.
      for (let before = -1; before !== sent; await setTimeout(300)) before = sent
      assert.ok(sent * frame.byteLength < WINDOW_BYTES + 512 * 1024 + 2 * frame.byteLength, `${sent} frames taken`)
      assert.ok(sent > 2)
      startReading()
      await sending
      assert.equal(await allRead, total * frame.byteLength)
    })
  )

test('hostile bytes reset their own stream and nothing else', LIMIT, () =>
  withNodes(async add => {
    const [client, server] = await overTcp(add)
    const ends: unknown[] = []
    let over: () => void = () => {}
    server.handle(bytesProtocol, async channel => {
      await echo(channel).catch(error => {
        ends.push(error)
        throw error
      })
    })
    const good = await client.dial(server.self, server.addresses(), bytesProtocol)
    const frames = good.frames()[Symbol.asyncIterator]()
    const block = (bytes: Uint8Array) => Uint8Array.from([...encodeVarint(bytes.byteLength), ...bytes])
    const attacks = {
      'a block of 4 GiB': encodeVarint(2 ** 32 - 1),
      'a frame of 4 GiB': block(encodeVarint(2 ** 32 - 1)),
      'a frame one byte too long': block(encodeVarint(bytesProtocol.maxFrameBytes + 1)),
      'an endless length': block(new Uint8Array(16).fill(0xff)),
      'credit for more than the window': Uint8Array.of(0, 1)
    }
    for (const [name, bytes] of Object.entries(attacks)) {
      // Each from somebody new, since whoever does it twice is refused.
      const attacker = await add(makeNode())
      const connection = await attacker.node.dial(parseAddresses(server.addresses(), server.self))
      const stream: Stream = await connection.newStream(bytesProtocol.id)
      const reset = new Promise<void>(resolve => {
        over = resolve
        stream.addEventListener('close', () => over())
      })
      stream.send(bytes)
      await reset
      assert.ok(ends.at(-1) instanceof InvalidFrameError, `${name}: ${String(ends.at(-1))}`)
      await good.send(pattern(1000, 2))
      assert.deepEqual((await frames.next()).value, pattern(1000, 2), `${name} must not touch another channel`)
    }
    assert.equal(ends.length, Object.keys(attacks).length)
    assert.equal(client.connections().length, 1)
    assert.equal(server.connections().length, 1 + Object.keys(attacks).length)
  })
)

test('a frame that does not decode resets the channel on both sides', LIMIT, () =>
  withNodes(async add => {
    const [client, server] = await overTcp(add)
    const picky = {
      ...bytesProtocol,
      decode: (bytes: Uint8Array) => {
        if (bytes[0] === 66) throw new InvalidFrameError('frame.first: 66')
        return bytes
      }
    }
    const { promise: ended, resolve } = Promise.withResolvers<unknown>()
    server.handle(picky, async channel => {
      try {
        await echo(channel)
      } catch (error) {
        resolve(error)
        throw error
      }
    })
    const channel = await client.dial(server.self, server.addresses(), bytesProtocol)
    await channel.send(Uint8Array.of(66))
    await assert.rejects(channel.frames()[Symbol.asyncIterator]().next(), PeerLostError)
    assert.match(String(await ended), /frame.first: 66/)
    await channel.closed
    await assert.rejects(channel.send(Uint8Array.of(1)), PeerLostError)
  })
)

test('the other side’s abort, and its death, are a lost peer; an end is an end', LIMIT, () =>
  withNodes(async add => {
    const [client, server] = await overTcp(add)
    const served: Channel<Uint8Array>[] = []
    server.handle(bytesProtocol, async channel => {
      served.push(channel)
      await channel.send(Uint8Array.of(1))
      await channel.closed
    })
    const open = async () => {
      const channel = await client.dial(server.self, server.addresses(), bytesProtocol)
      const frames = channel.frames()[Symbol.asyncIterator]()
      assert.deepEqual((await frames.next()).value, Uint8Array.of(1))
      return { channel, frames }
    }
    const aborted = await open()
    served.at(-1)!.abort(new InvalidFrameError('enough'))
    await assert.rejects(aborted.frames.next(), error => error instanceof PeerLostError && error.details.peer === server.self)
    const closed = await open()
    await Promise.all([served.at(-1)!.close(), closed.channel.close()])
    assert.equal((await closed.frames.next()).done, true)
    await Promise.all([served.at(-1)!.closed, closed.channel.closed])
    const dying = await open()
    await server.stop()
    await assert.rejects(dying.frames.next(), PeerLostError)
    await dying.channel.close()
  })
)

test('a frame larger than the protocol allows is refused before it is sent, and an aborted send is not sent', LIMIT, () =>
  withNodes(async add => {
    const [client, server] = await overTcp(add)
    const got: number[] = []
    const { promise: go, resolve: start } = Promise.withResolvers<void>()
    server.handle(bytesProtocol, async channel => {
      await go
      for await (const frame of channel.frames()) got.push(frame[0]!)
    })
    const channel = await client.dial(server.self, server.addresses(), bytesProtocol)
    await assert.rejects(channel.send(new Uint8Array(bytesProtocol.maxFrameBytes + 1)), InvalidFrameError)
    const sends: Promise<void>[] = []
    for (let i = 0; i < 4; i++) sends.push(channel.send(new Uint8Array(500_000).fill(i)))
    const abort = new AbortController()
    const refused = channel.send(new Uint8Array(10).fill(9), abort.signal)
    abort.abort(new Error('changed my mind'))
    await assert.rejects(refused, /changed my mind/)
    start()
    await Promise.all(sends)
    await channel.close()
    await channel.closed
    assert.deepEqual(got, [0, 1, 2, 3])
  })
)
