/**
 * `npm run soak -- --minutes N`: runs the soak and prints its figures. `--seed` says which faults and questions, `--json`
 * where to keep the figures, every sample among them.
 */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { table } from '../../peer/cli/table.ts'
import { megabytes, percent, soak } from './soak.ts'

const USAGE = 'usage: npm run soak -- [--minutes N] [--seed N] [--json FILE]'

const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' }, json: { type: 'string' } } })
const minutes = Number(values.minutes ?? 3)
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

if (!(minutes > 0 && minutes <= 24 * 60 && Number.isSafeInteger(seed))) {
  console.error(USAGE)
  process.exitCode = 2
} else {
  console.log(`${minutes} minutes, seed ${seed}`)
  const figures = await soak({ minutes, seed, onProgress: line => console.log(line) })
  const { answers, faults, processes, violations } = figures
  console.log(
    `\n${answers.whole} answers of ${answers.tokens} tokens, ${answers.recovered} of them recovered, ${answers.recoveries} times, at longest ${(answers.longestPauseMs / 1000).toFixed(1)} s`
  )
  console.log(
    Object.entries(faults)
      .map(([what, count]) => `${what} ${count}`)
      .join(', ')
  )
  const rows = processes.map(({ name, firstBytes, lastBytes, resident, anonymous, mostBytes }) => [
    name,
    megabytes(firstBytes),
    megabytes(lastBytes),
    percent(resident.growth),
    percent(resident.leastSquares),
    percent(resident.rise),
    percent(anonymous.growth),
    megabytes(mostBytes)
  ])
  console.log('\nRSS after collections in the last half, its slope per 10 minutes (median of pairs, least squares), its rise')
  const head = ['process', 'first', 'last', 'slope', 'by squares', 'rise', 'slope without files', 'most at any time']
  console.log(table(head, rows))
  console.log(violations.length === 0 ? '\nno violation' : `\n${violations.length} violations:\n${violations.join('\n')}`)
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(figures, null, 1)}\n`)
  if (violations.length > 0) process.exitCode = 1
}
