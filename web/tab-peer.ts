/**
 * This tab as a peer of the swarm: its key, its libp2p node, what the directory says, the session it drives and the span
 * it donates. Everything network lives here, on the main thread, where RTCPeerConnection exists.
 */
import { loadKey } from '#wire/keys'
import { type Donation, type DonationEvent, startDonation } from '../peer/host/donate.ts'
import type { NamedManifest } from '../peer/model/manifest.ts'
import type { Span } from '../peer/model/types.ts'
import { openCompletionService } from '../peer/session/completion.ts'
import { directoryOf } from '../peer/session/directory-query.ts'
import type { CompletionService } from '../peer/session/types.ts'
import { Reputation } from '../peer/swarm/reputation.ts'
import type { Directory } from '../peer/swarm/types.ts'
import { fetchManifest } from '../peer/weights/fetch-manifest.ts'
import type { Clock } from '../peer/wire/clock.ts'
import { DirectoryClient } from '../peer/wire/directory-client.ts'
import { join, type RendezvousModel } from '../peer/wire/join.ts'
import { silent } from '../peer/wire/log.ts'
import { withLoopback } from '../peer/wire/loopback.ts'
import { publicMembership, readInvite } from '../peer/wire/membership.ts'
import { type ConnectionInfo, createNode } from '../peer/wire/node.ts'
import { kvTokensFor } from './memory-choice.ts'
import { startEngine } from './start-engine.ts'

/** From the first look at the bootstrap to a place on its relay. */
const READY_MS = 15_000

/** Tokens a second through one layer that a tab expects of itself before it has measured: a small GPU, a small model. */
const EXPECTED_DECODE_RATE = 1_000

/** A connection and what runs over it. */
export interface TabConnection extends ConnectionInfo {
  /** Protocol ids of its open streams. */
  protocols: string[]
}

export interface TabPeer {
  readonly self: string
  readonly models: readonly RendezvousModel[]
  connections: () => TabConnection[]
  /** Calls back when a connection opens or closes. */
  onConnectionsChanged: (listener: () => void) => void
  directory: (digest: string, signal: AbortSignal) => Promise<Directory>
  /** Fetched and verified once. */
  manifest: (digest: string) => Promise<NamedManifest>
  service: (digest: string) => Promise<CompletionService>
  /** Hosts that a model's weights come from. */
  sourcesOf: (digest: string) => string[]
  donate: (options: DonateOptions) => Promise<Donation>
  /** Closes every connection. */
  leave: () => Promise<void>
}

export interface DonateOptions {
  digest: string
  adapter: string
  memoryBytes: number
  /** Exactly these layers instead of what the swarm lacks most. */
  span?: Span
  /** Runs what must run on time while the tab is hidden. */
  clock: Clock
  onEvent: (event: DonationEvent) => void
}

export interface TabPeerOptions {
  bootstrap: string
  webrtc: boolean
  /** To a private swarm. */
  invite: string | undefined
  signal: AbortSignal
}

/** @throws SourceError, DeadlineError, InvalidRequestError when the bootstrap cannot be reached; InviteError */
export async function joinSwarm({ bootstrap, webrtc, invite, signal }: TabPeerOptions): Promise<TabPeer> {
  const membership = invite === undefined ? publicMembership : readInvite(invite)
  const { directoryNodes, models } = await join([bootstrap], signal, membership)
  const privateKey = await loadKey('shoal')
  const node = await createNode({ privateKey, membership, directoryNodes, webrtc })
  const links = withLoopback(node)
  const client = new DirectoryClient({ links, directoryNodes })
  const directory = directoryOf(client, silent)
  const reputation = new Reputation()
  const leave = async () => {
    client.stop()
    await node.stop()
  }
  try {
    await node.ready(READY_MS, signal)
  } catch (error) {
    await leave()
    throw error
  }
  const modelOf = (digest: string) => {
    const model = models.find(known => known.digest === digest)
    if (model === undefined) throw new Error(`No model ${digest}`)
    return model
  }
  const once = <T>(make: (digest: string) => Promise<T>) => {
    const made = new Map<string, Promise<T>>()
    return (digest: string) => {
      const known = made.get(digest)
      if (known !== undefined) return known
      const making = make(digest)
      made.set(digest, making)
      // A failure is not kept: the network may be back next time.
      making.catch(() => made.delete(digest))
      return making
    }
  }
  const manifest = once(digest => fetchManifest(modelOf(digest), signal))
  const service = once(async digest =>
    openCompletionService({ links, privateKey, directory: client, manifest: await manifest(digest), reputation })
  )
  return {
    self: node.self,
    models,
    connections: () => {
      const open = node.node.getConnections()
      return node
        .connections()
        .map((info, index) => ({ ...info, protocols: open[index]!.streams.map(({ protocol }) => protocol) }))
    },
    onConnectionsChanged: node.onConnectionsChanged,
    directory: (digest, limit) => directory.query(digest, limit),
    manifest,
    service,
    sourcesOf: digest => [...new Set(modelOf(digest).sources.map(url => new URL(url).host))],
    donate: async ({ digest, adapter, memoryBytes, span, clock, onEvent }) => {
      const named = await manifest(digest)
      return startDonation({
        links,
        privateKey,
        directory: client,
        manifest: named,
        agent: 'tab',
        adapter,
        memoryBytes,
        kvTokens: kvTokensFor(named.manifest),
        ...(span === undefined ? {} : { span }),
        expectedDecodeRate: EXPECTED_DECODE_RATE,
        createEngine: ({ span: chosen, kvTokens }, onProgress, stopped) =>
          startEngine({
            manifest: named,
            span: chosen,
            kvTokens,
            sources: modelOf(digest).sources,
            onProgress,
            signal: stopped
          }),
        clock,
        onEvent
      })
    },
    leave
  }
}
