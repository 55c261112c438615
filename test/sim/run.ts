/** One policy through one run, measured: success, throughput, time, energy and regret. */
import { rewardOf, sampleOf } from '../../peer/select/reward.ts'
import type { Policy } from './policies.ts'
import type { Scenario } from './setting.ts'
import { REQUESTS, SERVERS } from './setting.ts'
import type { Request, Trial } from './world.ts'
import { requestsOf, World } from './world.ts'

export interface Result {
  policy: string
  scenario: Scenario
  seed: number
  /** Shares of requests that met both deadlines, 0 to 1. */
  success: number
  /** Tokens of answers per second until the last ended; and of those that met their deadlines. */
  throughput: number
  goodput: number
  meanMs: number
  /** Joules: compute, transmission and rest. */
  energy: number
  cloudShare: number
  /** Per request and quarter of the run: the oracle's best reward less the policy's, and the oracle's reward. */
  regret: number[]
  oracle: number[]
  /** Which arm each request went to. */
  went: string[]
}

export function runPolicy(policy: Policy, scenario: Scenario, seed: number): Result {
  const world = new World(seed, scenario)
  const pending: { request: Request; arm: string; trial: Trial; reward: number }[] = []
  const quarter = (index: number) => Math.floor((index * 4) / REQUESTS)
  const total = { met: 0, tokens: 0, metTokens: 0, ms: 0, energy: 0, end: 0, cloud: 0 }
  const regret = [0, 0, 0, 0]
  const oracle = [0, 0, 0, 0]
  const went: string[] = []
  for (const request of requestsOf(seed)) {
    const { now } = request.ask
    // In order of ending: what a policy learns, it learns when an answer has ended.
    while (pending.length > 0 && pending[0]!.trial.outcome.endedAt <= now) {
      const { request: past, arm, trial, reward } = pending.shift()!
      policy.learn?.(past, arm, trial.outcome, reward)
    }
    const trials = SERVERS.map(({ id }) => world.try(id, request))
    // Energy counts by the dearest arm's for this request: 0 to 1, as the selector normalises it.
    const dearest = Math.max(...trials.map(({ outcome }) => sampleOf(request.ask.class, outcome)!.energy))
    const rewardIn = ({ outcome }: Trial) =>
      rewardOf(request.ask.class, sampleOf(request.ask.class, outcome)!, { energy: dearest, money: 0 })
    const rewards = trials.map(rewardIn)
    const best = Math.max(...rewards)
    const arm = policy.choose(request, world.arms(now), rewards)
    const trial = world.try(arm, request, policy.sendAt?.(now))
    const reward = rewardIn(trial)
    world.commit(arm, request, trial)
    const { outcome } = trial
    const at = pending.findLastIndex(other => other.trial.outcome.endedAt <= outcome.endedAt)
    pending.splice(at + 1, 0, { request, arm, trial, reward })
    regret[quarter(request.index)]! += ((best - reward) * 4) / REQUESTS
    oracle[quarter(request.index)]! += (best * 4) / REQUESTS
    const met = !sampleOf(request.ask.class, outcome)!.violated
    went.push(arm)
    total.met += met ? 1 : 0
    total.tokens += outcome.completionTokens
    total.metTokens += met ? outcome.completionTokens : 0
    total.ms += outcome.endedAt - now
    total.energy += outcome.energy
    total.end = Math.max(total.end, outcome.endedAt)
    total.cloud += arm === 'cloud' ? 1 : 0
  }
  return {
    policy: policy.name,
    scenario,
    seed,
    success: total.met / REQUESTS,
    throughput: (total.tokens / total.end) * 1_000,
    goodput: (total.metTokens / total.end) * 1_000,
    meanMs: total.ms / REQUESTS,
    energy: total.energy + world.idleEnergy(total.end),
    cloudShare: total.cloud / REQUESTS,
    regret,
    oracle,
    went
  }
}
