/**
 * In which order prompts are prefilled that wait at a hop: short before long, so that a question does not wait behind a book.
 * Skip-join multi-level feedback (FastServe, arXiv 2305.05920): a prompt joins the level of its length, sinks when it turns
 * out longer than it said, and rises while it waits. A driver's prompts count together, so that fifty of one are one long job
 * to another's single. A function of values.
 */

/** Tokens of the first level; each further one has twice as many. */
const FIRST_LEVEL_TOKENS = 64

/** A prompt rises a level for each stretch of this that it waits, so that each has its turn. */
const RISE_MS = 1_000

export interface WaitingPrompt {
  driver: string
  /** What is left of the prompt as its driver says, or what has run of it, whichever is more. */
  tokens: number
  /** 1; less for whoever may wait longer. */
  weight: number
  /** Since it came. */
  waitedMs: number
}

/** The same, those whose turn is first in front; among equals as they stand. */
export function inTurn<Prompt extends WaitingPrompt>(prompts: readonly Prompt[]): Prompt[] {
  const alone = prompts.map(prompt => ({ prompt, level: levelOf(prompt.tokens, prompt) })).sort(byLevel)
  const before = new Map<string, number>()
  return alone
    .map(({ prompt }) => {
      const tokens = (before.get(prompt.driver) ?? 0) + prompt.tokens
      before.set(prompt.driver, tokens)
      return { prompt, level: levelOf(tokens, prompt) }
    })
    .sort(byLevel)
    .map(({ prompt }) => prompt)
}

function levelOf(tokens: number, { weight, waitedMs }: WaitingPrompt): number {
  const level = Math.max(0, Math.ceil(Math.log2(tokens / weight / FIRST_LEVEL_TOKENS)))
  return level - (weight * waitedMs) / RISE_MS
}

function byLevel(a: { level: number }, b: { level: number }): number {
  return a.level - b.level
}
