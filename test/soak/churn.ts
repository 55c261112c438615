/**
 * Peers that come and go: from a seed, one after another is killed, told to leave or frozen, and returns after a while,
 * as itself or as somebody new. Some holder of every part is left at any time.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { Holder, Pool } from '../deaths/pool.ts'
import { uniform } from '../sim/random.ts'

const FAULTS = ['kill', 'leave', 'freeze'] as const
export type Fault = (typeof FAULTS)[number]

/** Between two faults, and from one to the return of its peer. */
const PAUSE_MS: Range = [2_000, 8_000]
const AWAY_MS: Range = [1_000, 12_000]

/** One peer's absence. */
interface Absence {
  fault: Fault
  holder: Holder
  /** ms of Date.now(). */
  from: number
  /** Undefined while it is away. */
  until: number | undefined
}

/** Absences remembered: those of an answer's time and then some. */
const MAX_ABSENCES = 256

type Range = readonly [least: number, most: number]

export class Churn {
  readonly counts: Record<Fault | 'return as itself' | 'return as another', number> = {
    kill: 0,
    leave: 0,
    freeze: 0,
    'return as itself': 0,
    'return as another': 0
  }
  readonly #pool: Pool
  readonly #seed: number
  readonly #lasting: ReadonlySet<Holder>
  /** Those that the gateway could use now. */
  readonly #usable: Set<Holder>
  readonly #returning = new Set<Promise<void>>()
  #absences: Absence[] = []
  #draws = 0

  /** `lasting` are frozen at most. */
  constructor(pool: Pool, seed: number, lasting: readonly Holder[]) {
    this.#pool = pool
    this.#seed = seed
    this.#lasting = new Set(lasting)
    this.#usable = new Set(pool.holders)
  }

  /** Until the signal; resolves when everybody is back. @throws what a return met */
  async run(signal: AbortSignal): Promise<void> {
    const failure = new AbortController()
    const ended = AbortSignal.any([signal, failure.signal])
    for (;;) {
      await wait(this.#within(PAUSE_MS), undefined, { signal: ended }).catch(() => {})
      if (ended.aborted) break
      const victim = this.#pick()
      if (victim === undefined) continue
      const returning = this.#strike(victim).catch(error => failure.abort(error))
      this.#returning.add(returning)
      void returning.finally(() => this.#returning.delete(returning))
    }
    await Promise.all(this.#returning)
    if (failure.signal.aborted) throw failure.signal.reason
  }

  /** Who was away at any time since `from`, ms of Date.now(), for a report. */
  absencesSince(from: number): string {
    const seconds = (at: number | undefined) => (at === undefined ? '' : `${((at - from) / 1_000).toFixed(1)} s`)
    return this.#absences
      .filter(({ until }) => until === undefined || until >= from)
      .map(({ fault, holder, from: left, until }) => {
        const who = `${holder.peer.slice(-6)} of part ${holder.part}`
        return `${fault} ${who} ${seconds(left)}–${seconds(until)}`
      })
      .join(', ')
  }

  async #strike(victim: Holder): Promise<void> {
    this.#usable.delete(victim)
    const fault = this.#lasting.has(victim) ? 'freeze' : FAULTS[Math.floor(this.#draw() * FAULTS.length)]!
    const away = this.#within(AWAY_MS)
    const asItself = this.#draw() < 0.5
    this.counts[fault]++
    const absence: Absence = { fault, holder: victim, from: Date.now(), until: undefined }
    this.#absences = [...this.#absences, absence].slice(-MAX_ABSENCES)
    if (fault === 'freeze') this.#pool.freeze(victim)
    else if (fault === 'kill') this.#pool.kill(victim)
    else await this.#pool.leave(victim)
    await wait(away)
    let back = victim
    if (fault === 'freeze') this.#pool.resume([victim])
    else {
      this.counts[asItself ? 'return as itself' : 'return as another']++
      back = asItself ? await this.#pool.add(victim.part, victim.name) : await this.#pool.add(victim.part)
    }
    await this.#pool.known([back])
    this.#usable.add(back)
    absence.until = Date.now()
  }

  /** One of those whose part has another holder; of the newest chain as often as not, since only that one is missed. */
  #pick(): Holder | undefined {
    const others = (holder: Holder) => [...this.#usable].filter(({ part }) => part === holder.part).length
    const candidates = [...this.#usable].filter(holder => others(holder) > 1)
    const chain = candidates.filter(holder => this.#pool.newestChain.has(holder))
    const from = this.#draw() < 0.5 && chain.length > 0 ? chain : candidates
    return from[Math.floor(this.#draw() * from.length)]
  }

  #draw(): number {
    return uniform(this.#seed, 1, this.#draws++)
  }

  #within([least, most]: Range): number {
    return least + this.#draw() * (most - least)
  }
}
