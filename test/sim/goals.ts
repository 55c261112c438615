/** What the selector is to reach in PerLLM's setting, against the results: each with its figure, met or not. */
import { meansOf } from './means.ts'
import { ORACLE } from './policies.ts'
import type { Result } from './run.ts'
import { REQUESTS, SLOWED_SERVER } from './setting.ts'

const percent = (share: number) => `${(share * 100).toFixed(0)} %`

export function goals(results: readonly Result[]): string {
  const text: string[] = []
  const say = (met: boolean, what: string) => text.push(`- ${met ? 'met' : '**not met**'}: ${what}`)
  for (const scenario of ['stable', 'fluctuating'] as const) {
    const means = meansOf(results.filter(result => result.scenario === scenario))
    const ours = means.find(({ policy }) => policy === 'CS-UCB')!
    const named = (name: string) => means.find(({ policy }) => policy === name)!
    const others = means.filter(result => result !== ours && result.policy !== ORACLE)
    const rates = others.map(({ throughput }) => throughput)
    const weakest = ours.throughput / Math.min(...rates)
    const best = ours.throughput / Math.max(...rates)
    say(weakest >= 2.1, `${scenario}: throughput ${weakest.toFixed(2)}× the weakest baseline (goal 2.1×)`)
    say(best >= 1.2, `${scenario}: throughput ${best.toFixed(2)}× the best baseline (goal 1.2×)`)
    const inTime = ours.goodput / Math.max(...others.map(({ goodput }) => goodput))
    text.push(`- for comparison: ${scenario}: tokens in time ${inTime.toFixed(2)}× the best baseline`)
    say(ours.success >= 0.95, `${scenario}: SLO success ${(ours.success * 100).toFixed(1)} % (goal 95 %)`)
    const saved = 1 - ours.energy / named('all-cloud').energy
    const oracleSaved = 1 - named(ORACLE).energy / named('all-cloud').energy
    say(saved >= 0.5, `${scenario}: energy ${percent(saved)} below all-cloud (goal 50 %; the oracle ${percent(oracleSaved)})`)
    const falls = [1, 2, 3].every(quarter => ours.regret[quarter]! < ours.regret[quarter - 1]!)
    say(falls, `${scenario}: regret falls each quarter: ${ours.regret.map(value => value.toFixed(3)).join(', ')}`)
    const share = ours.regret[3]! / ours.oracle[3]!
    say(share <= 0.05, `${scenario}: last quarter's regret ${(share * 100).toFixed(1)} % of the oracle's reward (goal 5 %)`)
    const plain = named('UCB1').regret[3]!
    say(
      ours.regret[3]! <= plain,
      `${scenario}: last quarter's regret ${ours.regret[3]!.toFixed(3)}, plain UCB1's ${plain.toFixed(3)}`
    )
  }
  const slowed = results.filter(({ policy, scenario }) => policy === 'CS-UCB' && scenario === 'slowed')
  const third = Math.ceil(REQUESTS / 3)
  const share = (from: number, count: number) => {
    const went = slowed.flatMap(result => result.went.slice(from, from + count))
    return (100 * went.filter(arm => arm === SLOWED_SERVER).length) / went.length
  }
  const [before, left, back] = [share(third - 200, 200), share(third + 50, 200), share(2 * third + 50, 200)]
  say(
    left < before / 3,
    `slowed: ${SLOWED_SERVER} has ${before.toFixed(0)} % before, ${left.toFixed(0)} % from 50 requests after it turned 10× slower`
  )
  say(back > before / 2, `slowed: ${SLOWED_SERVER} has ${back.toFixed(0)} % again from 50 requests after it recovered`)
  return text.join('\n')
}
