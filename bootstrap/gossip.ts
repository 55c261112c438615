/**
 * How directory nodes keep one directory between them: each tells the others of the peers that hang on it (announced,
 * still there, withdrawn) and of itself, enters what it hears with a lease on its own clock, and asks a newly met node for
 * all that it has, so that a restarted one catches up at once.
 */
import { toShoalError } from '../peer/errors.ts'
import { verifyAnnouncement } from '../peer/swarm/announcement.ts'
import type { DirectoryTable, StoredEntry } from '../peer/swarm/directory.ts'
import type { GossipSources } from '../peer/swarm/gossip.ts'
import type { Announcement } from '../peer/swarm/types.ts'
import type { Links } from '../peer/wire/channel.ts'
import { MAX_FOUND_ENTRIES, MAX_RENEWALS } from '../peer/wire/check-frames.ts'
import { type Clock, sleep } from '../peer/wire/clock.ts'
import { DirectoryClient } from '../peer/wire/directory-client.ts'
import { type DirectoryNode, GossipFrame, type Renewal } from '../peer/wire/frames.pb.js'
import type { WireLogger } from '../peer/wire/log.ts'
import { decodeGossip, MAX_GOSSIP_BYTES } from '../peer/wire/protocols.ts'
import { hasUnknownBody } from '../peer/wire/unknown-body.ts'
import { FELLOW_LEASE_MS, type Fellows, MAX_FELLOWS } from './fellows.ts'
import type { GossipTopic, Reception } from './gossip-topic.ts'

/** A peer's changes are told together this often; its free KV changes with every session. */
const PER_PEER_MS = 5_000

/** How often it is looked for changes that wait, and how many are told at once. */
const FLUSH_MS = 1_000
const MAX_PER_FLUSH = 512

/** Renewals in a lease, so that one lost message does not end it. */
const RENEWALS_PER_LEASE = 3
const TELLINGS_PER_LEASE = 3

/** Renewals that cost a receiver as much as one signature to verify. */
const RENEWALS_PER_COST = 64
const DIRECTORY_NODE_COST = 8

/** A neighbour just met is told who this node is as soon as a stream to it is open, which takes a round trip or two. */
const GREET_MS = 250
const GREETINGS = 20
const GREET_AGAIN_MS = 1_000

/** A neighbour is asked for its directory at most this often, and so many at a time. */
const ASK_AGAIN_MS = 10_000
const ASK_MS = 10_000
const MAX_ASKED = 4

export interface GossipOptions {
  links: Links
  table: DirectoryTable
  fellows: Fellows
  topic: GossipTopic
  sources: GossipSources
  /** What this directory node says of itself. */
  self: () => DirectoryNode
  /** Closes the connections to a neighbour; whoever keeps it connected dials anew. */
  hangUp: (peer: string) => void
  clock: Clock
  logger: WireLogger
}

export interface Gossip {
  announced: (peer: string) => void
  /** `signed`: the peer's announcement without offers. */
  withdrawn: (peer: string, signed: Uint8Array<ArrayBuffer>) => void
  stop: () => void
}

export function startGossip(options: GossipOptions): Gossip {
  const { table, topic, self, hangUp, clock, logger } = options
  const stopping = new AbortController()
  /** What was last told of peers that hang on this node, until they are gone. */
  const told = new Map<string, { sequence: number; at: number }>()
  const forgets = new Map<string, () => void>()
  const askedAt = new Map<string, number>()
  const greeting = new Set<string>()
  let unreachedBefore: ReadonlySet<string> = new Set()
  let asking = 0

  const publish = (frame: GossipFrame) => topic.publish(GossipFrame.encode(frame))
  const tell = ({ announcement, signed }: StoredEntry, now: number) => {
    told.set(announcement.peer, { sequence: announcement.sequence, at: now })
    void publish({ announce: { announcement: Uint8Array.from(signed) } })
  }
  const flush = () => {
    const now = clock.now()
    const direct = table.direct(now)
    const waiting = direct.filter(({ announcement: { peer, sequence } }) => {
      const last = told.get(peer)
      return last === undefined || (last.sequence !== sequence && now - last.at >= PER_PEER_MS)
    })
    for (const entry of waiting.slice(0, MAX_PER_FLUSH)) tell(entry, now)
    const here = new Set(direct.map(({ announcement }) => announcement.peer))
    for (const peer of told.keys()) if (!here.has(peer)) told.delete(peer)
  }
  const renew = () => {
    for (const renewals of renewalsOf(table.direct(clock.now()))) void publish({ renewals: { renewals } })
  }
  const tellOfSelf = () => publish({ directoryNode: fitting(self()) })
  /** Its stream to us comes up before ours to it. */
  const greet = async (peer: string) => {
    if (greeting.has(peer) || greeting.size >= MAX_FELLOWS) return
    greeting.add(peer)
    try {
      for (let attempt = 0; attempt < GREETINGS && !(await tellOfSelf()).includes(peer); attempt++)
        await sleep(clock, GREET_MS, stopping.signal)
      // Whoever comes and goes is not greeted each time.
      await sleep(clock, GREET_AGAIN_MS, stopping.signal)
    } finally {
      greeting.delete(peer)
    }
  }
  /**
   * A neighbour that twice in a row nothing can be handed to is banned, or its stream broke while a second connection lives
   * on, and gossipsub opens none on that: connecting anew does.
   */
  const tellAndCheck = async () => {
    const reached = new Set(await tellOfSelf())
    const unreached = new Set(topic.neighbours().filter(peer => !reached.has(peer)))
    for (const peer of unreached) if (unreachedBefore.has(peer)) hangUp(peer)
    unreachedBefore = unreached
  }
  const every = (name: string, ms: number, act: () => void) => {
    const repeat = () => {
      act()
      forgets.set(name, clock.after(ms, repeat))
    }
    forgets.set(name, clock.after(ms, repeat))
  }

  const ask = async (peer: string) => {
    const now = clock.now()
    for (const [known, at] of askedAt) if (now - at >= ASK_AGAIN_MS) askedAt.delete(known)
    if (askedAt.has(peer) || asking >= MAX_ASKED || stopping.signal.aborted) return
    askedAt.set(peer, now)
    asking++
    try {
      await catchUp(peer, options, AbortSignal.any([stopping.signal, AbortSignal.timeout(ASK_MS)]))
    } catch (thrown) {
      if (!stopping.signal.aborted)
        logger.warn(
          { directoryNode: peer, error: toShoalError(thrown).message },
          'a fellow directory node did not tell what it has'
        )
    } finally {
      asking--
    }
  }

  topic.open(
    (source, from, data) => receive(source, from, data, options, peer => void ask(peer)),
    peer => {
      logger.debug({ directoryNode: peer }, 'gossiping with a directory node')
      // Ends early when this node stops, and fails in no other way.
      greet(peer).catch(() => {})
      void ask(peer)
    }
  )
  every('flush', FLUSH_MS, flush)
  every('renew', table.leaseMs / RENEWALS_PER_LEASE, renew)
  every('self', FELLOW_LEASE_MS / TELLINGS_PER_LEASE, () => void tellAndCheck())

  return {
    announced: peer => {
      if (told.has(peer)) return
      const now = clock.now()
      const entry = table.get(peer, now)
      if (entry !== undefined) tell(entry, now)
    },
    withdrawn: (peer, signed) => {
      told.delete(peer)
      void publish({ announce: { announcement: signed } })
    },
    stop: () => {
      stopping.abort()
      for (const forget of forgets.values()) forget()
    }
  }
}

