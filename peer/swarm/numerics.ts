/**
 * Numerics classes: peers of one class compute alike, so a chain that goes on in the same classes continues the very text
 * it would have had, where another class may differ at a near-tie.
 */
import type { Span } from '../model/types.ts'
import type { Route } from './types.ts'

/**
 * Part of a class that says nothing within one model: a layer's weight types are the file's, and a span lists those it
 * happens to hold.
 */
const WEIGHTS = 'w='

/** What of a peer's numerics tells it from others that hold the same layers. */
export function classOf(numerics: string): string {
  return numerics
    .split(',')
    .filter(part => !part.startsWith(WEIGHTS))
    .join()
}

/** Which layers a hop computed, and how. */
export interface ClassedSpan {
  span: Span
  class: string
}

export function classesOf({ hops }: Route): ClassedSpan[] {
  return hops.map(({ span, numerics }) => ({ span, class: classOf(numerics) }))
}

/** How many layers of `now` another class computed before. */
export function layersChanged(before: readonly ClassedSpan[], now: ClassedSpan): number {
  let changed = 0
  for (const { span, class: other } of before)
    if (other !== now.class) changed += Math.max(0, Math.min(now.span.end, span.end) - Math.max(now.span.first, span.first))
  return changed
}

export function changesNumerics(before: Route, after: Route): boolean {
  const classes = classesOf(before)
  return classesOf(after).some(now => layersChanged(classes, now) > 0)
}
