/**
 * The policies compared: each takes the product's own book and chooses in its way among the arms that may serve. Money,
 * breakers, retries and the way a failed arm is replaced are the same for all; where a policy knows one place only, nothing
 * replaces it.
 */
import { type Arm, type Ask, estimate, refusal } from '../../../peer/select/arms.ts'
import { type OpenLeg, SelectionBook } from '../../../peer/select/book.ts'
import { cellOf } from '../../../peer/select/classes.ts'
import { type Choice, cellScores, type SelectorOptions, type SelectorState } from '../../../peer/select/selector.ts'
import type { SelectionSettings } from '../../../peer/select/settings.ts'
import { uniform } from '../../sim/random.ts'

export type Pick = (arms: readonly Arm[], ask: Ask, index: number, state: SelectorState) => Arm | undefined

/** Chooses by `pick` where CS-UCB would by what it learned. Deadlines are no constraint here: no other policy knows them. */
class PolicyBook extends SelectionBook {
  readonly #pick: Pick
  /** Legs begun: a book is asked for its choice more than once a leg. */
  #index = 0

  constructor(settings: SelectionSettings, now: number, pick: Pick) {
    super(settings, now)
    this.#pick = pick
  }

  override choose(ask: Ask, arms: readonly Arm[]): Choice {
    const judged = arms.map(arm => ({ arm, why: refusal(arm, ask, this.ledger) }))
    const allowed = judged.flatMap(({ arm, why }) => (why === undefined || why === 'deadline' ? [arm] : []))
    const refused = judged.flatMap(({ arm, why }) => (why === undefined || why === 'deadline' ? [] : [{ arm: arm.id, why }]))
    const chosen = this.#pick(allowed, ask, this.#index, this.state)
    return { arm: chosen?.id, reason: chosen === undefined ? 'none' : 'only', scores: [], refused }
  }

  override begin(ask: Ask, arm: Arm): OpenLeg | undefined {
    this.#index++
    return super.begin(ask, arm)
  }
}

const place = (wanted: Arm['place']): Pick => {
  return arms => arms.find(arm => arm.place === wanted)
}
/** The first of those with the most. */
const most = (arms: readonly Arm[], value: (arm: Arm) => number) =>
  arms.reduce<Arm | undefined>((best, arm) => (best === undefined || value(arm) > value(best) ? arm : best), undefined)
const RANDOM = 21

/** UCB1 (Auer 2002) per class on the same reward: nothing fades, no penalty, no estimate. */
const UCB1: SelectorOptions = { exploration: Math.SQRT2, violationPenalty: 0, fade: 1, change: Number.POSITIVE_INFINITY }
const ucb1: Pick = (arms, ask, _, state) => {
  const records = state.cells.get(cellOf(ask.class, ask.promptTokens, ask.stream)) ?? new Map()
  const scores = new Map(cellScores(records, ask.class, UCB1).map(({ arm, index }) => [arm, index]))
  return most(arms, ({ id }) => scores.get(id) ?? Number.POSITIVE_INFINITY)
}

/** By what is announced and stated, not by what was measured. */
const greedy: Pick = (arms, ask) =>
  most(arms, arm => {
    const { firstTokenMs, perTokenMs } = estimate(arm, ask)
    return -firstTokenMs - perTokenMs * ask.maxTokens
  })

export const POLICIES: Record<string, (settings: SelectionSettings, now: number, seed: number) => SelectionBook> = {
  'CS-UCB': (settings, now) => new SelectionBook(settings, now),
  UCB1: (settings, now) => new PolicyBook({ ...settings, selector: UCB1 }, now, ucb1),
  random: (settings, now, seed) =>
    new PolicyBook(settings, now, (arms, _, index) => arms[Math.floor(uniform(seed, RANDOM, index) * arms.length)]),
  'round-robin': (settings, now) => new PolicyBook(settings, now, (arms, _, index) => arms[index % arms.length]),
  'all-edge': (settings, now) => new PolicyBook(settings, now, place('edge')),
  'all-cloud': (settings, now) => new PolicyBook(settings, now, place('cloud')),
  'greedy latency': (settings, now) => new PolicyBook(settings, now, greedy)
}