/** Renewals of these peers in messages of bounded size. */
export function renewalsOf(entries: readonly StoredEntry[]): Renewal[][] {
  const renewals = entries.map(({ announcement: { peer, sequence } }) => ({ peer, sequence: BigInt(sequence) }))
  const messages: Renewal[][] = []
  for (let at = 0; at < renewals.length; at += MAX_RENEWALS) messages.push(renewals.slice(at, at + MAX_RENEWALS))
  return messages
}

/** As many of the models as one message holds. */
export function fitting({ addresses, models }: DirectoryNode): DirectoryNode {
  for (let count = models.length; count > 0; count--) {
    const directoryNode = { addresses, models: models.slice(0, count) }
    if (GossipFrame.encode({ directoryNode }).byteLength <= MAX_GOSSIP_BYTES) return directoryNode
  }
  return { addresses, models: [] }
}

/** Takes one message. `ask`: this directory node knows of something that has not come here. */
export async function receive(
  source: string,
  from: string,
  data: Uint8Array,
  options: Pick<GossipOptions, 'table' | 'fellows' | 'sources' | 'clock' | 'logger'>,
  ask: (peer: string) => void
): Promise<Reception> {
  const { table, fellows, sources, clock, logger } = options
  if (sources.isBanned(source, clock.now())) return 'ignore'
  let frame: GossipFrame
  let announcement: Announcement | undefined
  try {
    frame = decodeGossip(data)
    if (!sources.admit(source, costOf(frame), clock.now())) return 'ignore'
    if (frame.announce !== undefined) announcement = await verifyAnnouncement(frame.announce.announcement)
  } catch (thrown) {
    sources.charge(source, 'forged', clock.now())
    logger.warn({ directoryNode: source, error: toShoalError(thrown).message }, 'gossip refused')
    return 'reject'
  }
  // Nobody forwards what it can't judge.
  if (hasUnknownBody(frame)) return 'ignore'
  const now = clock.now()
  if (frame.announce !== undefined && announcement !== undefined) {
    const hearing = table.hear(announcement, frame.announce.announcement, now)
    if (hearing === 'stale') {
      sources.charge(source, 'stale', now)
      logger.debug({ directoryNode: source, peer: announcement.peer }, 'stale gossip refused')
    }
    return hearing === 'entered' || hearing === 'withdrawn' ? 'accept' : 'ignore'
  }
  if (frame.directoryNode !== undefined) return fellows.hear(from, frame.directoryNode, now) ? 'accept' : 'ignore'
  let missed = false
  for (const { peer, sequence } of frame.renewals?.renewals ?? []) {
    const renewed = table.vouch(peer, Number(sequence), now)
    if (!renewed && (table.sequenceOf(peer) ?? -1) < Number(sequence)) missed = true
  }
  // Only the one that vouches is asked, and only where it can be reached: over the connection that is there.
  if (missed && from === source) ask(from)
  return 'accept'
}

function costOf({ renewals, directoryNode }: GossipFrame): number {
  if (renewals !== undefined) return Math.ceil(renewals.renewals.length / RENEWALS_PER_COST)
  return directoryNode === undefined ? 1 : DIRECTORY_NODE_COST
}

/** Enters all that a fellow directory node has, over the connection to it. */
async function catchUp(peer: string, { links, table, sources, clock }: GossipOptions, signal: AbortSignal): Promise<void> {
  const client = new DirectoryClient({ links, directoryNodes: [`/p2p/${peer}`], clock })
  try {
    for (const { announcement, ageMs } of await client.query('', signal, MAX_FOUND_ENTRIES)) {
      if (ageMs >= table.leaseMs) continue
      try {
        // Old ones are no fault here: it may not have heard of newer ones yet.
        table.hear(await verifyAnnouncement(announcement), announcement, clock.now())
      } catch (thrown) {
        sources.charge(peer, 'forged', clock.now())
        throw thrown
      }
    }
  } finally {
    client.stop()
  }
}
