/**
 * Which of a few candidates each shape class takes, decided from measurements alone: one fixed choice costs a GPU a fifth of
 * its speed on average, a hasty one more. Clock and measurement are given, so that the decision can be tried on any.
 */

/** A shape class; the first candidate is the default. */
export interface TuningClass<C extends string> {
  name: string
  candidates: readonly C[]
}

/** Milliseconds of `repetitions` dispatches in one submit, to its completion. */
export type MeasureDispatches<C extends string> = (name: string, candidate: C, repetitions: number) => Promise<number>

export interface TuningOptions {
  /** Milliseconds of any epoch. */
  now: () => number
  /** Default 2000: as long as a donor may wait once for each model. */
  limitMs?: number
  signal?: AbortSignal | undefined
}

/** More are not worth their compilation. */
export const MOST_CANDIDATES = 3
/** The least of so many, since whatever else the machine does can only add. */
const ROUNDS = 3
/** Repetitions take so long at least, where that many are allowed: beyond the grain of browsers' clocks. */
const LEAST_MS = 2
const MOST_REPETITIONS = 256
/** A candidate takes the default's place only when it takes at most so much of its time. */
const WORTH_LEAVING = 0.9

/**
 * Takes classes in their order; those that time does not suffice for keep their default. Runs beyond the limit by one
 * measurement at most. @throws RangeError on a class without candidates or with too many; what `measure` throws; the signal's reason
 */
export async function tune<C extends string>(
  classes: readonly TuningClass<C>[],
  measure: MeasureDispatches<C>,
  { now, limitMs = 2000, signal }: TuningOptions
): Promise<Map<string, C>> {
  const choices = new Map<string, C>()
  for (const { name, candidates } of classes) {
    if (candidates.length < 1 || candidates.length > MOST_CANDIDATES)
      throw new RangeError(`${name} has ${candidates.length} candidates`)
    choices.set(name, candidates[0]!)
  }
  const end = now() + limitMs
  for (const { name, candidates } of classes) {
    if (candidates.length === 1) continue
    const timed = async (candidate: C, repetitions: number): Promise<number | undefined> => {
      signal?.throwIfAborted()
      return now() >= end ? undefined : await measure(name, candidate, repetitions)
    }
    const slopes = await slopesOf(candidates, timed)
    // A class that was not measured to its end is not judged, nor any after it.
    if (slopes === undefined) break
    choices.set(name, bestOf(candidates, slopes))
  }
  return choices
}

/** The candidate of the least slope if that is worth leaving the default for. Slopes that are not above zero are noise. */
export function bestOf<C extends string>(candidates: readonly C[], slopes: readonly number[]): C {
  const standard = slopes[0]!
  let best = 0
  for (const [index, slope] of slopes.entries())
    if (slope > 0 && slope <= WORTH_LEAVING * standard && (best === 0 || slope < slopes[best]!)) best = index
  return candidates[best]!
}

/**
 * Of each candidate, milliseconds from R to 2R dispatches: what a submit costs by itself cancels. Candidates take turns, so
 * that a clock that rises or falls meets all. Undefined when time ran out.
 */
async function slopesOf<C extends string>(
  candidates: readonly C[],
  timed: (candidate: C, repetitions: number) => Promise<number | undefined>
): Promise<number[] | undefined> {
  let repetitions = 1
  for (; repetitions < MOST_REPETITIONS; repetitions *= 4) {
    const ms = await timed(candidates[0]!, repetitions)
    if (ms === undefined) return undefined
    if (ms >= LEAST_MS) break
  }
  const once = candidates.map(() => Infinity)
  const twice = candidates.map(() => Infinity)
  for (let round = 0; round < ROUNDS; round++)
    for (const [index, candidate] of candidates.entries()) {
      const one = await timed(candidate, repetitions)
      const two = one === undefined ? undefined : await timed(candidate, 2 * repetitions)
      if (one === undefined || two === undefined) return undefined
      once[index] = Math.min(once[index]!, one)
      twice[index] = Math.min(twice[index]!, two)
    }
  return candidates.map((_, index) => twice[index]! - once[index]!)
}

/** What was chosen, as text that can be kept. */
export function writeChoices(choices: ReadonlyMap<string, string>): string {
  return JSON.stringify(Object.fromEntries(choices))
}

/** What was kept, if it is a choice for each of these classes among its candidates; whatever else stands there is measured anew. */
export function readChoices<C extends string>(text: string, classes: readonly TuningClass<C>[]): Map<string, C> | undefined {
  let kept: unknown
  try {
    kept = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof kept !== 'object' || kept === null) return undefined
  const entries = new Map<string, unknown>(Object.entries(kept))
  const choices = new Map<string, C>()
  for (const { name, candidates } of classes) {
    const chosen = candidates.find(candidate => candidate === entries.get(name))
    if (chosen === undefined) return undefined
    choices.set(name, chosen)
  }
  return choices
}
