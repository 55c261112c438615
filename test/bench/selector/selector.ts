/**
 * Edge or cloud, live: the same requests of two classes, through the same good and bad times of a real edge and of a real
 * cloud with a price, once with each policy.
 */
import type { Bench, BenchContext } from '../bench.ts'
import { type Row, valueRow } from '../rows.ts'
import { openPlace, type Place } from './place.ts'
import { POLICIES } from './policies.ts'
import { TOKENS } from './reader.ts'
import { rowsOf } from './rows.ts'
import { measurePaces, type Run, runPolicy } from './run.ts'
import { type Paces, PHASES_OF_A_RUN } from './stream.ts'

/** As many of them as there is time for. */
const SEEDS = [1, 2, 3]
/** A full run ends within six minutes: a seed is begun only if as long as the one before it fits, a run is not begun past it. */
const FULL_MS = 320_000
/** Requests of a phase: fewer than the first teach nothing; on a slower machine as many as fit. */
const LEAST_REQUESTS = 4
const MOST_REQUESTS = 12
/** What bad times, retries and impatience make of an answer's time, on average. */
const BAD_TIMES = 3
const MEASURED_ANSWERS = 8
/** What a quick run has time for. */
const QUICK = { only: ['both fine', 'cloud failing', 'edge slow'], count: 2 }
const QUICK_MEASURED_ANSWERS = 3

export const selector: Bench = {
  name: 'selector',
  run: async context => {
    const { adapter, signal, quick, log } = context
    if (adapter === undefined) return [{ bench: 'selector', name: 'policies', notRun: 'no WebGPU adapter' }]
    const startedAt = performance.now()
    log('starting an edge of two peers and a cloud of one')
    const place = await openPlace(signal)
    try {
      const paces = await measurePaces(place, quick ? QUICK_MEASURED_ANSWERS : MEASURED_ANSWERS, signal)
      const deadline = quick ? context.deadline : startedAt + FULL_MS
      const what = quick ? QUICK : { count: requestsOfAPhase(paces, deadline - performance.now()) }
      const rows = await comparePolicies(place, paces, what, deadline, context)
      return [...paceRows(paces), ...rows]
    } finally {
      await place.close()
    }
  }
}

/** So many that all policies are through with at least one seed. */
function requestsOfAPhase({ edge, cloud }: Paces, leftMs: number): number {
  const answerMs = Math.max(...[edge, cloud].map(({ firstMs, pieceMs }) => firstMs + TOKENS * pieceMs)) * BAD_TIMES
  const phases = PHASES_OF_A_RUN * Object.keys(POLICIES).length
  return Math.max(LEAST_REQUESTS, Math.min(MOST_REQUESTS, Math.floor(leftMs / answerMs / phases)))
}

function paceRows(paces: Paces): Row[] {
  return (['edge', 'cloud'] as const).flatMap(arm => [
    valueRow({ bench: 'selector', name: `${arm} left alone: time to the first word`, unit: 'ms' }, [paces[arm].firstMs]),
    valueRow({ bench: 'selector', name: `${arm} left alone: each piece after it`, unit: 'ms' }, [paces[arm].pieceMs])
  ])
}

/** Seed by seed, so that what there was time for compares all policies on the same requests. */
async function comparePolicies(
  place: Place,
  paces: Paces,
  what: { only?: readonly string[]; count: number },
  deadline: number,
  context: BenchContext
): Promise<Row[]> {
  const { quick, signal, log } = context
  const runs = new Map<string, Run[]>()
  const missing: Row[] = []
  let longest = 0
  for (const seed of quick ? SEEDS.slice(0, 1) : SEEDS) {
    const startedAt = performance.now()
    if (longest > 0 && startedAt + longest > deadline) break
    for (const name of Object.keys(POLICIES)) {
      signal.throwIfAborted()
      if (performance.now() > deadline) {
        missing.push({ bench: 'selector', name, notRun: `no time left for seed ${seed}` })
        continue
      }
      const run = await runPolicy(name, seed, place, paces, what, signal)
      runs.set(name, [...(runs.get(name) ?? []), run])
      const met = run.served.filter(({ metDeadlines }) => metDeadlines).length
      log(`seed ${seed}, ${name}: ${met} of ${run.served.length} within the deadlines, ${(run.ms / 1_000).toFixed(1)} s`)
    }
    longest = Math.max(longest, performance.now() - startedAt)
  }
  return [...[...runs].flatMap(([name, each]) => rowsOf(name, each)), ...missing]
}
