/**
 * What the selection of one process knows and owes: what was learned, what is reserved and spent, whom to leave alone, and
 * the last decisions with their reasons. All requests share it, and every method runs in one turn: no two of them can
 * reserve the same money.
 */
import type { ShoalError } from '../errors.ts'
import { BusyError, InvalidRequestError } from '../errors.ts'
import type { Arm, Ask } from './arms.ts'
import { highestPrice } from './arms.ts'
import { afterAnswer, afterFailure, afterHold, afterNothing, afterStart, type Breaker, CLOSED, pausedUntil } from './breaker.ts'
import { type Ledger, moneyLeft, openLedger, reserve, settle } from './budget.ts'
import { type CloudOptions, cloudArm } from './cloud-options.ts'
import type { EdgeArm } from './edge-arms.ts'
import { type Bucket, openBucket, readyAt, taken } from './rate-limit.ts'
import type { Outcome } from './reward.ts'
import type { Choice, Pull, SelectorState } from './selector.ts'
import { finished, newSelector, select, started } from './selector.ts'
import type { SelectionSettings } from './settings.ts'

/** Of one arm since the first start, as far as the state was kept. */
export interface ArmTotals {
  answered: number
  failed: number
  refused: number
  left: number
  promptTokens: number
  completionTokens: number
  joules: number
  /** What its legs cost; of it, what was not told and counts with all that was reserved. */
  money: number
  unmeasuredMoney: number
}

/** One arm's part in one request. */
export interface LegRecord {
  arm: string
  reason: string
  result: Outcome['result']
  firstTokenMs: number | undefined
  ms: number
  promptTokens: number
  completionTokens: number
  joules: number
  money: number
  moneyMeasured: boolean
  error: string | undefined
}

export interface Decision {
  /** Milliseconds since 1970. */
  at: number
  model: string
  cell: string
  policy: Ask['policy']
  /** The first choice: what each arm scored, and why some could not be chosen. */
  scores: Choice['scores']
  refused: Choice['refused']
  legs: LegRecord[]
}

/** An arm's part of a request that is under way. */
export interface OpenLeg {
  name: string
  arm: Arm
  pull: Pull
  begunAt: number
  promptTokens: number
  /** Positions it takes of the arm's room. */
  kvTokens: number
  /** Most it can cost, set aside. */
  reserved: number
}

export interface LegEnd {
  outcome: Outcome
  /** Undefined where nobody told it. */
  money: number | undefined
  error: ShoalError | undefined
}

/** The page shows a screenful; a log keeps the rest. */
const KEPT_DECISIONS = 100
/** What an arm that has no room is left alone for, when it does not say how long. */
const BUSY_MS = 1_000

export const NO_TOTALS: ArmTotals = {
  answered: 0,
  failed: 0,
  refused: 0,
  left: 0,
  promptTokens: 0,
  completionTokens: 0,
  joules: 0,
  money: 0,
  unmeasuredMoney: 0
}

export class SelectionBook {
  state: SelectorState = newSelector()
  /** Of all clouds together; undefined without a budget. */
  ledger: Ledger | undefined
  /** Of clouds with budgets of their own, by arm. */
  readonly ledgers = new Map<string, Ledger>()
  readonly totals = new Map<string, ArmTotals>()
  /** Newest first. */
  readonly decisions: Decision[] = []
  /** Grows with everything that a saved state would have. */
  changes = 0
  readonly #settings: SelectionSettings
  readonly #chance: () => number
  readonly #breakers = new Map<string, Breaker>()
  readonly #requests = new Map<string, Bucket>()
  readonly #tokens = new Map<string, Bucket>()
  readonly #open = new Map<string, OpenLeg>()
  #legs = 0

  /** @param chance 0 to 1, for jitter */
  constructor(settings: SelectionSettings, now: number, chance: () => number = Math.random) {
    this.#settings = settings
    this.#chance = chance
    const { budget } = settings
    if (budget !== undefined) this.ledger = openLedger(budget.limit, now, budget.periodMs)
    for (const cloud of settings.clouds) {
      const arm = cloudArm(cloud)
      if (cloud.budget !== undefined) this.ledgers.set(arm, openLedger(cloud.budget.limit, now, cloud.budget.periodMs))
      this.#requests.set(arm, openBucket(cloud.limits.requestsPerMinute, now))
      this.#tokens.set(arm, openBucket(cloud.limits.tokensPerMinute, now))
    }
  }

