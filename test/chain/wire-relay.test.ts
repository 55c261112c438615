/** What a relay keeps of peers that come and go and of what it passes on between them: nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { sweepPeers } from '../../peer/wire/forget-peers.ts'
import type { PeerNode } from '../../peer/wire/node.ts'
import type { RelayPlaces } from '../../peer/wire/relay-places.ts'
import { eventually } from './swarm-kit.ts'
import { bytesProtocol, echo, makeDirectoryNode, makeNode, pattern, withNodes } from './wire-kit.ts'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** Bytes of buffers that something still holds: the least of several collections, since weak ones take more than one. */
async function heldBytes(): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < 5; round++) {
    collect()
    await new Promise(resolve => setTimeout(resolve, 10))
    least = Math.min(least, process.memoryUsage().arrayBuffers)
  }
  return least
}

function placesOf({ node }: PeerNode): number {
  const { relay } = node.services as { relay: { reservations: RelayPlaces['reservations'] } }
  return relay.reservations.size
}

const MIB = 2 ** 20

test('a relay keeps nothing of what it passes on, either way', { timeout: 60_000 }, () =>
  withNodes(async add => {
    const directory = await add(makeDirectoryNode())
    const [a, b] = await Promise.all([1, 2].map(() => add(makeNode({ webrtc: false, directoryNodes: directory.addresses() }))))
    await Promise.all([a!.ready(), b!.ready()])
    b!.handle(bytesProtocol, echo)
    const channel = await a!.dial(b!.self, b!.addresses(), bytesProtocol)
    assert.ok(a!.connections().some(({ peer, relayed }) => peer === b!.self && relayed))
    const frames = channel.frames()[Symbol.asyncIterator]()
    const sent = pattern(MIB, 1)
    const pass = async (times: number) => {
      for (let time = 0; time < times; time++) {
        await channel.send(sent)
        const { value } = await frames.next()
        assert.equal((value as Uint8Array).byteLength, MIB)
      }
    }
    await pass(2)
    const before = await heldBytes()
    await pass(6)
    const kept = (await heldBytes()) - before
    assert.ok(kept < 2 * MIB, `${(kept / MIB).toFixed(1)} MiB of 12 kept`)
    await channel.close()
  })
)

test('peers that come and go leave no place, no entry and no circuit behind', { timeout: 60_000 }, () =>
  withNodes(async add => {
    const directory = await add(makeDirectoryNode())
    const addresses = directory.addresses()
    const stays = await add(makeNode({ webrtc: false, directoryNodes: addresses }))
    await stays.ready()
    stays.handle(bytesProtocol, echo)
    const comeAndGo = async (peers: number) => {
      for (let gone = 0; gone < peers; gone += 4)
        await Promise.all(
          Array.from({ length: 4 }, async () => {
            const leaf = await makeNode({ webrtc: false, directoryNodes: addresses })
            try {
              await leaf.ready()
              const channel = await leaf.dial(stays.self, stays.addresses(), bytesProtocol)
              await channel.send(pattern(1_000, gone))
              await channel.frames()[Symbol.asyncIterator]().next()
            } finally {
              await leaf.stop()
            }
          })
        )
      await eventually(
        async () => directory.connections().length + stays.connections().length,
        connections => connections === 2,
        'everybody but one gone'
      )
      for (const node of [directory, stays]) await sweepPeers(node.node, new Set(node.directoryPeers))
      return {
        places: placesOf(directory),
        known: (await directory.node.peerStore.all()).length,
        knownToPeer: (await stays.node.peerStore.all()).length,
        circuits: directory.node
          .getConnections()
          .flatMap(({ streams }) => streams.map(({ protocol }) => protocol))
          .filter(protocol => protocol.includes('circuit'))
      }
    }
    assert.deepEqual(await comeAndGo(16), { places: 1, known: 1, knownToPeer: 1, circuits: [] })
  })
)
