/**
 * The policies compared: each takes the product's own book and chooses in its way among the arms that may serve. Money,
 * breakers, fallbacks and retries are the same for all.
 */
import { type Arm, type Ask, estimate, refusal } from '../../../peer/select/arms.ts'
import { SelectionBook } from '../../../peer/select/book.ts'
import type { Choice } from '../../../peer/select/selector.ts'
import type { SelectionSettings } from '../../../peer/select/settings.ts'
import { uniform } from '../../sim/random.ts'

export type Pick = (arms: readonly Arm[], ask: Ask, index: number) => Arm | undefined

/** Chooses by `pick` where CS-UCB would by what it learned. Deadlines are no constraint here: no other policy knows them. */
class PolicyBook extends SelectionBook {
  readonly #pick: Pick
  #index = 0

  constructor(settings: SelectionSettings, now: number, pick: Pick) {
    super(settings, now)
    this.#pick = pick
  }

  override choose(ask: Ask, arms: readonly Arm[]): Choice {
    const judged = arms.map(arm => ({ arm, why: refusal(arm, ask, this.ledger) }))
    const allowed = judged.flatMap(({ arm, why }) => (why === undefined || why === 'deadline' ? [arm] : []))
    const refused = judged.flatMap(({ arm, why }) => (why === undefined || why === 'deadline' ? [] : [{ arm: arm.id, why }]))
    const chosen = this.#pick(allowed, ask, this.#index++)
    return { arm: chosen?.id, reason: chosen === undefined ? 'none' : 'only', scores: [], refused }
  }
}

const place = (wanted: Arm['place']) => (arms: readonly Arm[]) => arms.find(arm => arm.place === wanted)
const RANDOM = 21

export const POLICIES: Record<string, (settings: SelectionSettings, now: number, seed: number) => SelectionBook> = {
  'CS-UCB': (settings, now) => new SelectionBook(settings, now),
  'edge only': (settings, now) => new PolicyBook(settings, now, place('edge')),
  'cloud only': (settings, now) => new PolicyBook(settings, now, place('cloud')),
  random: (settings, now, seed) =>
    new PolicyBook(settings, now, (arms, _, index) => arms[Math.floor(uniform(seed, RANDOM, index) * arms.length)]),
  'greedy latency': (settings, now) =>
    new PolicyBook(settings, now, (arms, ask) => {
      const time = (arm: Arm) => {
        const { firstTokenMs, perTokenMs } = estimate(arm, ask)
        return firstTokenMs + perTokenMs * ask.maxTokens
      }
      return arms.reduce<Arm | undefined>((best, arm) => (best === undefined || time(arm) < time(best) ? arm : best), undefined)
    })
}
