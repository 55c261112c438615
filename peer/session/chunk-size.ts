/**
 * How many tokens of a prompt go in one step. Small chunks keep all hops of a chain at work at once, as a pipeline; large ones
 * read the weights less often. The time until the last hop has the last chunk decides, from what each hop takes for a run and
 * for each of its tokens, so the size follows what is measured while the prompt is fed. Functions of values.
 */

export interface RunCost {
  /** Of a run, however few its tokens. */
  fixedMs: number
  /** Of each token. */
  tokenMs: number
}

/** A chunk has at least this many tokens: fewer would read all weights for next to nothing, and the rows of a draft fit. */
export const MIN_CHUNK_TOKENS = 8
/** And at most: a chunk is the unit in which decode of other sessions overtakes. */
export const MAX_CHUNK_TOKENS = 128

/** What frames and event loops take for a chunk at each hop, beside its run. */
const FRAME_MS = 1
/** A larger chunk is better though it take so much longer: other sessions' runs lie between, and promises are rounded. */
const TOLERANCE = 1.05

/** The prompt's `left` tokens in even chunks of the size that has them through all hops about soonest; at most `most` a chunk. */
export function chunkTokens(left: number, costs: readonly RunCost[], most: number): number {
  const plans: { tokens: number; ms: number }[] = []
  for (let size = MIN_CHUNK_TOKENS; size <= MAX_CHUNK_TOKENS; size *= 2) {
    const chunks = Math.ceil(left / Math.max(MIN_CHUNK_TOKENS, Math.min(size, most)))
    const tokens = Math.ceil(left / chunks)
    plans.push({ tokens, ms: pipelineMs(chunks, tokens, costs) })
  }
  const soonest = Math.min(...plans.map(({ ms }) => ms))
  return plans.findLast(({ ms }) => ms <= TOLERANCE * soonest)!.tokens
}

/** Chunks follow one another through the slowest hop; the last one's way through the others comes on top. */
function pipelineMs(chunks: number, tokens: number, costs: readonly RunCost[]): number {
  const runs = costs.map(({ fixedMs, tokenMs }) => FRAME_MS + fixedMs + tokens * tokenMs)
  return (chunks - 1) * Math.max(0, ...runs) + runs.reduce((sum, ms) => sum + ms, 0)
}
