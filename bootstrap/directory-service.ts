/**
 * Serves the directory protocol: peers announce themselves, renew, withdraw, and ask who serves a model. Each peer speaks
 * for itself only, at a bounded pace, and is forgotten soon after its last channel is gone.
 */
import { BusyError, InvalidFrameError, NotNamedError, toShoalError } from '../peer/errors.ts'
import { type Allowance, freshAllowance, type Pace, spend } from '../peer/swarm/allowance.ts'
import { verifyAnnouncement } from '../peer/swarm/announcement.ts'
import type { DirectoryTable } from '../peer/swarm/directory.ts'
import type { Announcement } from '../peer/swarm/types.ts'
import type { Channel, Links } from '../peer/wire/channel.ts'
import { MAX_FOUND_ENTRIES } from '../peer/wire/check-frames.ts'
import type { Clock } from '../peer/wire/clock.ts'
import { failureOf } from '../peer/wire/failure.ts'
import type { Announce, DirectoryFrame, Entry, ModelEntry, Query, Withdraw } from '../peer/wire/frames.pb.js'
import { toHex } from '../peer/wire/hex.ts'
import { directoryProtocol } from '../peer/wire/protocols.ts'
import { Watchers } from './watchers.ts'

/** Requests a peer may make at once and then each second: renewals, a query per session, a change of offer. */
export const REQUESTS: Pace = { burst: 32, perSecond: 8 }

/** A peer keeps one channel; more are reconnects that the old one has not noticed. */
export const MAX_CHANNELS_PER_PEER = 4

/** After its last channel is gone a peer may come back this long before its announcement goes: a reconnect takes about one. */
export const GONE_MS = 5_000

/** Candidates a region: a query's own number within these. */
const DEFAULT_PER_REGION = 16
export const MAX_PER_REGION = 64

/** Announcements in one answer, which must fit the protocol's frame of 2 MiB. */
export const MAX_ANSWER_BYTES = 2_000_000

export interface DirectoryServiceOptions {
  links: Links
  table: DirectoryTable
  models: () => readonly ModelEntry[]
  /** What directory nodes should tell each other of peers that hang on this one. */
  told: { announced: (peer: string) => void; withdrawn: (peer: string, signed: Uint8Array<ArrayBuffer>) => void }
  clock: Clock
  random: () => number
  /** Default: GONE_MS. */
  goneMs?: number
}

interface Caller {
  channels: number
  requests: Allowance
  forgetGone: (() => void) | undefined
}

/** Serves until the returned function is called. */
export function serveDirectory(options: DirectoryServiceOptions): () => void {
  const { links, table, clock, goneMs = GONE_MS } = options
  const callers = new Map<string, Caller>()
  const watchers = new Watchers(clock)
  const isGone = (peer: string) => callers.get(peer)?.channels === 0
  let stopped = false
  const stop = links.handle(directoryProtocol, async channel => {
    const peer = channel.remotePeer
    const caller = callers.get(peer) ?? {
      channels: 0,
      requests: freshAllowance(REQUESTS, clock.now()),
      forgetGone: undefined
    }
    if (caller.channels >= MAX_CHANNELS_PER_PEER) throw new BusyError(`${peer} has ${caller.channels} channels open`)
    callers.set(peer, caller)
    caller.channels++
    caller.forgetGone?.()
    caller.forgetGone = undefined
    try {
      const frames = channel.frames()[Symbol.asyncIterator]()
      const { value: first, done } = await frames.next()
      if (done) return
      if (first.watch === undefined) await answerRequests(channel, first, frames, caller, options)
      else await watchers.serve(channel, first.watch, frames, isGone)
    } finally {
      caller.channels--
      if (caller.channels === 0 && !stopped) {
        watchers.gone(peer)
        caller.forgetGone = clock.after(goneMs, () => {
          table.leave(peer, clock.now())
          callers.delete(peer)
        })
      }
    }
  })
  return () => {
    stopped = true
    stop()
    for (const { forgetGone } of callers.values()) forgetGone?.()
    callers.clear()
  }
}

