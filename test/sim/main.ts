/** `npm run sim -- selector`: which policy serves PerLLM's setting best. The held-out seeds, unless a seed is named. */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { SELECTOR_OPTIONS } from '../../peer/select/selector.ts'
import { policies } from './policies.ts'
import { writeResults } from './report.ts'
import { runPolicy } from './run.ts'
import { HELD_OUT_SEEDS, SCENARIOS } from './setting.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string' }, json: { type: 'string' } }
})
const seed = values.seed === undefined ? undefined : Number(values.seed)
if (positionals.join() !== 'selector' || (seed !== undefined && !Number.isSafeInteger(seed))) {
  console.error('usage: npm run sim -- selector [--seed N] [--json FILE]')
  process.exitCode = 2
} else {
  const seeds = seed === undefined ? HELD_OUT_SEEDS : [seed]
  const results = SCENARIOS.flatMap(scenario =>
    seeds.flatMap(each => policies(each, SELECTOR_OPTIONS).map(policy => runPolicy(policy, scenario, each)))
  )
  const text = await writeResults(results, seeds, seed === undefined)
  console.log(text)
  if (values.json !== undefined)
    await writeFile(
      values.json,
      `${JSON.stringify(
        results.map(({ went: _, ...rest }) => rest),
        null,
        1
      )}\n`
    )
}
