/**
 * `npm run test:faults`: the unit tests' fault schedules by the ten thousand. `--runs` and `--seed` say how many and
 * which; `--path`, from a failure's message, goes straight to its shrunk counterexample.
 */
import { parseArgs } from 'node:util'
import { checkFaultSchedules } from '../unit/host/fault-schedules.ts'

const USAGE = 'usage: npm run test:faults -- [--runs N] [--seed N] [--path PATH]'

/** Reads an option or its variable; NaN when it is no number. */
function count(option: string | undefined, variable: string, otherwise: number): number {
  const text = option ?? process.env[variable]
  return text === undefined ? otherwise : /^-?\d+$/.test(text) ? Number(text) : Number.NaN
}

const { values } = parseArgs({ options: { runs: { type: 'string' }, seed: { type: 'string' }, path: { type: 'string' } } })
const numRuns = count(values.runs, 'FAULT_RUNS', 20_000)
const seed = count(values.seed, 'FAULT_SEED', Math.floor(Math.random() * 2 ** 31))
if (!(Number.isSafeInteger(numRuns) && numRuns > 0 && Number.isSafeInteger(seed))) {
  console.error(USAGE)
  process.exitCode = 2
} else {
  console.log(`${numRuns} fault schedules, seed ${seed}`)
  const startedAt = performance.now()
  try {
    await checkFaultSchedules({ numRuns, seed, ...(values.path === undefined ? {} : { path: values.path }) })
    console.log(`all survived in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`)
  } catch (error) {
    console.error(error)
    process.exitCode = 1
  }
}
