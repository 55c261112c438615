/**
 * The policies compared. PerLLM's baselines have no public code: the stand-ins below keep what the paper says sets each
 * apart, and say so.
 */
import type { Arm } from '../../peer/select/arms.ts'
import { estimate } from '../../peer/select/arms.ts'
import type { Outcome } from '../../peer/select/reward.ts'
import type { Pull, SelectorOptions, SelectorState } from '../../peer/select/selector.ts'
import { finished, newSelector, select, started } from '../../peer/select/selector.ts'
import { uniform } from './random.ts'
import type { Request } from './world.ts'

/** Knows each request's reward on every arm beforehand and takes the best: no baseline, but what of a goal one can reach request by request. */
export const ORACLE = 'oracle'

export interface Policy {
  name: string
  /** `rewards`, in the order of the arms, is what each would bring: for the oracle alone. */
  choose: (request: Request, arms: readonly Arm[], rewards: readonly number[]) => string
  /** When the request is sent; at once when absent. */
  sendAt?: (now: number) => number
  /** Called when an answer has ended, with its reward. */
  learn?: (request: Request, arm: string, outcome: Outcome, reward: number) => void
}

export function csUcb(options: SelectorOptions): Policy {
  let state: SelectorState = newSelector()
  const pulls = new Map<number, Pull>()
  return {
    name: 'CS-UCB',
    choose: ({ ask, index }, arms) => {
      const { arm } = select(state, ask, arms, undefined, options)
      if (arm === undefined) throw new RangeError('No arm may serve the request')
      const begun = started(state, ask, arms.find(({ id }) => id === arm)!)
      state = begun.state
      pulls.set(index, begun.pull)
      return arm
    },
    learn: ({ index }, _arm, outcome) => {
      state = finished(state, pulls.get(index)!, outcome, options)
      pulls.delete(index)
    }
  }
}

interface Mean {
  count: number
  value: number
}

/** Means by (class, arm), for the policies that learn plainly. */
class Means {
  readonly #means = new Map<string, Mean>()
  total = 0

  of({ ask }: Request, arm: string): Mean {
    return this.#means.get(`${ask.class.name}/${arm}`) ?? { count: 0, value: 0 }
  }

  add(request: Request, arm: string, value: number): void {
    const { count, value: before } = this.of(request, arm)
    this.#means.set(`${request.ask.class.name}/${arm}`, { count: count + 1, value: before + (value - before) / (count + 1) })
    this.total++
  }
}

function highest(arms: readonly Arm[], value: (arm: Arm) => number): string {
  return arms.reduce((best, arm) => (value(arm) > value(best) ? arm : best)).id
}

/** UCB1 (Auer 2002) per class on the same reward: no constraints, nothing fades, nothing in flight counts. */
function ucb1(): Policy {
  const means = new Means()
  return {
    name: 'UCB1',
    choose: (request, arms) =>
      highest(arms, ({ id }) => {
        const { count, value } = means.of(request, id)
        return count === 0 ? Number.POSITIVE_INFINITY : value + Math.sqrt((2 * Math.log(means.total)) / count)
      }),
    learn: (request, arm, _outcome, reward) => means.add(request, arm, reward)
  }
}

/** Stand-in for AGOD (a diffusion policy trained by reinforcement): the best mean reward per class, at random once in ten. */
function agod(seed: number): Policy {
  const means = new Means()
  return {
    name: 'AGOD*',
    choose: (request, arms) => {
      if (uniform(seed, 300, request.index) < 0.1) return arms[Math.floor(uniform(seed, 301, request.index) * arms.length)]!.id
      return highest(arms, ({ id }) => means.of(request, id).value)
    },
    learn: (request, arm, _outcome, reward) => means.add(request, arm, reward)
  }
}

/**
 * Stand-in for RewardlessGuidance (active inference): no reward; prefers what it expects to end soonest and what it knows
 * least about. Expected time is learned, and queues are seen.
 */
function rewardless(): Policy {
  const means = new Means()
  return {
    name: 'RewardlessGuidance*',
    choose: (request, arms) =>
      highest(arms, ({ id, waitMs }) => {
        const { count, value } = means.of(request, id)
        return count === 0 ? Number.POSITIVE_INFINITY : 1_000 / Math.sqrt(count) - value - waitMs
      }),
    learn: (request, arm, { startedAt, endedAt }) => means.add(request, arm, endedAt - startedAt)
  }
}

/** Stand-in for FineInfer (cloud serving with deferred continuous batching): all to the cloud, let in every 200 ms. */
function fineInfer(): Policy {
  return { name: 'FineInfer*', choose: () => 'cloud', sendAt: now => Math.ceil(now / 200) * 200 }
}

export function policies(seed: number, options: SelectorOptions): Policy[] {
  let turn = 0
  const leastTime = (request: Request) => (arm: Arm) => {
    const { firstTokenMs, perTokenMs } = estimate(arm, request.ask)
    return -firstTokenMs - perTokenMs * request.completionTokens
  }
  return [
    csUcb(options),
    ucb1(),
    { name: 'random', choose: ({ index }, arms) => arms[Math.floor(uniform(seed, 302, index) * arms.length)]!.id },
    { name: 'round-robin', choose: (_, arms) => arms[turn++ % arms.length]!.id },
    { name: 'all-cloud', choose: () => 'cloud' },
    // The edge server that frees up first.
    { name: 'all-edge', choose: (_, arms) => highest(arms, ({ place, waitMs }) => (place === 'edge' ? -waitMs : -1e12)) },
    // The least estimated time, answer length known, as no real greedy policy would know it.
    { name: 'greedy latency', choose: (request, arms) => highest(arms, leastTime(request)) },
    fineInfer(),
    agod(seed),
    rewardless(),
    { name: ORACLE, choose: (_, arms, rewards) => arms[rewards.indexOf(Math.max(...rewards))]!.id }
  ]
}
