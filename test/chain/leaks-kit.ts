/**
 * Two hosts on stand-in engines, joined over real TCP, for tests of what stays behind when somebody vanishes; and the facts
 * of the model that a driver in another process needs.
 */
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { type SpanHost, startHost } from '../../peer/host/span-host.ts'
import type { NamedManifest } from '../../peer/model/manifest.ts'
import { signAnnouncement } from '../../peer/swarm/announcement.ts'
import type { SignedEntry } from '../../peer/swarm/read-entries.ts'
import { type Clock, systemClock } from '../../peer/wire/clock.ts'
import type { PeerNode } from '../../peer/wire/node.ts'
import { answerProtocol, chainProtocol } from '../../peer/wire/protocols.ts'
import { standbyProtocol } from '../../peer/wire/standby-frames.ts'
import { StandInEngine } from '../unit/host/stand-in-engine.ts'
import { makeNode } from './wire-kit.ts'

const PROTOCOLS = [chainProtocol.id, answerProtocol.id, standbyProtocol.id]

/** The system's clock, with its timers that are due counted. */
export class CountingClock implements Clock {
  pending = 0
  now = systemClock.now

  after(ms: number, fire: () => void): () => void {
    this.pending++
    let due = true
    const done = () => {
      if (due) this.pending--
      due = false
    }
    const forget = systemClock.after(ms, () => {
      done()
      fire()
    })
    return () => {
      done()
      forget()
    }
  }
}

export interface TestHost {
  node: PeerNode
  key: PrivateKey
  engine: StandInEngine
  host: SpanHost
  clock: CountingClock
}

export function modelOf({ digest, manifest }: NamedManifest) {
  const { layers, width, vocabulary, contextLength } = manifest.hyperparameters
  return { digest, layers, width, vocabulary, contextLength }
}

export async function startHosts(
  named: NamedManifest,
  blocks: number,
  add: (node: Promise<PeerNode>) => Promise<PeerNode>
): Promise<TestHost[]> {
  const model = modelOf(named)
  const half = Math.floor(model.layers / 2)
  const spans = [
    { first: 0, end: half },
    { first: half, end: model.layers }
  ]
  return Promise.all(
    spans.map(async span => {
      const key = await generateKeyPair('Ed25519')
      const node = await add(makeNode({ privateKey: key, listen: ['/ip4/127.0.0.1/tcp/0'], webrtc: false }))
      const engine = new StandInEngine({ ...span, blocks, model })
      const clock = new CountingClock()
      const host = startHost({ links: node, engine, model, rates: { prefill: 1_000, decode: 100 }, clock })
      return { node, key, engine, host, clock }
    })
  )
}

/** What they would have announced, as a directory node tells it. */
export function announcementsOf(hosts: readonly TestHost[]): Promise<SignedEntry[]> {
  return Promise.all(
    hosts.map(async ({ node, key, host }) => {
      const about = { peer: node.self, sequence: 1, addresses: node.addresses(), agent: 'node' as const, adapter: '' }
      return { announcement: await signAnnouncement({ ...about, offers: [host.offer()!] }, key), ageMs: 0 }
    })
  )
}

/** All that a session could leave behind on a node. */
export function streamsOf({ node }: Pick<TestHost, 'node'>): number {
  return node.node
    .getConnections()
    .flatMap(({ streams }) => streams)
    .filter(({ protocol }) => PROTOCOLS.includes(protocol)).length
}

export function tracesOf({ node, engine, host, clock }: TestHost) {
  const { sessions, logBytes, standingBy, standbyLag } = host.stats()
  const { freeBlocks, totalBlocks } = engine.kv()
  const taken = totalBlocks - freeBlocks
  return { taken, sessions, logBytes, standingBy, standbyLag, streams: streamsOf({ node }), timers: clock.pending }
}

export const NOTHING = { taken: 0, sessions: 0, logBytes: 0, standingBy: 0, standbyLag: 0, streams: 0, timers: 0 }
