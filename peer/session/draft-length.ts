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
/** Weight of the newest plain step's time. */
const LEARNING_RATE = 0.25
/** Weight, for each of its tokens, of what the newest draft cost, and the most: the more tokens, the less what comes between shows. */
const COST_RATE = 0.15
const MOST_COST_RATE = 0.5
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
  /** Of a step without a draft; undefined before the first. */
  #plainMs: number | undefined
  /** What a drafted token adds to a step, in plain steps. */
  #cost = 0
  #costSeen = false
  /** Plain steps lost and not paid off. */
  #debt = 0
  #sincePlain = 0

  /** `source`: where a draft would come from; each has its own record. `draftMs`: what drafting takes there for a token. */
  best(source: string, draftMs: number): BestLength {
    const none = { length: 0, gain: 1 }
    // What a step takes without is what there is to gain by.
    if (this.#plainMs === undefined || this.#sincePlain >= PLAIN_EVERY) return none
    const share = this.#share(source)
    const cost = this.#cost + this.#inSteps(draftMs)
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
      this.#plainMs = follow(this.#plainMs, stepMs, LEARNING_RATE)
      // Until a draft was run: as if each position took a step's whole compute.
      if (!this.#costSeen) this.#cost = stepMs > 0 ? Math.min(MOST_COST, computeMs / stepMs) : 0
      return
    }
    this.#sincePlain++
    const { right, tried } = this.#acceptances.get(source) ?? prior
    // What follows the first wrong one was never tried.
    const newlyTried = Math.min(drafted, accepted + 1)
    this.#acceptances.set(source, { right: KEPT * right + accepted, tried: KEPT * tried + newlyTried })
    const cost = Math.min(MOST_COST, (this.#inSteps(stepMs) - 1) / drafted)
    // The first is held against a guess.
    const rate = this.#costSeen ? Math.min(MOST_COST_RATE, COST_RATE * drafted) : MOST_COST_RATE
    this.#cost = Math.max(0, follow(this.#cost, cost, rate))
    this.#costSeen = true
    // Where even right ones save nothing, all that they cost is lost.
    const saved = gainOf(1, MAX_DRAFTED, this.#cost) > LEAST_GAIN ? accepted : 0
    this.#debt = Math.max(0, this.#debt + drafted * this.#cost - saved)
  }

  #inSteps(ms: number): number {
    return this.#plainMs ? ms / this.#plainMs : 0
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

function follow(before: number | undefined, now: number, rate: number): number {
  return before === undefined ? now : before + rate * (now - before)
}
