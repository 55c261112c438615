/** What kinds of request there are and what each wants: its deadlines, and how it weighs energy and money against slack. */

export interface RequestClass {
  name: string
  /** Milliseconds from the request to the first token. */
  firstTokenMs: number
  /** Milliseconds for each token after it. */
  perTokenMs: number
  /** λ: what a whole unit of slack is worth against a whole unit of cost. */
  slackWeight: number
  energyWeight: number
  moneyWeight: number
  /** Upper ends of the prompt lengths learned apart, in tokens, ascending; longer prompts share one more bucket. */
  promptBuckets: readonly number[]
}

/** Prompts of a question, of a page and of a document differ in which part of the time prefill takes. */
const PROMPT_BUCKETS = [256, 2_048]

export const INTERACTIVE: RequestClass = {
  name: 'interactive',
  firstTokenMs: 2_000,
  perTokenMs: 200,
  slackWeight: 1,
  energyWeight: 0.5,
  moneyWeight: 0.5,
  promptBuckets: PROMPT_BUCKETS
}

export const BATCH: RequestClass = {
  name: 'batch',
  firstTokenMs: 60_000,
  perTokenMs: 2_000,
  slackWeight: 0.2,
  energyWeight: 0.5,
  moneyWeight: 0.5,
  promptBuckets: PROMPT_BUCKETS
}

/** The class of that name among the custom ones, then among the built-in ones; `interactive`, the strictest, for an unknown name. */
export function classNamed(name: string | undefined, custom: readonly RequestClass[] = []): RequestClass {
  return [...custom, INTERACTIVE, BATCH].find(each => each.name === name) ?? INTERACTIVE
}

/** What is learned together: streams and whole answers are measured differently, long prompts cost differently. */
export function cellOf({ name, promptBuckets }: RequestClass, promptTokens: number, stream: boolean): string {
  const bucket = promptBuckets.findIndex(end => promptTokens <= end)
  return `${name}/${bucket === -1 ? promptBuckets.length : bucket}/${stream ? 'stream' : 'whole'}`
}
