/**
 * Keeps what directory nodes are told of this peer true: signs it anew when it changes, not more often than they should
 * have to hear it, and takes it back when the peer leaves. Leases and retries are the target's.
 */
import type { PrivateKey } from '@libp2p/interface'
import { toShoalError } from '../errors.ts'
import { signAnnouncement } from '../swarm/announcement.ts'
import type { Announcement } from '../swarm/types.ts'
import { type Clock, systemClock, within } from '../wire/clock.ts'
import { silent, type WireLogger } from '../wire/log.ts'

/** Where announcements go; the directory client of the network layer is one. */
export interface AnnouncementTarget {
  /** From now on every directory node is told this, and kept told. */
  announce: (signed: Uint8Array) => void
  /** `farewell`: a signed announcement without offers, believed where the peer itself is not known. */
  withdraw: (signal?: AbortSignal, farewell?: Uint8Array) => Promise<void>
}

/** Changes within this are told together: free KV changes with every session. */
const LEAST_INTERVAL_MS = 1_000
/** What has not changed is signed anew this often: others believe old announcements for a quarter of an hour only. */
const SIGN_ANEW_MS = 5 * 60_000
/** A directory node that does not answer lets the lease run out. */
const WITHDRAW_MS = 2_000

export interface AnnouncerOptions {
  target: AnnouncementTarget
  privateKey: PrivateKey
  /** What to say now. */
  current: () => Omit<Announcement, 'sequence'>
  clock?: Clock
  logger?: WireLogger
}

export interface Announcer {
  /** What `current` returns may have changed. */
  changed: () => void
  /** Takes the announcement back; bounded in time, never rejects. */
  stop: () => Promise<void>
}

export function startAnnouncer(options: AnnouncerOptions): Announcer {
  const { target, privateKey, current, clock = systemClock, logger = silent } = options
  // Above every number of an earlier life of the same key.
  let sequence = Math.floor(clock.now())
  let told = ''
  let forget: (() => void) | undefined
  let signing: Promise<void> = Promise.resolve()
  let stopped = false

  const tell = async () => {
    const said = current()
    const text = JSON.stringify(said)
    if (text === told || stopped) return
    try {
      const signed = await signAnnouncement({ ...said, sequence: ++sequence }, privateKey)
      if (stopped) return
      target.announce(signed)
      told = text
    } catch (thrown) {
      logger.warn({ error: toShoalError(thrown).message }, 'the announcement could not be made')
    }
  }
  const tellNow = () => {
    signing = signing.then(tell)
    forget = clock.after(LEAST_INTERVAL_MS, () => {
      forget = undefined
      if (due) {
        due = false
        tellNow()
      }
    })
  }
  let due = false
  let forgetAnew: () => void
  const tellAnew = () => {
    told = ''
    if (forget === undefined) tellNow()
    else due = true
    forgetAnew = clock.after(SIGN_ANEW_MS, tellAnew)
  }
  tellNow()
  forgetAnew = clock.after(SIGN_ANEW_MS, tellAnew)

  return {
    changed: () => {
      if (stopped) return
      if (forget === undefined) tellNow()
      else due = true
    },
    stop: async () => {
      if (stopped) return
      stopped = true
      forget?.()
      forgetAnew()
      await signing
      await within(clock, WITHDRAW_MS, 'withdrawing', undefined, async signal =>
        target.withdraw(signal, await signAnnouncement({ ...current(), sequence: ++sequence, offers: [] }, privateKey))
      ).catch(() => {})
    }
  }
}
