/**
 * How many tokens to draft for the next step, from what drafts came to so far: how often they were right, and how much longer
 * a step takes with them. Everything is counted in plain steps, so a slow link or a GPU that computes several positions as
 * fast as one makes long drafts worth it, and a chain whose compute is all there is makes none. A pure state machine.
 *
 * A step with k drafted tokens gives 1 + p + … + p^k tokens, p being the share of drafted tokens that are right, and
 * takes 1 + k·x plain steps (https://arxiv.org/abs/2211.17192, section 3.3); the k with the most tokens a step's time is
 * taken. What drafts lose is paid off from the time of all steps, so that text that can't be drafted is never slower by more
 * than that share.
 */

/** Hops count a step of up to 8 tokens as decode; one is no draft. */
export const MAX_DRAFTED = 7
/** A draft must promise so much: less is lost in what is not measured. */
const LEAST_GAIN = 1.05
/** Share of all steps' time that drafts may lose. */
const LOSS_SHARE = 0.02
/** Plain steps that drafts may lose beyond it before they have to wait: the first words of an answer may be unlike the rest. */
const MOST_DEBT = 0.5
/** Of what is known of acceptance at each new draft: about the last five count. */
const KEPT = 0.8
/** Drafted tokens that the first guess of acceptance is worth. */
const PRIOR_WEIGHT = 1
const PRIOR_ACCEPTANCE = 0.5
/** Steps whose median counts: one that was held up says nothing of the next. */
const REMEMBERED = 5
/** After so many drafted steps a plain one: it is what their time is held against. */
const PLAIN_EVERY = 16
/** Plain steps that a drafted token costs at most: more is another session's work, or a hiccup. */
const MOST_COST = 1.5

interface Acceptance {
  right: number
  tried: number
}

export interface TakenStep {
  drafted: number
  /** How many of the drafted, from the first on, were right. */
  accepted: number
  /** Where the draft came from, as `best` was told. */
  source: string
  /** What drafting took. */
  draftMs: number
  /** From the step's way to the chain until its answer. */
  stepMs: number
  /** Of which hops computed. */
  computeMs: number
}

export interface BestLength {
  /** Tokens to draft, 0 … MAX_DRAFTED. */
  length: number
  /** Tokens in a plain step's time that are expected of it; 1 without a draft, and of a probe. */
  gain: number
}

export class DraftLength {
  readonly #acceptances = new Map<string, Acceptance>()
  /** Of the last steps without a draft. */
  readonly #plainSteps: number[] = []
  /** What a drafted token added to each of the last steps with some, in plain steps. */
  readonly #costs: number[] = []
  /** The same if each position took as long as a whole plain step's compute: what is thought before it is known. */
  #linearCost = 0
  /** Plain steps lost and not paid off. */
  #debt = 0
  #sincePlain = 0

  /** `source`: where a draft would come from; each has its own record. `draftMs`: what drafting takes there for a token. */
  best(source: string, draftMs: number): BestLength {
    const none = { length: 0, gain: 1 }
    // What a step takes without is what there is to gain by.
    if (this.#plainSteps.length === 0 || this.#sincePlain >= PLAIN_EVERY) return none
    const share = this.#share(source)
    const cost = this.#cost() + this.#inSteps(draftMs)
    let best = none
    for (let length = 1; length <= MAX_DRAFTED; length++) {
      const gain = gainOf(share, length, cost)
      if (gain >= LEAST_GAIN && gain > best.gain) best = { length, gain }
    }
    if (best.length > 0) return this.#debt < MOST_DEBT ? best : none
    // One token now and then tells whether the text has changed.
    return this.#debt <= 0 ? { length: 1, gain: 1 } : none
  }

  /** A step was answered. */
  stepped({ drafted, accepted, source, draftMs, stepMs, computeMs }: TakenStep): void {
    this.#debt = Math.max(0, this.#debt - LOSS_SHARE) + this.#inSteps(draftMs)
    if (drafted === 0) {
      this.#sincePlain = 0
      remember(this.#plainSteps, stepMs)
      this.#linearCost = stepMs > 0 ? Math.min(MOST_COST, computeMs / stepMs) : 0
      return
    }
    this.#sincePlain++
    const { right, tried } = this.#acceptances.get(source) ?? prior
    // What follows the first wrong one was never tried.
    const newlyTried = Math.min(drafted, accepted + 1)
    this.#acceptances.set(source, { right: KEPT * right + accepted, tried: KEPT * tried + newlyTried })
    remember(this.#costs, Math.min(MOST_COST, Math.max(0, (this.#inSteps(stepMs) - 1) / drafted)))
    const cost = this.#cost()
    // Where even right ones save nothing, all that they cost is lost.
    const saved = gainOf(1, MAX_DRAFTED, cost) > LEAST_GAIN ? accepted : 0
    // What a single token cost is lost among what comes between: it is not taken for nothing.
    this.#debt = Math.max(0, this.#debt + drafted * Math.max(cost, this.#linearCost / 2) - saved)
  }

  #cost(): number {
    // The guess is one of them until there are enough.
    return median(this.#costs.length < REMEMBERED ? [this.#linearCost, ...this.#costs] : this.#costs)
  }

  #inSteps(ms: number): number {
    const plainMs = median(this.#plainSteps)
    return plainMs > 0 ? ms / plainMs : 0
  }

  #share(source: string): number {
    const { right, tried } = this.#acceptances.get(source) ?? prior
    return right / tried
  }
}

const prior: Acceptance = { right: PRIOR_ACCEPTANCE * PRIOR_WEIGHT, tried: PRIOR_WEIGHT }

/** Tokens a plain step's time, of drafts of so many tokens each of which is right this often. */
function gainOf(share: number, length: number, cost: number): number {
  let tokens = 1
  for (let at = 1; at <= length; at++) tokens += share ** at
  return tokens / (1 + length * cost)
}

function remember(values: number[], value: number): void {
  values.push(value)
  if (values.length > REMEMBERED) values.shift()
}

/** 0 of none. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [low = 0, high = 0] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  return (low + high) / 2
}
