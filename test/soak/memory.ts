/** How much memory processes take over time, and whether it grows. */
import { readFile } from 'node:fs/promises'

export interface MemorySample {
  /** Since the run began, ms. */
  at: number
  /** Resident bytes. */
  rss: number
  /** Of these what no file backs: the rest, program text above all, comes and goes as the kernel likes. */
  anonymous: number
  /** Whether garbage was collected just before. */
  collected: boolean
}

/** What the kernel says of a process at some moment. */
export type Resident = Pick<MemorySample, 'rss' | 'anonymous'>

/** Resident bytes of a process, undefined when it is gone. Linux only: https://man7.org/linux/man-pages/man5/proc_pid_status.5.html */
export async function residentBytes(pid: number): Promise<Resident | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const bytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024
  const [rss, anonymous] = [bytes('VmRSS'), bytes('RssAnon')]
  return Number.isNaN(rss + anonymous) ? undefined : { rss, anonymous }
}

/** Shares are of the samples' mean RSS. */
export interface Trend {
  /** Mean of the samples, bytes. */
  mean: number
  /**
   * Per 10 minutes: the median slope of all pairs of samples (Theil and Sen), in which one step to
   * a burst's high-water mark counts little, and a slope or a staircase counts in full.
   */
  growth: number
  /** The same by least squares, in which a single step counts too. */
  leastSquares: number
  /** The last sample above the first. */
  rise: number
}

export function trendOf(samples: readonly MemorySample[], of: 'rss' | 'anonymous'): Trend {
  const n = samples.length
  const meanAt = samples.reduce((sum, { at }) => sum + at, 0) / n
  const mean = samples.reduce((sum, sample) => sum + sample[of], 0) / n
  const whole = samples.reduce((sum, { rss }) => sum + rss, 0) / n
  const per10Minutes = (slope: number) => (slope * 10 * 60_000) / whole
  let [covariance, variance] = [0, 0]
  for (const sample of samples) {
    covariance += (sample.at - meanAt) * (sample[of] - mean)
    variance += (sample.at - meanAt) ** 2
  }
  const slopes = samples.flatMap((from, index) => samples.slice(index + 1).map(to => (to[of] - from[of]) / (to.at - from.at)))
  slopes.sort((a, b) => a - b)
  const rise = ((samples.at(-1)?.[of] ?? 0) - (samples[0]?.[of] ?? 0)) / whole
  return {
    mean,
    growth: per10Minutes(slopes[Math.floor(slopes.length / 2)] ?? Number.NaN),
    leastSquares: per10Minutes(covariance / variance),
    rise
  }
}
