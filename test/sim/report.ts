/** The results as Markdown tables and as SVG plots; kept beside the simulator only for the held-out seeds. */
import { mkdir, writeFile } from 'node:fs/promises'
import { goals } from './goals.ts'
import { meansOf } from './means.ts'
import { lines } from './plot.ts'
import { reasons } from './reasons.ts'
import type { Result } from './run.ts'
import { SCENARIOS } from './setting.ts'

const RESULTS = new URL('results/', import.meta.url)

/** Returns the text of the tables. */
export async function writeResults(results: readonly Result[], seeds: readonly number[], keep: boolean): Promise<string> {
  const sections = SCENARIOS.map(scenario => {
    const rows = meansOf(results.filter(result => result.scenario === scenario)).map(
      ({ policy, success, throughput, goodput, meanMs, energy, cloudShare, regret, oracle }) => [
        policy,
        (success * 100).toFixed(1),
        throughput.toFixed(0),
        goodput.toFixed(0),
        (meanMs / 1_000).toFixed(2),
        (energy / 1_000).toFixed(0),
        (cloudShare * 100).toFixed(0),
        ...regret.map(value => value.toFixed(3)),
        oracle[3]!.toFixed(3)
      ]
    )
    const head = [
      'policy',
      'SLO %',
      'tokens/s',
      'in time',
      'mean s',
      'energy kJ',
      'cloud %',
      'regret Q1',
      'Q2',
      'Q3',
      'Q4',
      'oracle Q4'
    ]
    return `## ${scenario}\n\n${markdown(head, rows)}${keep ? `\n\n![Regret per request and quarter](regret-${scenario}.svg)` : ''}`
  })
  const note = `Means over seeds ${seeds.join(', ')}. \`*\`: stand-in, see \`policies.ts\`. 'in time': tokens/s of answers that met their deadlines. Regret: per request, by quarter of the run, against the best arm for that request in the policy's own queues; plots leave out what exceeds 1.`
  const text = [
    '# Selector, simulated',
    note,
    ...sections,
    `## Goals\n\n${goals(results)}`,
    ...(keep ? [`## Why\n\n${reasons(results)}`] : [])
  ].join('\n\n')
  if (keep) {
    await mkdir(RESULTS, { recursive: true })
    await writeFile(new URL('selector.md', RESULTS), `${text}\n`)
    for (const scenario of SCENARIOS) {
      const shown = meansOf(results.filter(result => result.scenario === scenario)).filter(
        ({ regret }) => Math.max(...regret) < 1
      )
      const curves = shown.map(({ policy, regret }) => ({ name: policy, values: regret }))
      await writeFile(
        new URL(`regret-${scenario}.svg`, RESULTS),
        lines(`Regret per request, ${scenario}`, 'quarter of the run', curves)
      )
    }
  }
  return text
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, column) => (column === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n')
}
