/**
 * `npm run fuzz -- --minutes N`: hostile bytes against every decoder, round after round with another seed. A failure is
 * printed shrunk, with its seed and path; `--target NAME --seed N --path PATH` goes straight to it.
 */
import { parseArgs } from 'node:util'
import { fuzzTargets } from '../unit/wire/fuzz-frames.ts'

const USAGE = 'usage: npm run fuzz -- [--minutes N] [--target NAME] [--seed N] [--path PATH]'
const RUNS_PER_ROUND = 10_000

const { values } = parseArgs({
  options: { minutes: { type: 'string' }, target: { type: 'string' }, seed: { type: 'string' }, path: { type: 'string' } }
})
const minutes = Number(values.minutes ?? 1)
const firstSeed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
const targets = fuzzTargets.filter(({ name }) => values.target === undefined || name.startsWith(values.target))
if (!(minutes > 0) || !Number.isSafeInteger(firstSeed) || targets.length === 0) {
  console.error(USAGE)
  console.error(`targets: ${fuzzTargets.map(({ name }) => name).join('; ')}`)
  process.exitCode = 2
} else {
  await fuzz()
}

async function fuzz(): Promise<void> {
  const end = performance.now() + minutes * 60_000
  const { path } = values
  let cases = 0
  for (let seed = firstSeed; performance.now() < end; seed++)
    for (const { name, run } of targets) {
      try {
        cases += await run({ runs: RUNS_PER_ROUND, seed, ...(path === undefined ? {} : { path }) })
      } catch (error) {
        console.error(`${name}, seed ${seed}:`)
        console.error(error)
        process.exitCode = 1
        return
      }
      if (path !== undefined) return
    }
  console.log(`${cases} hostile inputs from seed ${firstSeed} on, each refused or understood`)
}
