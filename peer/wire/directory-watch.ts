/**
 * A peer's ear at its directory nodes: they tell it when one of the peers it watches has gone, which they see at once where
 * a WebRTC connection shows nothing for seconds. It is a hint, nothing depends on it: lost watches are taken up again.
 */
import type { Channel, Links } from './channel.ts'
import { MAX_WATCHED } from './check-frames.ts'
import { type Clock, sleep, within } from './clock.ts'
import { backoffMs } from './directory-keeper.ts'
import type { DirectoryFrame } from './frames.pb.js'
import type { WireLogger } from './log.ts'
import { directoryProtocol } from './protocols.ts'

/** Opening the stream, once the directory node is connected. */
const OPEN_MS = 10_000

/** Changes of what is watched are told together: sessions come and go faster than peers. */
const CHANGE_MS = 500

export interface WatchOptions {
  links: Links
  nodes: readonly { peer: string; addresses: readonly string[] }[]
  clock: Clock
  random: () => number
  logger: WireLogger
  /** Ends it. */
  signal: AbortSignal
}

export class DirectoryWatch {
  readonly #options: WatchOptions
  readonly #watches = new Set<{ peers: readonly string[]; onGone: (peer: string) => void }>()
  /** One for each directory node, from the first watch on. */
  #streams: WatchStream[] | undefined

  constructor(options: WatchOptions) {
    this.#options = options
  }

  /** Calls back when a directory node has lost sight of one of the peers. The returned function ends it. */
  watch(peers: readonly string[], onGone: (peer: string) => void): () => void {
    const entry = { peers, onGone }
    this.#watches.add(entry)
    this.#streams ??= this.#options.nodes.map(node => new WatchStream(node, this.#options, peer => this.#gone(peer)))
    this.#changed()
    return () => {
      if (this.#watches.delete(entry)) this.#changed()
    }
  }

  #changed(): void {
    const peers = new Set([...this.#watches].flatMap(watch => watch.peers))
    for (const stream of this.#streams ?? []) stream.set([...peers].slice(0, MAX_WATCHED))
  }

  #gone(peer: string): void {
    for (const { peers, onGone } of [...this.#watches]) if (peers.includes(peer)) onGone(peer)
  }
}

class WatchStream {
  readonly #node: { peer: string; addresses: readonly string[] }
  readonly #options: WatchOptions
  readonly #onGone: (peer: string) => void
  #peers: readonly string[] = []
  /** As the directory node knows them. */
  #told: readonly string[] | undefined
  #wake = new AbortController()

  constructor(node: { peer: string; addresses: readonly string[] }, options: WatchOptions, onGone: (peer: string) => void) {
    this.#node = node
    this.#options = options
    this.#onGone = onGone
    void this.#keep()
  }

  set(peers: readonly string[]): void {
    this.#peers = peers
    this.#wake.abort()
  }

  /** Never rejects. */
  async #keep(): Promise<void> {
    const { links, clock, random, logger, signal } = this.#options
    const { peer, addresses } = this.#node
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        const channel = await within(clock, OPEN_MS, `watching at ${peer}`, signal, limit =>
          links.dial(peer, addresses, directoryProtocol, limit)
        )
        const over = new AbortController()
        void this.#tell(channel, AbortSignal.any([signal, over.signal]))
        try {
          for await (const { gone } of channel.frames()) {
            failures = 0
            if (gone !== undefined) this.#onGone(gone.peer)
          }
        } finally {
          over.abort()
          await channel.close()
        }
      } catch (error) {
        logger.debug({ directoryNode: peer, error: String(error) }, 'no watch')
      }
      await sleep(clock, backoffMs(failures, random), signal).catch(() => {})
    }
  }

  /** Tells the directory node whatever changes, for as long as the channel is there. */
  async #tell(channel: Channel<DirectoryFrame>, signal: AbortSignal): Promise<void> {
    this.#told = undefined
    try {
      while (!signal.aborted) {
        this.#wake = new AbortController()
        if (this.#told !== this.#peers) {
          this.#told = this.#peers
          await channel.send({ watch: { peers: [...this.#peers] } }, signal)
          await sleep(this.#options.clock, CHANGE_MS, signal)
        } else await woken(this.#wake.signal, signal)
      }
    } catch {
      // The reader finds out too.
    }
    await channel.close()
  }
}

function woken(...signals: AbortSignal[]): Promise<void> {
  const any = AbortSignal.any(signals)
  return new Promise(resolve => {
    if (any.aborted) resolve()
    any.addEventListener('abort', () => resolve(), { once: true })
  })
}
