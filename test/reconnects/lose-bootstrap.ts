/** Peers that lose their directory node all at once, and find it again: what that costs in dials, and what they cost afterwards. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { type Bootstrap, startBootstrap } from '../../bootstrap/bootstrap.ts'
import { signAnnouncement } from '../../peer/swarm/announcement.ts'
import { DirectoryClient } from '../../peer/wire/directory-client.ts'
import { createNode, type PeerNode } from '../../peer/wire/node.ts'
import { eventually } from '../chain/swarm-kit.ts'

/** What a busy machine may take. */
export const STARTED_MS = 60_000
export const model = 'ab'.repeat(32)

export const starting = (privateKey: PrivateKey, httpPort: number): Promise<Bootstrap> =>
  startBootstrap({ host: '127.0.0.1', httpPort, privateKey, models: [] })

export interface Leaf {
  node: PeerNode
  client: DirectoryClient
  sequence: number
}

/** A peer that announces half a model; its announcement may not have arrived. */
export async function leafOf(bootstrap: Bootstrap, privateKey: PrivateKey): Promise<Leaf> {
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

export async function stop({ node, client }: Leaf): Promise<void> {
  client.stop()
  await node.stop()
}

export interface Reconnects {
  /** Connections a peer tried while the directory node was away. */
  dials: number
  /** From its return until all are announced and hold their place on the relay. */
  backMs: number
  /** Of one core, for each peer with the directory node's part in it. */
  idleShare: number
}

export async function loseBootstrap(peers: number, downMs: number, idleMs: number): Promise<Reconnects> {
  const key = await generateKeyPair('Ed25519')
  let bootstrap = await starting(key, 0)
  const port = Number(new URL(bootstrap.httpUrl).port)
  const leaves: Leaf[] = []
  try {
    for (let peer = 0; peer < peers; peer++) {
      const leaf = await leafOf(bootstrap, await generateKeyPair('Ed25519'))
      leaves.push(leaf)
      await leaf.client.announced(STARTED_MS)
    }
    const allThere = ({ announcements, relayReservations }: ReturnType<Bootstrap['health']>) =>
      announcements === peers && relayReservations === peers
    await eventually(async () => bootstrap.health(), allThere, 'all announced', STARTED_MS)

    await bootstrap.stop()
    let dials = 0
    const deaf = createServer(socket => {
      dials++
      socket.destroy()
    }).listen(port, '127.0.0.1')
    await once(deaf, 'listening')
    await setTimeout(downMs)
    await new Promise(resolve => deaf.close(resolve))

    bootstrap = await starting(key, port)
    const backAt = performance.now()
    await eventually(async () => bootstrap.health(), allThere, 'all back', STARTED_MS)
    const backMs = performance.now() - backAt

    await setTimeout(2_000)
    const before = process.cpuUsage()
    await setTimeout(idleMs)
    const { user, system } = process.cpuUsage(before)
    return { dials: dials / peers, backMs, idleShare: (user + system) / (idleMs * 1_000) / peers }
  } finally {
    await Promise.all(leaves.map(stop))
    await bootstrap.stop()
  }
}
