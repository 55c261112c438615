/**
 * What a driver has put up with on the way to one answer: when a chain was lost and through whose fault, how often it has
 * tried since, and so when it tries again or gives up. It knows neither chains nor the directory; the clock is the caller's.
 */
import { NoRouteError, PeerLostError, type ShoalError } from '../errors.ts'
import { changesNumerics } from '../swarm/numerics.ts'
import type { Directory, Route } from '../swarm/types.ts'
import { type Clock, sleep } from '../wire/clock.ts'
import type { DriverLimits } from './driver-limits.ts'
import { comeBackLater, patienceMs } from './hole.ts'
import { isRecoverable, retryMs } from './retry.ts'

export interface Recovery {
  /** Peer at fault, "" when it is not known or the chain was only too slow. */
  lost: string
  epoch: number
  /** From the loss to the first answer of the new chain. */
  pauseMs: number
  /** Positions that hops of the new chain had to compute before that answer, its own among them: of all there are, or few. */
  replayed: number
  route: Route
  /** Some layer is computed in another numerics class than before the loss. */
  numericsChanged: boolean
}

interface Loss {
  peer: string
  at: number
  route: Route
}

export interface PatienceOptions {
  clock: Clock
  limits: DriverLimits
  /** Manifest digest. */
  model: string
  /** Of the clock: then it is over, whatever the limits allow; undefined: as long as there is hope. */
  until: number | undefined
}

export class Patience {
  readonly #options: PatienceOptions
  readonly #startedAt: number
  #lost: Loss | undefined
  /** Left only to get more KV. */
  #grown: Loss | undefined
  /** When the newest chain was lost. */
  #stoodUntil: number
  /** At fault for chains lost on the way to this answer. */
  readonly #blamed = new Set<string | undefined>()
  #tries = 0

  constructor(options: PatienceOptions) {
    this.#options = options
    this.#startedAt = options.clock.now()
    this.#stoodUntil = this.#startedAt
  }

  /** Tries in a row that failed. */
  get tries(): number {
    return this.#tries
  }

  /** A chain that works was left for a faster one. */
  moved(route: Route): void {
    this.#lost = { peer: '', at: this.#options.clock.now(), route }
  }

  /** A chain that works was left for the same with more KV. */
  grown(route: Route): void {
    this.#grown = { peer: '', at: this.#options.clock.now(), route }
  }

  /** `found`: what the directory said last. @throws what no other try makes better */
  assertHope(error: ShoalError, found: Directory | undefined): void {
    if (!isRecoverable(error)) throw error
    if (this.#lost !== undefined || !(error instanceof NoRouteError)) return
    const { clock, model } = this.#options
    if (clock.now() - this.#startedAt >= patienceMs(found, model)) throw comeBackLater(error)
  }

  /** A try failed: on a chain over `route`, or before there was one. */
  failed(error: ShoalError, route: Route | undefined): void {
    const { peer } = error.details
    const now = this.#options.clock.now()
    if (route !== undefined) {
      this.#stoodUntil = now
      this.#lost ??= { peer: peer ?? '', at: now, route }
    }
    // One that can't be opened: it went with the one that was lost.
    const isLoss = route !== undefined || (this.#lost !== undefined && error instanceof PeerLostError)
    // A peer that fails again because nobody else holds its layers is not asked over and over.
    if (isLoss && !this.#blamed.has(peer)) this.#tries = 0
    if (isLoss) this.#blamed.add(peer)
    this.#lost ??= this.#grown
  }

  /** Resolves when it is time for the next try. @throws the error when none is left, the signal's reason */
  async rest(error: ShoalError, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    const pauseMs = retryMs(error, this.#tries)
    if (clock.now() + pauseMs >= this.#giveUpAt()) throw error
    // A chain that has just been lost is replaced at once: somebody may be waiting for the next word.
    if (this.#tries++ > 0 || this.#lost === undefined) await sleep(clock, pauseMs, signal)
  }

  /** What the answer's chain, of `epoch`, made up for; undefined where nothing was lost. */
  recovery(epoch: number, route: Route, replayed: number): Recovery | undefined {
    // A chain that has only got more KV was never lost.
    const from = this.#lost ?? (replayed > 1 ? this.#grown : undefined)
    if (from === undefined) return undefined
    const pauseMs = this.#options.clock.now() - from.at
    return { lost: from.peer, epoch, pauseMs, replayed, route, numericsChanged: changesNumerics(from.route, route) }
  }

  #giveUpAt(): number {
    const { limits, until } = this.#options
    if (until !== undefined) return until
    if (this.#lost === undefined) return this.#startedAt + limits.openMs
    return Math.min(this.#stoodUntil + limits.recoverMs, this.#lost.at + limits.longestRecoverMs)
  }
}
