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
  /** Its requests never leave the edge, whatever they ask for themselves. */
  edgeOnly?: boolean
}

/** Gives requests that name no class theirs. Every condition that is there must be met. */
export interface ClassRule {
  class: RequestClass
  /** Name or digest, as the request has it. */
  model: string | undefined
  /** OpenAI's field `user`. */
  user: string | undefined
  stream: boolean | undefined
  leastPromptTokens: number | undefined
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

export interface ClassQuestion {
  /** What the request itself says, if anything. */
  name: string | undefined
  model: string
  user: string | undefined
  stream: boolean
  promptTokens: number
}

/**
 * By the request's word, then by the first rule it meets; `otherwise` for an unknown word as for none. A rule that keeps
 * requests at the edge does so whatever class they name.
 */
export function classify(
  { name, model, user, stream, promptTokens }: ClassQuestion,
  custom: readonly RequestClass[],
  rules: readonly ClassRule[],
  otherwise: RequestClass
): { class: RequestClass; edgeOnly: boolean } {
  const met = rules.filter(
    rule =>
      (rule.model === undefined || rule.model === model) &&
      (rule.user === undefined || rule.user === user) &&
      (rule.stream === undefined || rule.stream === stream) &&
      (rule.leastPromptTokens === undefined || promptTokens >= rule.leastPromptTokens)
  )
  const named = name === undefined ? met[0]?.class : [...custom, INTERACTIVE, BATCH].find(each => each.name === name)
  const wanted = named ?? otherwise
  return { class: wanted, edgeOnly: [wanted, ...met.map(rule => rule.class)].some(each => each.edgeOnly === true) }
}

/** What is learned together: streams and whole answers are measured differently, long prompts cost differently. */
export function cellOf({ name, promptBuckets }: RequestClass, promptTokens: number, stream: boolean): string {
  const bucket = promptBuckets.findIndex(end => promptTokens <= end)
  return `${name}/${bucket === -1 ? promptBuckets.length : bucket}/${stream ? 'stream' : 'whole'}`
}
