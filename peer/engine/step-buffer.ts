/**
 * Packs what the kernels must know of one step into the words of the step buffer (layout in kernels/shared.ts): the only
 * upload of a step besides hidden states.
 */
import { STEP_HEADER_WORDS, STEP_TOKEN_WORDS } from './kernels/shared.ts'

export interface PackedSequence {
  /** Token ids, or undefined for a span fed with hidden states. */
  tokens: Uint32Array | undefined
  position: number
  /** KV slot of each of the step's tokens. */
  slots: readonly number[]
  /** KV blocks that hold positions 0 … position + slots.length − 1. */
  blocks: readonly number[]
}

/** Words that any step of an engine with these limits fits into. */
export function stepBufferWords(maxBatchTokens: number, maxHeadRows: number, totalBlocks: number): number {
  return STEP_HEADER_WORDS + maxBatchTokens * STEP_TOKEN_WORDS + maxHeadRows + totalBlocks
}

/** Rows follow each other in the order of `sequences`; `headRows` are rows of that order. */
export function packStep(sequences: readonly PackedSequence[], headRows: readonly number[]): Uint32Array<ArrayBuffer> {
  const tokens = sequences.reduce((sum, sequence) => sum + sequence.slots.length, 0)
  const tables = sequences.reduce((sum, sequence) => sum + sequence.blocks.length, 0)
  const headAt = STEP_HEADER_WORDS + tokens * STEP_TOKEN_WORDS
  let tableAt = headAt + headRows.length
  const words = new Uint32Array(tableAt + tables)
  words.set([tokens, headRows.length, headAt, 0])
  words.set(headRows, headAt)
  let at = STEP_HEADER_WORDS
  for (const sequence of sequences) {
    for (const [index, slot] of sequence.slots.entries()) {
      words.set([sequence.tokens?.[index] ?? 0, sequence.position + index, slot, tableAt], at)
      at += STEP_TOKEN_WORDS
    }
    words.set(sequence.blocks, tableAt)
    tableAt += sequence.blocks.length
  }
  return words
}
