/**
 * A peer's side of the directory: keeps its announcement leased on every directory node, through lost connections and
 * restarts of theirs, and asks all of them at once. Announcements are opaque bytes here; swarm reads them.
 */
import { BusyError, DeadlineError, InvalidFrameError, PeerLostError, type ShoalError, toShoalError } from '../errors.ts'
import { groupByPeer, peerOfAddress } from './addresses.ts'
import { boundedSignal } from './bounded-signal.ts'
import type { Channel, Links } from './channel.ts'
import { type Clock, sleep, systemClock, within } from './clock.ts'
import { backoffMs } from './directory-keeper.ts'
import { DirectoryWatch } from './directory-watch.ts'
import { errorOf } from './failure.ts'
import type { DirectoryFrame, Entry, ModelEntry } from './frames.pb.js'
import { fromHex } from './hex.ts'
import { MAX_DIRECTORY_NODES } from './limits.ts'
import { silent, type WireLogger } from './log.ts'
import { directoryProtocol } from './protocols.ts'

/** One request and its reply, dialling included. */
const REQUEST_MS = 10_000

/** Once one directory node has answered, how much longer the others are waited for. */
const STRAGGLER_MS = 300

/** Leases are renewed three times in their length, so that one lost renewal does not end them. */
const RENEWALS_PER_LEASE = 3
const SHORTEST_RENEWAL_MS = 500

/** Requests waiting for one directory node: more means that it does not answer. */
const MAX_WAITING = 64

const DEFAULT_PER_REGION = 16

export interface DirectoryClientOptions {
  links: Links
  /** Multiaddrs ending in /p2p/ID, as the node was given. */
  directoryNodes: readonly string[]
  clock?: Clock
  random?: () => number
  logger?: WireLogger
}

export class DirectoryClient {
  readonly #nodes: NodeLink[]
  readonly #clock: Clock
  readonly #stopping = new AbortController()
  readonly #watch: DirectoryWatch

  constructor({ links, directoryNodes, clock = systemClock, random = Math.random, logger = silent }: DirectoryClientOptions) {
    this.#clock = clock
    const nodes = directoryNodesOf(directoryNodes)
    const { signal } = this.#stopping
    this.#nodes = nodes.map(node => new NodeLink(node, links, clock, random, logger, signal))
    this.#watch = new DirectoryWatch({ links, nodes, clock, random, logger, signal })
  }

