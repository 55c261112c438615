/**
 * Measures several things alternately: the machine's own pace changes within a run, so things are comparable only where each
 * round measures all of them.
 */

export interface MeasureOptions {
  /** At most. */
  rounds: number
  /** Rounds that run whatever the deadline; default 1. */
  leastRounds?: number
  /** Rounds before, not kept; default 1. The first run of anything compiles and allocates. */
  warmUps?: number
  /** `performance.now()` after which no round starts that would probably end later; default none. */
  deadline?: number
  signal?: AbortSignal
  /** Injected by tests. */
  now?: () => number
}

/**
 * Runs each of `contestants` once a round, the order turned round every other round so that drift weighs on all alike, and
 * returns what each returned, round by round. @throws what a contestant throws, the signal's reason
 */
export async function measureAlternately<Name extends string, Sample>(
  contestants: Record<Name, () => Promise<Sample>>,
  options: MeasureOptions
): Promise<Record<Name, Sample[]>> {
  const { rounds, leastRounds = 1, warmUps = 1, deadline = Infinity, signal, now = () => performance.now() } = options
  const names = Object.keys(contestants) as Name[]
  const samples = Object.fromEntries(names.map(name => [name, [] as Sample[]])) as Record<Name, Sample[]>
  let longest = 0
  for (let round = -warmUps; round < rounds; round++) {
    const startedAt = now()
    if (round >= leastRounds && startedAt + longest > deadline) break
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      signal?.throwIfAborted()
      const sample = await contestants[name]()
      if (round >= 0) samples[name].push(sample)
    }
    // A warm-up takes longer than a round and says nothing about it.
    if (round >= 0) longest = Math.max(longest, now() - startedAt)
  }
  return samples
}

/** Milliseconds that `run` takes. */
export async function timed(run: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await run()
  return performance.now() - startedAt
}
