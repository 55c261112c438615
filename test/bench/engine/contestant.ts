/**
 * What every engine in the comparison answers to, each in a process of its own: load a model, then again and again take a
 * prompt and decode after it.
 */

/** A pass of prompt and answer. */
export interface Pass {
  /** From the prompt to its last token's logits. */
  prefillMs: number
  /** For all decoded tokens, logits to argmax included. */
  decodeMs: number
  /** Greedy, the first from the prompt's logits. */
  tokens: number[]
}

export interface Loaded {
  /** From the process's first instruction for it to a model ready for a prompt; files already in memory. */
  loadMs: number
  /** The first prompt of two tokens and its first token: pipelines compiled on the way are in it. */
  firstTokenMs: number
  /** What it says it computes on, and how. */
  facts: string
}

/** The questions of a contestant's child. */
export interface ContestantAnswers {
  load: (request: LoadRequest) => Promise<Loaded>
  pass: (prompt: number[], decoded: number) => Promise<Pass>
}

export interface LoadRequest {
  /** Path of the model in the contestant's own format. */
  path: string
  /** Positions that KV is kept for. */
  contextLength: number
}

/** Token ids that any model here has. */
export function benchPrompt(length: number): number[] {
  return Array.from({ length }, (_, index) => 1 + ((index * 7919) % 1021))
}

/** A pass of an engine whose `step` takes tokens at a position and answers with the most probable next one. */
export async function runPass(
  prompt: readonly number[],
  decoded: number,
  step: (position: number, tokens: readonly number[]) => Promise<number>
): Promise<Pass> {
  const startedAt = performance.now()
  const tokens = [await step(0, prompt)]
  const prefilledAt = performance.now()
  for (let index = 0; index < decoded; index++) tokens.push(await step(prompt.length + index, tokens.slice(-1)))
  return { prefillMs: prefilledAt - startedAt, decodeMs: performance.now() - prefilledAt, tokens }
}
