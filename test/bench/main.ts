/**
 * `npm run bench [-- NAME …] [--quick] [--json FILE]`: how fast Shoal is beside what else there is, on this machine. Prints
 * tables; says which goals are met and fails for none of them, since no machine's pace is promised.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { BenchContext } from './bench.ts'
import { BENCHES, ON_REQUEST } from './benches.ts'
import { describeMachine, findAdapter } from './machine.ts'
import { type Report, tables, verdict } from './report.ts'
import type { Row } from './rows.ts'

/** A quick run's benchmarks stop measuring by then and are stopped a little later. */
const QUICK_MS = 44_000
const QUICK_STOP_MS = 48_000

async function runBenches(
  names: readonly string[],
  quick: boolean,
  interrupt: AbortSignal
): Promise<{ report: Report; failed: boolean }> {
  const startedAt = performance.now()
  const signal = quick ? AbortSignal.any([interrupt, AbortSignal.timeout(QUICK_STOP_MS)]) : interrupt
  const cache = join(import.meta.dirname, '.cache')
  await mkdir(cache, { recursive: true })
  const machine = await describeMachine()
  const adapter = await findAdapter()
  const commands = [`npm run bench -- ${process.argv.slice(2).join(' ')}`.trimEnd()]
  const rows: Row[] = []
  let failed = false
  for (const [index, name] of names.entries()) {
    const left = startedAt + QUICK_MS - performance.now()
    const context: BenchContext = {
      quick,
      deadline: quick ? performance.now() + left / (names.length - index) : Infinity,
      signal,
      adapter,
      cache,
      log: line => console.error(`${name}: ${line}`),
      command: line => commands.push(line)
    }
    try {
      signal.throwIfAborted()
      const bench = await BENCHES[name]!()
      rows.push(...(await bench.run(context)))
    } catch (error) {
      const reason = signal.aborted ? (interrupt.aborted ? 'interrupted' : 'no time left in a quick run') : String(error)
      if (!signal.aborted) {
        failed = true
        console.error(error)
      }
      rows.push({ bench: name, name, notRun: reason })
    }
  }
  return { report: { machine, adapter: adapter ?? null, commands, rows }, failed }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, json: { type: 'string' } }
})
const unknown = positionals.find(name => !Object.hasOwn(BENCHES, name))
if (unknown !== undefined) {
  console.error(`bench: none is called ${unknown}; there are ${Object.keys(BENCHES).join(', ')}`)
  console.error('usage: npm run bench -- [NAME …] [--quick] [--json FILE]')
  process.exitCode = 2
} else {
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort(new Error(signal)))
  const names =
    positionals.length > 0 ? [...new Set(positionals)] : Object.keys(BENCHES).filter(name => !ON_REQUEST.includes(name))
  const { report, failed } = await runBenches(names, values.quick, interrupt.signal)
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(report, null, 1)}\n`)
  const { machine } = report
  console.log(
    `${machine.processor}, ${machine.cores} cores; ${report.adapter === null ? 'no WebGPU adapter' : (report.adapter as { name: string }).name}`
  )
  console.log(`\n${tables(report.rows)}\n\n${verdict(report.rows)}`)
  if (interrupt.signal.aborted) process.exitCode = 130
  else if (failed) process.exitCode = 1
}
