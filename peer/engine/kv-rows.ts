/**
 * KV of a sequence's positions as bytes that another holder of the same span and numerics class takes: which blocks of the
 * pool the positions lie in is nobody else's business. Layout: layer by layer its keys, then its values; in each, KV head by
 * KV head, position by position, one head's values in the pool's type, little-endian.
 */
import type { Hyperparameters } from '../model/types.ts'
import { type KvType, TOKENS_PER_BLOCK } from './kernels/shared.ts'

export interface KvShape {
  layers: number
  kvHeads: number
  /** Bytes of one head's keys, or values, at one position. */
  rowBytes: number
  /** Of one layer's keys, or values. */
  blockBytes: number
}

export function kvShape(hyperparameters: Hyperparameters, layers: number, kv: KvType): KvShape {
  const { kvHeads, headDim } = hyperparameters
  const rowBytes = headDim * (kv === 'f16' ? 2 : 4)
  return { layers, kvHeads, rowBytes, blockBytes: kvHeads * TOKENS_PER_BLOCK * rowBytes }
}

/** Bytes of one position over all layers. */
export function kvPositionBytes({ layers, kvHeads, rowBytes }: KvShape): number {
  return 2 * layers * kvHeads * rowBytes
}

/** Blocks that `count` positions can touch. */
export function blocksTouched(count: number): number {
  return Math.ceil((count - 1) / TOKENS_PER_BLOCK) + 1
}

/** Positions that lie together: `count` of `block` from its `first` on; `at` counts from the first position asked for. */
export interface KvRun {
  block: number
  first: number
  count: number
  at: number
}

/** Where positions [from, to) lie, `blocks` being the sequence's. */
export function kvRuns(blocks: readonly number[], from: number, to: number): KvRun[] {
  const runs: KvRun[] = []
  for (let position = from; position < to; ) {
    const first = position % TOKENS_PER_BLOCK
    const count = Math.min(TOKENS_PER_BLOCK - first, to - position)
    runs.push({ block: blocks[Math.floor(position / TOKENS_PER_BLOCK)]!, first, count, at: position - from })
    position += count
  }
  return runs
}

/**
 * Keys and values of every layer in turn, as `2 × layers` buffers: the whole blocks that the runs touch, one copy each, since
 * a copy a head would be as many commands as the step itself. Bytes of `target` used: 2 × layers × runs × blockBytes.
 */
export function copyBlocks(
  encoder: GPUCommandEncoder,
  buffers: readonly GPUBuffer[],
  { blockBytes }: KvShape,
  runs: readonly KvRun[],
  target: GPUBuffer
): number {
  let at = 0
  for (const buffer of buffers)
    for (const { block } of runs) {
      encoder.copyBufferToBuffer(buffer, block * blockBytes, target, at, blockBytes)
      at += blockBytes
    }
  return at
}

/** The rows of the runs out of what `copyBlocks` copied. */
export function rowsOfBlocks(shape: KvShape, runs: readonly KvRun[], copied: Uint8Array): Uint8Array<ArrayBuffer> {
  const { layers, kvHeads, rowBytes, blockBytes } = shape
  const positions = positionsOf(runs)
  const rows = new Uint8Array(positions * kvPositionBytes(shape))
  for (let buffer = 0; buffer < 2 * layers; buffer++)
    for (const [index, { first, count, at }] of runs.entries())
      for (let head = 0; head < kvHeads; head++) {
        const source = (buffer * runs.length + index) * blockBytes + (head * TOKENS_PER_BLOCK + first) * rowBytes
        const target = ((buffer * kvHeads + head) * positions + at) * rowBytes
        rows.set(copied.subarray(source, source + count * rowBytes), target)
      }
  return rows
}

/** Writes rows to where the runs lie; `buffers` as for `copyBlocks`. */
export function writeRows(
  queue: GPUQueue,
  buffers: readonly GPUBuffer[],
  shape: KvShape,
  runs: readonly KvRun[],
  rows: Uint8Array<ArrayBuffer>
): void {
  const { kvHeads, rowBytes, blockBytes } = shape
  const positions = positionsOf(runs)
  for (const [index, buffer] of buffers.entries())
    for (const { block, first, count, at } of runs)
      for (let head = 0; head < kvHeads; head++) {
        const target = block * blockBytes + (head * TOKENS_PER_BLOCK + first) * rowBytes
        const source = ((index * kvHeads + head) * positions + at) * rowBytes
        queue.writeBuffer(buffer, target, rows, source, count * rowBytes)
      }
}

/** Index of the first value that is NaN or infinite, by its exponent's bits; -1 when there is none. */
export function firstNonFiniteKv(rows: Uint8Array<ArrayBuffer>, kv: KvType): number {
  if (kv === 'f16') return new Uint16Array(rows.buffer).findIndex(bits => (bits & 0x7c00) === 0x7c00)
  return new Uint32Array(rows.buffer).findIndex(bits => (bits & 0x7f800000) === 0x7f800000)
}

function positionsOf(runs: readonly KvRun[]): number {
  return runs.reduce((sum, { count }) => sum + count, 0)
}
