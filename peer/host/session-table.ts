/**
 * The sessions a host keeps: who drives each, which KV it holds, until when its lease runs, and the epochs of those that
 * ended, so that an old open can't bring one back.
 */
import type { SequenceId } from '../engine/engine.ts'
import { BusyError, StaleEpochError } from '../errors.ts'
import { type Clock, LATE_MS } from '../wire/clock.ts'
import type { OpenPlan } from '../wire/frames.pb.js'
import { toHex } from '../wire/hex.ts'
import { Demand } from './demand.ts'
import { BUSY_RETRY_MS, MAX_CLOCK_SKEW_MS, MAX_SESSIONS, MAX_SESSIONS_PER_DRIVER, MAX_TOMBSTONES } from './limits.ts'

/** A session's place in the table; `hop` is its part in the current epoch's chain. */
export interface HostedSession<Hop> {
  readonly key: string
  readonly driver: string
  hop: Hop
  epoch: number
  /** KV it holds, once it has got any. */
  sequence: SequenceId | undefined
  reserve: number
  leaseMs: number
  renewedAt: number
  forgetLease: () => void
}

/** Sessions of different drivers never meet, whatever ids they choose. */
export function sessionKey(driver: string, session: Uint8Array): string {
  return `${driver}/${toHex(session)}`
}

interface Tombstone {
  epoch: number
  buriedAt: number
}

export interface TableEvents<Hop> {
  expired: (session: HostedSession<Hop>) => void
  /** It is out of the table. */
  removed: (session: HostedSession<Hop>) => void
  /** A session came or went. */
  changed: () => void
}

export class SessionTable<Hop> {
  /** For sessions that were not there, refused ones too. */
  readonly demand: Demand
  readonly #clock: Clock
  readonly #events: TableEvents<Hop>
  readonly #sessions = new Map<string, HostedSession<Hop>>()
  readonly #tombstones = new Map<string, Tombstone>()

  constructor(clock: Clock, events: TableEvents<Hop>) {
    this.#clock = clock
    this.#events = events
    this.demand = new Demand(clock)
  }

  get size(): number {
    return this.#sessions.size
  }

  get(key: string): HostedSession<Hop> | undefined {
    return this.#sessions.get(key)
  }

  all(): HostedSession<Hop>[] {
    return [...this.#sessions.values()]
  }

  /** Adds a session that is not there. @throws StaleEpochError when this epoch of it has ended, BusyError when full */
  add(plan: OpenPlan, hop: Hop): HostedSession<Hop> {
    const key = sessionKey(plan.driver, plan.session)
    const ended = this.#tombstones.get(key)
    if (ended !== undefined && plan.epoch <= ended.epoch)
      throw new StaleEpochError(`epoch ${plan.epoch} of this session has ended`)
    this.demand.asked()
    if (this.#sessions.size >= MAX_SESSIONS) throw new BusyError(`${MAX_SESSIONS} sessions here`, { retryAfterMs: BUSY_RETRY_MS })
    const ofDriver = this.all().filter(({ driver }) => driver === plan.driver).length
    if (ofDriver >= MAX_SESSIONS_PER_DRIVER)
      throw new BusyError(`${ofDriver} sessions of this driver here`, { retryAfterMs: BUSY_RETRY_MS })
    const session: HostedSession<Hop> = {
      key,
      driver: plan.driver,
      hop,
      epoch: plan.epoch,
      sequence: undefined,
      reserve: 0,
      leaseMs: plan.leaseMs,
      renewedAt: this.#clock.now(),
      forgetLease: () => {}
    }
    this.#sessions.set(key, session)
    this.#watch(session, plan.leaseMs)
    this.#events.changed()
    return session
  }

  renew(session: HostedSession<Hop>): void {
    session.renewedAt = this.#clock.now()
  }

  /** A new epoch may bring another lease. */
  setLease(session: HostedSession<Hop>, leaseMs: number): void {
    session.leaseMs = leaseMs
    session.forgetLease()
    this.renew(session)
    this.#watch(session, leaseMs)
  }

  /** Takes the session out and remembers that its epoch is over. False when it was out already. */
  remove(session: HostedSession<Hop>): boolean {
    if (this.#sessions.get(session.key) !== session) return false
    this.#sessions.delete(session.key)
    session.forgetLease()
    this.#bury(session)
    this.#events.removed(session)
    this.#events.changed()
    return true
  }

  #watch(session: HostedSession<Hop>, ms: number): void {
    const due = this.#clock.now() + ms
    session.forgetLease = this.#clock.after(ms, () => {
      // A host that stood still could not be told; it has not yet read what its neighbours sent, or they stood still too.
      if (this.#clock.now() - due > LATE_MS) this.renew(session)
      const left = session.renewedAt + session.leaseMs - this.#clock.now()
      if (left > 0) this.#watch(session, left)
      else this.#events.expired(session)
    })
  }

  #bury({ key, epoch }: HostedSession<Hop>): void {
    const now = this.#clock.now()
    this.#tombstones.delete(key)
    this.#tombstones.set(key, { epoch, buriedAt: now })
    for (const [oldest, { buriedAt }] of this.#tombstones) {
      if (this.#tombstones.size <= MAX_TOMBSTONES && now - buriedAt <= 2 * MAX_CLOCK_SKEW_MS) break
      this.#tombstones.delete(oldest)
    }
  }
}
