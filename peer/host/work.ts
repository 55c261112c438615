/** Steps as the scheduler has them: what is due, how much of it has run, and which piece of it goes in the next run. */
import type { HeadRequest, HeadRow, SequenceId, SequenceOutput, SequenceStep } from '../engine/engine.ts'
import type { ShoalError } from '../errors.ts'
import { isDecodeCount } from '../wire/haste.ts'

export interface WorkTiming {
  /** From arrival to the start of its first run. */
  queueMs: number
  /** Its runs together. */
  computeMs: number
}

/** One step of one session, from when it is due to run until it has. */
export interface Work {
  sequence: SequenceId
  driver: string
  /** Of the chain. */
  hops: number
  background: boolean
  /** Tokens of the prompt after it, as its driver says. */
  promptLeft: number
  position: number
  count: number
  input: SequenceStep['input']
  /** Its output without a run, where the span has no part in it or has logged it. @throws ShoalError */
  known?: (() => SequenceOutput) | undefined
  head: HeadRequest
  arrivedAt: number
  /** Asked when its turn comes: false drops it unrun, because its epoch is over. */
  current: () => boolean
  /** Its first run is about to begin. */
  started: () => void
  /** False while the next hop owes credit. */
  ready: () => boolean
  done: (output: SequenceOutput, timing: WorkTiming) => void
  failed: (error: ShoalError) => void
}

export interface Pending {
  work: Work
  /** How long it will wait, as expected when it came; of a prompt's first step. */
  expectedMs?: number
  /** Tokens of it that have run. */
  taken: number
  startedAt: number
  computeMs: number
  hidden: Float32Array[]
  rows: HeadRow[]
}

export interface Piece {
  pending: Pending
  step: SequenceStep
  count: number
}

export function isDecode({ work }: Pending): boolean {
  return isDecodeCount(work.count)
}

export function countOf(batch: readonly Piece[]): { tokens: number; decoded: number } {
  const sum = (pieces: readonly Piece[]) => pieces.reduce((total, { count }) => total + count, 0)
  return { tokens: sum(batch), decoded: sum(batch.filter(({ pending }) => isDecode(pending))) }
}

/** Pieces of the steps, in this order, that fit `room`. Rows of logits stay together, so the first may take up to `most`. */
export function fill(steps: readonly Pending[], room: number, most = room): Piece[] {
  const batch: Piece[] = []
  let left = room
  for (const pending of steps) {
    if (left <= 0) break
    const piece = cut(pending, batch.length === 0 && pending.work.head.rows > left ? most : left)
    if (piece === undefined) continue
    batch.push(piece)
    left -= piece.count
  }
  return batch
}

/** The next piece of a step that fits `room`; the rows it asks for stay together in its last piece. */
function cut(pending: Pending, room: number): Piece | undefined {
  const { work, taken } = pending
  const left = work.count - taken
  const count = left <= room ? left : Math.min(room, left - work.head.rows)
  if (count <= 0) return undefined
  const last = count === left
  const step: SequenceStep = {
    sequence: work.sequence,
    position: work.position + taken,
    input: slice(work, taken, count),
    head: last ? work.head : { ...work.head, rows: 0 }
  }
  return { pending, step, count }
}

function slice({ input, count: whole }: Work, from: number, count: number): SequenceStep['input'] {
  if ('tokens' in input) return { tokens: input.tokens.subarray(from, from + count) }
  const width = input.hidden.length / whole
  return { hidden: input.hidden.subarray(from * width, (from + count) * width) }
}

export function join(parts: readonly Float32Array[]): Float32Array {
  if (parts.length === 1) return parts[0]!
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
