/**
 * What a benchmark says: rows, each a figure and, where something else was measured beside it in the same run, the ratio of
 * the two. Statistics and goals are functions of the samples, which are kept.
 */

/** Held against the ratio, against the value where there is none. */
export type Goal = { min: number } | { max: number }

export interface MeasuredRow {
  bench: string
  name: string
  /** Median of the samples. */
  value: number
  unit: string
  /** What else was measured, and its median; absent where the value stands alone. */
  against?: { name: string; value: number }
  /** value / against.value. */
  ratio?: number
  /**
   * How far samples lie apart: interquartile range over median, of the rounds' ratios where there is one, else of the
   * samples. 0.1 says that the middle half of the rounds lies within a tenth.
   */
  spread: number
  /** In the order measured; round i of both belongs together. */
  samples: { value: number[]; against?: number[] }
  goal?: Goal
  /** What a reader must know beside it. */
  note?: string
}

/** Something that belongs in the table and could not be measured here. */
export interface NotRunRow {
  bench: string
  name: string
  notRun: string
}

export type Row = MeasuredRow | NotRunRow

export function isMeasured(row: Row): row is MeasuredRow {
  return !('notRun' in row)
}

interface RowFacts {
  bench: string
  name: string
  unit: string
  goal?: Goal | undefined
  note?: string | undefined
}

/** A row of a value that stands alone. @throws RangeError without samples */
export function valueRow({ bench, name, unit, goal, note }: RowFacts, samples: readonly number[]): MeasuredRow {
  return {
    bench,
    name,
    value: median(samples),
    unit,
    spread: spread(samples),
    samples: { value: [...samples] },
    ...(goal === undefined ? {} : { goal }),
    ...(note === undefined ? {} : { note })
  }
}

/** A row of a value over another, both of one unit, measured in rounds. @throws RangeError without as many samples of each, at least one */
export function ratioRow(
  facts: RowFacts & { against: string },
  samples: readonly number[],
  againstSamples: readonly number[]
): MeasuredRow {
  if (samples.length !== againstSamples.length)
    throw new RangeError(`${facts.name}: ${samples.length} samples beside ${againstSamples.length} of ${facts.against}`)
  const against = { name: facts.against, value: median(againstSamples) }
  const row = valueRow(facts, samples)
  return {
    ...row,
    against,
    ratio: row.value / against.value,
    spread: spread(samples.map((value, round) => value / againstSamples[round]!)),
    samples: { ...row.samples, against: [...againstSamples] }
  }
}

/** @throws RangeError without values */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** Between the two nearest values in proportion. @throws RangeError without values */
export function quantile(values: readonly number[], fraction: number): number {
  if (values.length === 0) throw new RangeError('no samples')
  const sorted = values.toSorted((a, b) => a - b)
  const at = (sorted.length - 1) * fraction
  const low = sorted[Math.floor(at)]!
  const high = sorted[Math.ceil(at)]!
  return low + (high - low) * (at - Math.floor(at))
}

/** Interquartile range over median; 0 for a single value, and where the median is 0. */
export function spread(values: readonly number[]): number {
  const middle = median(values)
  return middle === 0 ? 0 : (quantile(values, 0.75) - quantile(values, 0.25)) / Math.abs(middle)
}

/** Undefined where there is no goal. */
export function goalMet({ goal, ratio, value }: MeasuredRow): boolean | undefined {
  if (goal === undefined) return undefined
  const held = ratio ?? value
  return 'min' in goal ? held >= goal.min : held <= goal.max
}
