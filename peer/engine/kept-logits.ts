/**
 * The rows of logits a driver may still ask for: those of each sequence's last step with head rows, bounded in bytes.
 */
import type { SequenceId } from './engine.ts'

/** 512 rows of a vocabulary of 128k. Beyond it the sequence that stepped longest ago loses its rows. */
export const KEPT_LOGITS_BYTES = 256 * 1024 * 1024

export class KeptLogits {
  readonly #limit: number
  /** In the order of the sequences' last steps. */
  readonly #rows = new Map<SequenceId, readonly Float32Array[]>()
  #bytes = 0

  constructor(limit: number = KEPT_LOGITS_BYTES) {
    this.#limit = limit
  }

  set(sequence: SequenceId, rows: readonly Float32Array[]): void {
    this.delete(sequence)
    this.#rows.set(sequence, rows)
    this.#bytes += bytesOf(rows)
    for (const oldest of this.#rows.keys()) {
      if (this.#bytes <= this.#limit) break
      this.delete(oldest)
    }
  }

  get(sequence: SequenceId, row: number): Float32Array | undefined {
    return this.#rows.get(sequence)?.[row]
  }

  delete(sequence: SequenceId): void {
    this.#bytes -= bytesOf(this.#rows.get(sequence) ?? [])
    this.#rows.delete(sequence)
  }

  clear(): void {
    this.#rows.clear()
    this.#bytes = 0
  }
}

function bytesOf(rows: readonly Float32Array[]): number {
  return rows.reduce((sum, row) => sum + row.byteLength, 0)
}
