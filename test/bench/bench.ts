/**
 * The seam between the runner and a benchmark. A benchmark is one module that exports one of these, and a line in
 * benches.ts.
 */
import type { AdapterDescription } from '../../peer/engine/adapter-description.ts'
import type { Row } from './rows.ts'

export interface Bench {
  name: string
  /** Rows may be fewer when the time is spent; what could not be measured is a NotRunRow. */
  run: (context: BenchContext) => Promise<Row[]>
}

export interface BenchContext {
  /** Smallest models, fewest rounds: the whole run ends within 50 s. */
  quick: boolean
  /** `performance.now()` by which the benchmark should be done; far away unless quick. */
  deadline: number
  /** Aborts when the user interrupts or a quick run is at its end. Whatever waits must take it. */
  signal: AbortSignal
  /** Undefined where WebGPU has none; opening a device is the benchmark's own affair. */
  adapter: AdapterDescription | undefined
  /** A folder for models and other files that are dear to make: kept between runs, ignored by git. */
  cache: string
  /** Says on stderr what is going on. */
  log: (line: string) => void
  /** Keeps a command line that was run, for the report. */
  command: (line: string) => void
}
