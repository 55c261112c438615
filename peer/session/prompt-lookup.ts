/**
 * Drafts what may come next by looking up what came after the same tokens before, in prompt and answer: answers quote,
 * list and repeat. Needs no model (prompt lookup decoding, https://arxiv.org/abs/2304.04487). A pure function.
 */

/** Tokens that must be the same: one alone is followed by anything. */
export const LEAST_MATCH = 2
/** A longer match says little more, and telling them apart costs time. */
export const MOST_MATCH = 8

export interface Draft {
  tokens: number[]
  /** How many tokens before it are the same as those before where it was found; 0 with an empty draft. */
  matched: number
}

/**
 * What followed the longest earlier match of the end of `tokens`, the latest among equals; at most `most` tokens. Where
 * the text between repeats itself the draft goes round with it.
 */
export function lookUp(tokens: readonly number[], most: number): Draft {
  let matched = 0
  let end = 0
  for (let at = tokens.length - 1; at >= LEAST_MATCH && matched < MOST_MATCH; at--) {
    const length = commonEnd(tokens, at, MOST_MATCH)
    if (length > matched) {
      matched = length
      end = at
    }
  }
  if (matched < LEAST_MATCH || most <= 0) return { tokens: [], matched: 0 }
  const period = tokens.length - end
  const draft: number[] = []
  for (let at = 0; at < most; at++) draft.push(tokens[end + (at % period)]!)
  return { tokens: draft, matched }
}

/** How many of the last tokens are the same as those before `end`, at most `most`. */
function commonEnd(tokens: readonly number[], end: number, most: number): number {
  let length = 0
  while (length < most && length < end && tokens[end - 1 - length] === tokens[tokens.length - 1 - length]) length++
  return length
}
