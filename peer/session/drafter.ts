/** Drafts from somewhere else than the text itself, e.g. a small model that the driver runs: the seam that they come in by. */
import type { Sampling } from './types.ts'

/** The answer that drafts are for. */
export interface DraftedAnswer {
  sampling: Sampling
  /** With the seed, what draws depend on. */
  choice: number
  prompt: readonly number[]
  /** Most tokens that prompt and answer come to. */
  reserveTokens: number
}

export interface Drafter {
  /** Undefined where there is no room. Never rejects: an answer goes on without drafts. */
  open: (answer: DraftedAnswer) => Promise<Drafting | undefined>
}

export interface Drafting {
  /**
   * At most `most` tokens that may follow on `tokens`, which begin with those of the call before but for what turned out wrong
   * of its draft. @throws the signal's reason; whatever else goes wrong ends the drafts, not the answer
   */
  draft: (tokens: readonly number[], most: number, signal: AbortSignal) => Promise<number[]>
  /** Frees what it holds. Never rejects. */
  close: () => Promise<void>
}