  /** From now on every directory node is told this, and kept told. Replaces what was announced before. */
  announce(signed: Uint8Array): void {
    for (const node of this.#nodes) node.announce(Uint8Array.from(signed))
  }

  /** Resolves once at least one directory node has the current announcement. @throws DeadlineError */
  async announced(limitMs = REQUEST_MS, signal?: AbortSignal): Promise<void> {
    await within(this.#clock, limitMs, 'announcing to a directory node', signal, () =>
      Promise.any(this.#nodes.map(node => node.announced()))
    )
  }

  /**
   * Takes the announcement back everywhere. `farewell` is a signed announcement without offers, which directory nodes tell
   * their like. Never rejects: a lease that can't be ended runs out.
   */
  async withdraw(signal?: AbortSignal, farewell: Uint8Array = new Uint8Array(0)): Promise<void> {
    await Promise.all(this.#nodes.map(node => node.withdraw(Uint8Array.from(farewell), signal)))
  }

  /**
   * Announcements that serve `model` (hex digest; empty: any model), of all directory nodes that answer; the same peer may
   * be among them several times.
   * @throws PeerLostError, DeadlineError when none answers
   */
  async query(model: string, signal?: AbortSignal, perRegion = DEFAULT_PER_REGION): Promise<Entry[]> {
    const answers = await this.#ask({ query: { model: fromHex(model), perRegion } }, signal)
    return answers.flatMap(({ found }) => found?.entries ?? [])
  }

  /** Models that the directory nodes publish. @throws PeerLostError, DeadlineError when none answers */
  async listModels(signal?: AbortSignal): Promise<ModelEntry[]> {
    const answers = await this.#ask({ listModels: {} }, signal)
    return answers.flatMap(({ models }) => models?.models ?? [])
  }

  /** Calls back, as a hint, when a directory node has lost sight of one of the peers. The returned function ends it. */
  watch(peers: readonly string[], onGone: (peer: string) => void): () => void {
    return this.#watch.watch(peers, onGone)
  }

  /** Ends the leases' renewal and the channels; does not withdraw. */
  stop(): void {
    this.#stopping.abort(new PeerLostError('The directory client was stopped'))
    for (const node of this.#nodes) node.stop()
  }

  async #ask(request: DirectoryFrame, signal: AbortSignal | undefined): Promise<DirectoryFrame[]> {
    if (this.#nodes.length === 0) throw new PeerLostError('No directory node is configured')
    const answers: DirectoryFrame[] = []
    const errors: ShoalError[] = []
    const asked = this.#nodes.map(node =>
      node.request(request, signal).then(
        answer => void answers.push(answer),
        thrown => {
          errors.push(toShoalError(thrown))
          throw thrown
        }
      )
    )
    const all = Promise.allSettled(asked)
    try {
      await Promise.any(asked)
    } catch {
      signal?.throwIfAborted()
      throw errors.find(error => error instanceof DeadlineError) ?? errors[0]
    }
    const waited = new AbortController()
    await Promise.race([all, sleep(this.#clock, STRAGGLER_MS, waited.signal).catch(() => {})])
    waited.abort()
    return [...answers]
  }
}

interface DirectoryNode {
  peer: string
  addresses: readonly string[]
}

function directoryNodesOf(addresses: readonly string[]): DirectoryNode[] {
  return groupByPeer(addresses)
    .slice(0, MAX_DIRECTORY_NODES)
    .map(ways => ({ peer: peerOfAddress(ways[0]!)!, addresses: ways.map(String) }))
}

/** The one channel to one directory node, opened when needed; requests go one at a time, as the protocol wants. */
class NodeLink {
  readonly #node: DirectoryNode
  readonly #links: Links
  readonly #clock: Clock
  readonly #random: () => number
  readonly #logger: WireLogger
  readonly #stopping: AbortSignal
  #channel: { channel: Channel<DirectoryFrame>; replies: AsyncIterator<DirectoryFrame> } | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #announcement: Uint8Array<ArrayBuffer> | undefined
  /** The announcement that the directory node is known to hold. */
  #held: Uint8Array<ArrayBuffer> | undefined
  #keeping = false
  #wake = new AbortController()
  #holders: (() => void)[] = []

  constructor(node: DirectoryNode, links: Links, clock: Clock, random: () => number, logger: WireLogger, stopping: AbortSignal) {
    this.#node = node
    this.#links = links
    this.#clock = clock
    this.#random = random
    this.#logger = logger
    this.#stopping = stopping
  }

  announce(signed: Uint8Array<ArrayBuffer>): void {
    this.#announcement = signed
    this.#wake.abort()
    if (this.#keeping || this.#stopping.aborted) return
    this.#keeping = true
    this.#keepAnnounced()
      .catch(error => this.#logger.warn({ directoryNode: this.#node.peer, error: String(error) }, 'announcing ended'))
      .finally(() => {
        this.#keeping = false
      })
  }

  announced(): Promise<void> {
    if (this.#announcement !== undefined && this.#held === this.#announcement) return Promise.resolve()
    return new Promise(resolve => this.#holders.push(resolve))
  }

  async withdraw(farewell: Uint8Array<ArrayBuffer>, signal?: AbortSignal): Promise<void> {
    this.#announcement = undefined
    this.#held = undefined
    this.#wake.abort()
    // Only over a channel that is there: a node that has to be dialled lets the lease run out soon enough.
    if (this.#channel === undefined) return
    await this.request({ withdraw: { announcement: farewell } }, signal).catch(() => {})
  }

  /** @throws PeerLostError, DeadlineError and whatever error the directory node answers with */
  async request(frame: DirectoryFrame, signal?: AbortSignal): Promise<DirectoryFrame> {
    if (this.#waiting >= MAX_WAITING) throw new BusyError(`${MAX_WAITING} requests wait for ${this.#node.peer}`)
    this.#waiting++
    const turn = this.#turn.then(() => this.#exchange(frame, signal))
    this.#turn = turn.catch(() => {})
    try {
      return await turn
    } finally {
      this.#waiting--
    }
  }

  stop(): void {
    this.#wake.abort()
    this.#channel?.channel.close().catch(() => {})
    this.#channel = undefined
  }

  async #exchange(frame: DirectoryFrame, signal: AbortSignal | undefined): Promise<DirectoryFrame> {
    const { peer } = this.#node
    const asking = boundedSignal([signal, this.#stopping])
    let reply: DirectoryFrame
    try {
      reply = await within(this.#clock, REQUEST_MS, `asking directory node ${peer}`, asking.signal, async limit => {
        const { channel, replies } = await this.#open(limit)
        await channel.send(frame, limit)
        const { value, done } = await replies.next()
        if (done) throw new PeerLostError(`Directory node ${peer} ended the channel`, { peer })
        return value
      })
    } catch (error) {
      // A reply that comes after all would be taken for the next request's.
      this.#drop(toShoalError(error))
      throw error
    } finally {
      asking.release()
    }
    if (reply.failure !== undefined) throw errorOf(reply.failure)
    const expected = frame.query !== undefined ? reply.found : frame.listModels !== undefined ? reply.models : reply.announced
    if (expected === undefined) {
      const error = new InvalidFrameError(`Directory node ${peer} answered with another kind of frame than asked for`)
      this.#drop(error)
      throw error
    }
    return reply
  }

  async #open(signal: AbortSignal) {
    if (this.#channel !== undefined) return this.#channel
    const channel = await this.#links.dial(this.#node.peer, this.#node.addresses, directoryProtocol, signal)
    if (signal.aborted) {
      channel.abort(toShoalError(signal.reason))
      throw signal.reason
    }
    const opened = { channel, replies: channel.frames()[Symbol.asyncIterator]() }
    this.#channel = opened
    channel.closed.then(() => {
      if (this.#channel === opened) this.#channel = undefined
      // The node may have restarted and know nothing of us.
      this.#held = undefined
      this.#wake.abort()
    })
    return opened
  }

  #drop(error: Error): void {
    this.#channel?.channel.abort(error)
    this.#channel = undefined
    this.#held = undefined
  }

  async #keepAnnounced(): Promise<void> {
    let failures = 0
    while (this.#announcement !== undefined && !this.#stopping.aborted) {
      this.#wake = new AbortController()
      const announcement = this.#announcement
      let waitMs: number
      try {
        const renew = this.#held === announcement
        const { announced } = await this.request({ announce: { announcement: renew ? new Uint8Array(0) : announcement } })
        // It may have been replaced, withdrawn or forgotten meanwhile.
        if (this.#announcement === announcement && this.#channel !== undefined) this.#hold(announcement)
        failures = 0
        waitMs = Math.max(SHORTEST_RENEWAL_MS, (announced?.leaseMs ?? 0) / RENEWALS_PER_LEASE)
      } catch (thrown) {
        this.#held = undefined
        const error = toShoalError(thrown)
        waitMs = Math.max(error.details.retryAfterMs ?? 0, backoffMs(failures++, this.#random))
        this.#logger.debug({ directoryNode: this.#node.peer, error: error.message, waitMs }, 'announcement not taken')
      }
      await this.#rest(waitMs, failures)
    }
  }

  /** Waits for the time or a reason to hurry; after failures nothing hurries. */
  async #rest(waitMs: number, failures: number): Promise<void> {
    const hurry = failures > 0 ? this.#stopping : AbortSignal.any([this.#wake.signal, this.#stopping])
    await sleep(this.#clock, waitMs, hurry).catch(() => {})
  }

  #hold(announcement: Uint8Array<ArrayBuffer>): void {
    this.#held = announcement
    for (const resolve of this.#holders.splice(0)) resolve()
  }
}
