/** Hints that a peer has gone: from a directory node that lost its streams to whoever watches it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { serveDirectory } from '../../../bootstrap/directory-service.ts'
import { DirectoryTable } from '../../../peer/swarm/directory.ts'
import { MAX_WATCHED } from '../../../peer/wire/check-frames.ts'
import { DirectoryClient } from '../../../peer/wire/directory-client.ts'
import { directoryProtocol } from '../../../peer/wire/protocols.ts'
import { MemoryNetwork } from '../host/memory-links.ts'
import { VirtualClock } from '../host/virtual-clock.ts'

const key = await generateKeyPairFromSeed('Ed25519', new Uint8Array(32).fill(7))
const node = peerIdFromPrivateKey(key).toString()
const directoryNodes = [`/ip4/127.0.0.1/tcp/1/p2p/${node}`]

function served() {
  const clock = new VirtualClock()
  const network = new MemoryNetwork(clock)
  const links = network.peer(node)
  const start = () =>
    serveDirectory({
      links,
      table: new DirectoryTable({ leaseMs: 20_000 }),
      models: () => [],
      told: { announced: () => {}, withdrawn: () => {} },
      clock,
      random: () => 0.5
    })
  start()
  const client = (peer: string) =>
    new DirectoryClient({ links: network.peer(peer), directoryNodes, clock: network.clockOf(peer), random: () => 0.5 })
  return { clock, network, client, links }
}

/** A leaf with a stream to the directory node. */
async function leaf(swarm: ReturnType<typeof served>, peer: string): Promise<void> {
  await swarm.clock.until(swarm.client(peer).listModels())
}

test('who watches a leaf hears at once when its streams end, also when they ended just before', async () => {
  const swarm = served()
  const { clock, network } = swarm
  for (const peer of ['a', 'b', 'c']) await leaf(swarm, peer)
  const driver = swarm.client('driver')
  const heard: string[] = []
  const forget = driver.watch(['a', 'b', 'unknown'], peer => heard.push(peer))
  await clock.pass(1_000)
  network.kill('c')
  network.kill('a')
  await clock.quiet()
  assert.deepEqual(heard, ['a'])
  driver.watch(['c'], peer => heard.push(`late ${peer}`))
  await clock.pass(600)
  assert.deepEqual(heard, ['a', 'late c'])
  forget()
  await clock.pass(600)
  network.kill('b')
  await clock.pass(600)
  assert.deepEqual(heard, ['a', 'late c'])
  driver.stop()
  await clock.pass(1_000)
  assert.deepEqual(
    network.open.filter(end => end.includes('driver')),
    []
  )
})

test('a watch outlives its stream', async () => {
  const swarm = served()
  const { clock, network } = swarm
  await leaf(swarm, 'a')
  const driver = swarm.client('driver')
  const heard: string[] = []
  driver.watch(['a'], peer => heard.push(peer))
  await clock.pass(1_000)
  network.cut('driver', node)
  await clock.pass(2_000)
  network.kill('a')
  await clock.quiet()
  assert.deepEqual(heard, ['a'])
})

test('changes of what is watched are told together, within the bound', async () => {
  const swarm = served()
  const { clock, network } = swarm
  const sizes: number[] = []
  network.onFrame = ({ from, bytes }) => {
    if (from === 'driver') sizes.push(directoryProtocol.decode(bytes).watch!.peers.length)
  }
  const driver = swarm.client('driver')
  const ends = Array.from({ length: MAX_WATCHED + 50 }, (_, at) => driver.watch([`peer ${at}`], () => {}))
  await clock.pass(2_000)
  assert.deepEqual(sizes, [MAX_WATCHED])
  for (const end of ends) end()
  await clock.pass(2_000)
  assert.deepEqual(sizes, [MAX_WATCHED, 0])
})

for (const { what, frames, code } of [
  { what: 'asks for something else', frames: [{ watch: { peers: ['a'] } }, { listModels: {} }], code: 'INVALID_FRAME' },
  { what: 'never stops', frames: Array.from({ length: 17 }, () => ({ watch: { peers: ['a'] } })), code: 'BUSY' }
]) {
  test(`a stream of watches that ${what} is reset`, async () => {
    const { clock, network, links } = served()
    const channel = await network.peer('hostile').dial(links.self, [], directoryProtocol)
    for (const frame of frames) await channel.send(frame)
    await clock.quiet()
    assert.deepEqual(
      network.handlerErrors.map(error => (error as { code: string }).code),
      [code]
    )
    await clock.pass(10_000)
    assert.deepEqual(network.open, [])
  })
}
