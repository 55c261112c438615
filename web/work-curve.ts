/**
 * What was done of late, a second's worth of it and as a drawn curve: tokens served by a donor, bytes fetched by one that
 * loads.
 */
export interface WorkSample {
  /** Milliseconds since 1970. */
  at: number
  /** Done since the beginning. */
  total: number
}

/** Shown, and kept, at most. */
export const CURVE_MS = 180_000
/** Long enough that single answers do not make the number jump. */
const RATE_WINDOW_MS = 5_000

/** Samples nearer than this to the one before replace it. */
const LEAST_INTERVAL_MS = 250

/** Appends and forgets what is older than the curve shows. */
export function withSample(samples: readonly WorkSample[], sample: WorkSample): WorkSample[] {
  const kept = samples.filter(({ at }) => at < sample.at && sample.at - at <= CURVE_MS)
  const [before, last] = [kept.at(-2), kept.at(-1)]
  if (before !== undefined && last !== undefined && last.at - before.at < LEAST_INTERVAL_MS) kept.pop()
  return [...kept, sample]
}

/** A second's worth, over the last seconds. */
export function rateNow(samples: readonly WorkSample[]): number {
  const last = samples.at(-1)
  if (last === undefined) return 0
  const first = samples.find(({ at }) => last.at - at <= RATE_WINDOW_MS)!
  return first === last ? 0 : (1000 * (last.total - first.total)) / (last.at - first.at)
}

export interface Curve {
  /** SVG path data of the line and of what lies under it. */
  line: string
  area: string
  /** A second's worth at the top of the drawing. */
  most: number
}

/** The last CURVE_MS over `width`, now at its right end; rates from 0 to a round number over `height`. */
export function workCurve(samples: readonly WorkSample[], width: number, height: number): Curve {
  const last = samples.at(-1)
  const rates = samples.slice(1).map((sample, index) => {
    const before = samples[index]!
    return { at: sample.at, rate: (1000 * (sample.total - before.total)) / (sample.at - before.at) }
  })
  const most = roundUp(Math.max(1, ...rates.map(({ rate }) => rate)))
  if (last === undefined || rates.length === 0) return { line: '', area: '', most }
  const x = (at: number) => round(width - ((last.at - at) / CURVE_MS) * width)
  const y = (rate: number) => round(height - (rate / most) * height)
  const line = rates.map(({ at, rate }, index) => `${index === 0 ? 'M' : 'L'}${x(at)} ${y(rate)}`).join('')
  return { line, area: `${line}L${width} ${height}L${x(rates[0]!.at)} ${height}Z`, most }
}

/** 1, 2 or 5 times a power of ten: the axis does not move with every sample. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 5, 10].map(step => step * power).find(step => step >= value)!
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

/** Watt-hours: the time that so many tokens keep so many layers busy, at what the machine draws meanwhile. */
export function energyWh(tokens: number, layers: number, tokenLayersPerSecond: number, watts: number): number {
  return tokenLayersPerSecond <= 0 ? 0 : (((tokens * layers) / tokenLayersPerSecond) * watts) / 3_600
}
