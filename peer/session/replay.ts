/**
 * Plans how a new chain comes to hold what the session has so far, from what its hops still hold: which hop computes
 * which positions, which replays its log to the hop after it, and which has no part. A function of values.
 */
import type { HopState } from '../wire/frames.pb.js'
import { Part } from '../wire/step-parts.ts'

/** Per hop, the position from which it runs steps; below it holds KV already. */
export type Starts = readonly number[]

/** Starts of a chain that is fed everything from token ids. */
export function startsFromTokens(hops: number): Starts {
  return Array.from({ length: hops }, () => 0)
}

/**
 * Where each hop starts so that all hold `length` tokens' KV in the end and the last hop runs the last of them, for its
 * answer. A hop's input comes from the hop before: computed by it, or out of its log. Where neither reaches, that hop
 * computes again what it has, and so its own input is wanted, at last from token ids.
 */
export function planStarts(states: readonly HopState[], length: number): Starts {
  const starts = states.map(({ kvLength }) => Math.min(kvLength, length))
  for (let hop = starts.length - 1, wanted = length - 1; hop >= 0; hop--) {
    const { logFirst, logEnd } = states[hop]!
    const last = hop === starts.length - 1
    const held = starts[hop]!
    // `wanted`: from where the next hop, or the driver, needs this hop's output.
    if (last) starts[hop] = Math.min(held, wanted)
    else if (wanted < held) starts[hop] = logFirst <= wanted && wanted < logEnd ? Math.min(held, logEnd) : wanted
    wanted = starts[hop]!
  }
  return starts
}

/** The first position that any hop still has to compute. */
export function replayFrom(starts: Starts): number {
  return Math.min(...starts)
}

/** How far a step that begins at `position` may go: up to the next start, where some hop's part changes. */
export function replayUntil(starts: Starts, position: number, end: number): number {
  return starts.reduce((until, start) => (start > position ? Math.min(until, start) : until), end)
}

/** Each hop's part in the step at `position`; none when all run it. */
export function partsAt(starts: Starts, position: number): Part[] {
  const runs = (hop: number) => hop < starts.length && position >= starts[hop]!
  if (starts.every((_, hop) => runs(hop))) return []
  return starts.map((_, hop) => (runs(hop) ? Part.run : runs(hop + 1) ? Part.replay : Part.pass))
}
