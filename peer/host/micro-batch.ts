/**
 * How many sessions decode together in one run. One batch of all of them leaves a hop idle while its tokens are on their way
 * through the rest of the chain; several smaller ones keep every hop of it busy, for which each reads all weights. MoLink
 * (arXiv 2507.05043) takes the fewest B with (B − P) · T(n/B) ≥ P · T_link, where the runs of a round fill the way round; this
 * stops earlier where more batches bring next to nothing. A function of values.
 */

/** Another number of batches must be better by this much: it costs energy, and runs vary by more from one to the next. */
const WORTH = 0.95

export interface Round {
  /** That decode at this hop. */
  sessions: number
  /** Of their chain. */
  hops: number
  /** All links of the chain once round. */
  linksMs: number
  /** Of a run with so many sessions, on this hop and as good as any on the others. */
  runMs: (sessions: number) => number
}

/** Sessions a run. The time until each has got a token more decides: the runs one after the other, or the way round, whichever is longer. */
export function microBatchSize({ sessions, hops, linksMs, runMs }: Round): number {
  const roundMs = (batches: number) => {
    const ms = runMs(Math.ceil(sessions / batches))
    return Math.max(batches * ms, hops * ms + linksMs)
  }
  let best = 1
  for (let batches = 2; batches <= sessions; batches++) if (roundMs(batches) < WORTH * roundMs(best)) best = batches
  return Math.ceil(sessions / best)
}
