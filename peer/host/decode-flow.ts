/**
 * The sessions that decode at a hop: how many, when each one's next token is due back from the rest of its chain, and so how
 * many go in one run and how much time there is until the next of them comes.
 */
import type { SequenceId } from '../engine/engine.ts'
import type { Clock } from '../wire/clock.ts'
import { microBatchSize } from './micro-batch.ts'
import type { RunCosts } from './run-costs.ts'

/** Since its last token an answer goes on: longer than a step takes on the way through a slow chain. */
const DECODING_MS = 5_000
/** Towards a longer way; a shorter one holds at once, since a token that comes before it is expected has to wait. */
const LEARNING_RATE = 0.1

/** Beyond twice its usual way: what event loops and other sessions' runs may hold a token up. */
const LATE_MS = 50

/** What decode takes of the time is that of about the last so much. */
const SHARE_MS = 2_000
/** It can't be all: prefill has its part, prefill-pace.ts. */
const MOST_SHARE = 0.8

interface Flow {
  /** Of its chain. */
  hops: number
  doneAt: number
  /** From the end of its run to the next step's arrival. */
  awayMs: number | undefined
}

export class DecodeFlow {
  readonly #clock: Clock
  readonly #costs: RunCosts
  readonly #flows = new Map<SequenceId, Flow>()
  #busy = { ms: 0, at: 0 }
  /** Of late. */
  #runMs = 0

  constructor(clock: Clock, costs: RunCosts) {
    this.#clock = clock
    this.#costs = costs
  }

  /** A step of it has come. */
  arrived(sequence: SequenceId): void {
    const flow = this.#flows.get(sequence)
    if (flow === undefined) return
    const awayMs = this.#clock.now() - flow.doneAt
    if (awayMs > DECODING_MS) return
    flow.awayMs = flow.awayMs === undefined ? awayMs : Math.min(awayMs, flow.awayMs + LEARNING_RATE * (awayMs - flow.awayMs))
  }

  /** A step of it has run, in a chain of so many hops. */
  ran(sequence: SequenceId, hops: number): void {
    this.#flows.set(sequence, { hops, awayMs: this.#flows.get(sequence)?.awayMs, doneAt: this.#clock.now() })
  }

  /** A run that decoded took so long. */
  took(ms: number): void {
    this.#busy = { ms: this.#busyMs + ms, at: this.#clock.now() }
    this.#runMs += (this.#runMs === 0 ? 1 : LEARNING_RATE) * (ms - this.#runMs)
  }

  /** The part of the time that runs of decode take. */
  get share(): number {
    return Math.min(MOST_SHARE, this.#busyMs / SHARE_MS)
  }

  get #busyMs(): number {
    return this.#busy.ms * Math.exp((this.#busy.at - this.#clock.now()) / SHARE_MS)
  }

  ended(sequence: SequenceId): void {
    this.#flows.delete(sequence)
  }

  /** How many decode now; sessions whose last step was long ago count no more. */
  get sessions(): number {
    const now = this.#clock.now()
    let sessions = 0
    for (const { doneAt } of this.#flows.values()) if (now - doneAt <= DECODING_MS) sessions++
    return sessions
  }

  /** The most that should decode in one run. */
  get together(): number {
    const { sessions } = this
    if (sessions < 2) return Number.POSITIVE_INFINITY
    const { hops, awayMs } = this.#means
    const linksMs = Math.max(0, awayMs - (hops - 1) * this.#runMs)
    return microBatchSize({ sessions, hops, linksMs, runMs: count => this.#costs.ms(count) })
  }

  /** This hop's part of the time a session's token takes, as if all hops had the same. */
  get tokenMs(): number {
    const { hops, awayMs } = this.#means
    return (awayMs + this.#runMs) / Math.max(1, hops)
  }

  get #means(): { hops: number; awayMs: number } {
    const flows = [...this.#flows.values()]
    const aways = flows.flatMap(({ awayMs }) => (awayMs === undefined ? [] : [awayMs]))
    return { hops: mean(flows.map(({ hops }) => hops)), awayMs: mean(aways) }
  }

  /** Until the next of them comes that is not `due` already; Infinity: none is expected. */
  gapMs(due: ReadonlySet<SequenceId>): number {
    const now = this.#clock.now()
    let gapMs = Number.POSITIVE_INFINITY
    for (const [sequence, { doneAt, awayMs }] of this.#flows) {
      if (awayMs === undefined || due.has(sequence)) continue
      const leftMs = doneAt + awayMs - now
      // One as late as that does not come after all: its reader pauses, or its chain has other troubles.
      if (leftMs > -awayMs - LATE_MS) gapMs = Math.min(gapMs, Math.max(0, leftMs))
    }
    return gapMs
  }
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}
