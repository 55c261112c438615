/** What the runs of one policy come to, one sample a seed. */
import type { ArmTotals } from '../../../peer/select/book.ts'
import { type Row, valueRow } from '../rows.ts'
import type { Served } from './reader.ts'
import type { Run } from './run.ts'
import type { ClassName } from './stream.ts'

export function rowsOf(policy: string, runs: readonly Run[]): Row[] {
  const row = (name: string, unit: string, of: (run: Run) => number, note?: string) =>
    valueRow({ bench: 'selector', name: `${policy}: ${name}`, unit, note }, runs.map(of))
  const thousand = (of: (totals: ArmTotals) => number) => (run: Run) =>
    (1_000 * sum([...run.totals.values()], of)) / run.served.length
  return [
    row('within the deadlines', '%', run => share(run.served), byPhase(runs)),
    row(
      'answered',
      '%',
      run => (100 * run.served.filter(({ answered }) => answered).length) / run.served.length,
      `of ${runs[0]!.served.length} requests a seed`
    ),
    row('mean time to the first word', 'ms', run => {
      const times = run.served.flatMap(({ firstMs }) => firstMs ?? [])
      return sum(times, each => each) / Math.max(1, times.length)
    }),
    row(
      'money of 1,000 requests',
      '',
      thousand(({ money }) => money)
    ),
    row('energy of 1,000 requests', 'kJ', run => thousand(({ joules }) => joules)(run) / 1_000),
    row('switches of arm', '', run => switches(run, 'asking') + switches(run, 'batch')),
    row('second legs', '', run => run.secondLegs)
  ]
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, each) => total + of(each), 0)
}

function share(served: readonly Served[]): number {
  return (100 * served.filter(({ metDeadlines }) => metDeadlines).length) / Math.max(1, served.length)
}

/** How often the class's requests went elsewhere than the one before. */
function switches({ served, firstArms }: Run, wanted: ClassName): number {
  const arms = firstArms.filter((_, index) => served[index]!.asked.class === wanted)
  return arms.filter((arm, index) => index > 0 && arm !== arms[index - 1]).length
}

function byPhase(runs: readonly Run[]): string {
  const all = runs.flatMap(({ served, phases, firstArms }) =>
    served.map((each, index) => ({ each, phase: phases[index]!, arm: firstArms[index] }))
  )
  const phases = [...Map.groupBy(all, ({ phase }) => phase)].map(([phase, own]) => {
    const edge = own.filter(({ arm }) => arm?.startsWith('edge:')).length
    return `${phase} ${share(own.map(({ each }) => each)).toFixed(0)}% (first to the edge ${((100 * edge) / own.length).toFixed(0)}%)`
  })
  return phases.join(', ')
}
