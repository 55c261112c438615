/**
 * How a donor's memory is divided among several models: in equal parts, and what a small model does not need goes to the
 * others (max-min fairness). Known before anything is loaded, so that spans can't crowd each other out later.
 */

/** Bytes for each, in the order of `wholes`, which are what each would take at most. */
export function shareMemory(total: number, wholes: readonly number[]): number[] {
  const shares = new Array<number>(wholes.length).fill(0)
  const bySize = wholes.map((_, at) => at).sort((a, b) => wholes[a]! - wholes[b]!)
  let left = total
  for (const [done, at] of bySize.entries()) {
    const share = Math.min(wholes[at]!, Math.floor(left / (wholes.length - done)))
    shares[at] = share
    left -= share
  }
  return shares
}