  /**
   * The edge's arm for this request now: what went there since its peers last told of themselves takes room and waits, too.
   * Chains of all classes share peers, and the way to them.
   */
  edgeArm(edge: EdgeArm, { now }: Ask): Arm {
    const open = [...this.#open.values()].filter(({ arm }) => arm.place === 'edge')
    const untold = open.filter(({ begunAt }) => begunAt >= now - edge.ageMs)
    const sum = (of: (leg: OpenLeg) => number) => untold.reduce((total, leg) => total + of(leg), 0)
    return {
      ...edge,
      waitMs: edge.waitMs + sum(({ promptTokens }) => promptTokens) * edge.prefillMsPerToken,
      freeKvTokens: Math.max(0, edge.freeKvTokens - sum(({ kvTokens }) => kvTokens)),
      bandwidth: edge.bandwidth / (1 + open.length)
    }
  }

  /** The cloud as an arm for this request now. */
  cloudArm(cloud: CloudOptions, ask: Ask, unable: boolean): Arm {
    const id = cloudArm(cloud)
    const { now } = ask
    const inFlight = this.inFlight(id)
    const tokens = ask.promptTokens + ask.maxTokens
    const ready = Math.max(readyAt(this.#requests.get(id)!, 1, now), readyAt(this.#tokens.get(id)!, tokens, now))
    const full = inFlight >= cloud.limits.concurrent ? Number.POSITIVE_INFINITY : 0
    const ledger = this.ledgers.get(id)
    return {
      id,
      place: 'cloud',
      waitMs: cloud.expected.firstTokenMs,
      linkMs: 0,
      prefillMsPerToken: 0,
      decodeMsPerToken: cloud.expected.perTokenMs,
      freeKvTokens: cloud.contextLength,
      // What is under way shares the line.
      bandwidth: cloud.bandwidth / (1 + inFlight),
      promptPrice: cloud.price.prompt,
      tokenPrice: cloud.price.completion,
      pausedUntil: Math.max(this.pausedUntil(id, now), full, ready > now ? ready : 0),
      unable,
      ...(ledger === undefined ? {} : { moneyLeft: moneyLeft(ledger, now) })
    }
  }

  pausedUntil(arm: string, now: number): number {
    return pausedUntil(this.#breakers.get(arm) ?? CLOSED, now)
  }

  inFlight(arm: string): number {
    let count = 0
    for (const leg of this.#open.values()) if (leg.arm.id === arm) count++
    return count
  }

  choose(ask: Ask, arms: readonly Arm[]): Choice {
    return select(this.state, ask, arms, this.ledger, this.#settings.selector)
  }

  /** Sets aside what the request may cost on the arm and counts it as tried; undefined when the money is not there. */
  begin(ask: Ask, arm: Arm): OpenLeg | undefined {
    const name = `${++this.#legs}`
    const price = highestPrice(arm, ask)
    const own = this.ledgers.get(arm.id)
    const reservedHere = own === undefined ? undefined : reserve(own, name, price, ask.now)
    const reservedOverall = this.ledger === undefined ? undefined : reserve(this.ledger, name, price, ask.now)
    if (own !== undefined && reservedHere === undefined) return undefined
    if (this.ledger !== undefined && reservedOverall === undefined) return undefined
    if (reservedHere !== undefined) this.ledgers.set(arm.id, reservedHere)
    if (reservedOverall !== undefined) this.ledger = reservedOverall
    const { state, pull } = started(this.state, ask, arm)
    this.state = state
    this.#breakers.set(arm.id, afterStart(this.#breakers.get(arm.id) ?? CLOSED))
    this.#take(this.#requests, arm.id, 1, ask.now)
    this.#take(this.#tokens, arm.id, ask.promptTokens + ask.maxTokens, ask.now)
    this.changes++
    const { promptTokens, maxTokens, now } = ask
    const leg = { name, arm, pull, begunAt: now, promptTokens, kvTokens: promptTokens + maxTokens, reserved: price }
    this.#open.set(name, leg)
    return leg
  }

  end({ name, arm, pull, reserved }: OpenLeg, { outcome, money, error }: LegEnd, now: number): void {
    const { id } = arm
    this.state = finished(this.state, pull, outcome, this.#settings.selector)
    if (this.ledger !== undefined) this.ledger = settle(this.ledger, name, money ?? Number.NaN, now)
    const own = this.ledgers.get(id)
    if (own !== undefined) this.ledgers.set(id, settle(own, name, money ?? Number.NaN, now))
    this.#open.delete(name)
    this.#breakers.set(id, this.#judged(this.#breakers.get(id) ?? CLOSED, outcome, error, now))
    const totals = this.totals.get(id) ?? NO_TOTALS
    this.totals.set(id, {
      ...totals,
      [outcome.result]: totals[outcome.result] + 1,
      promptTokens: totals.promptTokens + outcome.promptTokens,
      completionTokens: totals.completionTokens + outcome.completionTokens,
      joules: totals.joules + outcome.energy,
      money: totals.money + (money ?? reserved),
      unmeasuredMoney: totals.unmeasuredMoney + (money === undefined ? reserved : 0)
    })
    this.changes++
  }

  note(decision: Decision): void {
    this.decisions.unshift(decision)
    if (this.decisions.length > KEPT_DECISIONS) this.decisions.pop()
  }

  #take(buckets: Map<string, Bucket>, arm: string, amount: number, now: number): void {
    const bucket = buckets.get(arm)
    if (bucket !== undefined) buckets.set(arm, taken(bucket, amount, now))
  }

  #judged(breaker: Breaker, { result }: Outcome, error: ShoalError | undefined, now: number): Breaker {
    if (result === 'answered') return afterAnswer()
    if (result === 'left' || error instanceof InvalidRequestError) return afterNothing(breaker)
    if (error instanceof BusyError) return afterHold(breaker, now, error.details.retryAfterMs ?? BUSY_MS)
    const failed = afterFailure(breaker, now, this.#chance())
    const { retryAfterMs } = error?.details ?? {}
    return retryAfterMs === undefined ? failed : afterHold(failed, now, retryAfterMs)
  }
}
