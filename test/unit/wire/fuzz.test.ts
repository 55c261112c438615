/** 10,000 hostile inputs, another set each time; `npm run fuzz` runs them by the minute. */
import { test } from 'node:test'
import { fuzzTargets } from './fuzz-frames.ts'

const seed = Math.floor(Math.random() * 2 ** 31)

for (const { name, run } of fuzzTargets)
  test(`hostile bytes: ${name}`, { timeout: 60_000 }, async () => {
    await run({ runs: 10_000, seed })
  })