async function answerRequests(
  channel: Channel<DirectoryFrame>,
  first: DirectoryFrame,
  rest: AsyncIterator<DirectoryFrame>,
  caller: Caller,
  options: DirectoryServiceOptions
): Promise<void> {
  for (let frame: DirectoryFrame | undefined = first; frame !== undefined; frame = await nextOf(rest)) {
    let reply: DirectoryFrame
    try {
      spendRequest(caller, options.clock.now())
      reply = await answer(frame, channel.remotePeer, options)
    } catch (thrown) {
      reply = { failure: failureOf(new Uint8Array(0), 0, toShoalError(thrown)) }
    }
    await channel.send(reply)
  }
}

async function nextOf(frames: AsyncIterator<DirectoryFrame>): Promise<DirectoryFrame | undefined> {
  const { value, done } = await frames.next()
  return done ? undefined : value
}

/** @throws BusyError */
function spendRequest(caller: Caller, now: number): void {
  const left = spend(caller.requests, 1, now, REQUESTS)
  if (left === undefined)
    throw new BusyError(`More than ${REQUESTS.perSecond} requests a second`, { retryAfterMs: 1_000 / REQUESTS.perSecond })
  caller.requests = left
}

async function answer(frame: DirectoryFrame, peer: string, options: DirectoryServiceOptions): Promise<DirectoryFrame> {
  const { table, models, clock } = options
  if (frame.announce !== undefined) {
    await takeAnnouncement(frame.announce, peer, options)
    return { announced: { leaseMs: table.leaseMs } }
  }
  if (frame.withdraw !== undefined) {
    await takeWithdrawal(frame.withdraw, peer, options)
    return { announced: { leaseMs: 0 } }
  }
  if (frame.query !== undefined) return { found: { entries: find(frame.query, options, clock.now()) } }
  if (frame.listModels !== undefined) return { models: { models: [...models()] } }
  throw new InvalidFrameError(`DirectoryFrame: ${Object.keys(frame).join() || 'a body unknown here'}, a request expected`)
}

async function takeAnnouncement(
  { announcement }: Announce,
  peer: string,
  { table, clock, told }: DirectoryServiceOptions
): Promise<void> {
  if (announcement.byteLength === 0) return table.renew(peer, clock.now())
  const verified = await verifyOwn(announcement, peer)
  table.put(verified, announcement, clock.now())
  told.announced(peer)
}

/** Without a signature the peer is forgotten here, and others let its lease run out. */
async function takeWithdrawal(
  { announcement }: Withdraw,
  peer: string,
  { table, clock, told }: DirectoryServiceOptions
): Promise<void> {
  const known = table.sequenceOf(peer) ?? 0
  if (announcement.byteLength === 0) {
    table.withdraw(peer, { sequence: known, now: clock.now() })
    return
  }
  const { offers, sequence } = await verifyOwn(announcement, peer)
  if (offers.length > 0) throw new InvalidFrameError(`withdraw.announcement: ${offers.length} offers, none expected`)
  table.withdraw(peer, { sequence: Math.max(sequence, known), now: clock.now() })
  if (sequence > known) told.withdrawn(peer, announcement)
}

async function verifyOwn(announcement: Uint8Array, peer: string): Promise<Announcement> {
  const verified = await verifyAnnouncement(announcement)
  if (verified.peer !== peer) throw new NotNamedError(`Announcement of ${verified.peer} sent by ${peer}`, { peer })
  return verified
}

function find({ model, perRegion }: Query, { table, random }: DirectoryServiceOptions, now: number): Entry[] {
  const wanted = Math.min(MAX_PER_REGION, perRegion === 0 ? DEFAULT_PER_REGION : perRegion)
  const everybody = model.byteLength === 0
  const entries: Entry[] = []
  let bytes = 0
  for (const { signed, heardAt } of table.sample(toHex(model), everybody ? MAX_FOUND_ENTRIES : wanted, now, random)) {
    bytes += signed.byteLength + 16
    if (entries.length === MAX_FOUND_ENTRIES || bytes > MAX_ANSWER_BYTES) break
    entries.push({ announcement: Uint8Array.from(signed), ageMs: Math.max(0, Math.round(now - heardAt)) })
  }
  return entries
}
