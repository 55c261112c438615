/**
 * One session's drafts: where the next step's come from and how many, judged by what became of those before. Speculation
 * changes an answer's speed, never its text.
 */
import type { Clock } from '../wire/clock.ts'
import type { HopTiming } from '../wire/frames.pb.js'
import { DraftLength, MAX_DRAFTED } from './draft-length.ts'
import type { DraftedAnswer, Drafter, Drafting } from './drafter.ts'
import { LEAST_MATCH, lookUp } from './prompt-lookup.ts'

/** Matches of these lengths and more have records of their own: longer ones are more often right. */
const MATCH_CLASSES = [LEAST_MATCH, 3, 5]
const MODEL = 'model'
/** Weight of the newest draft in what a model is known to take for a token. */
const LEARNING_RATE = 0.25

export interface DraftedStep {
  drafted: readonly number[]
  source: string
  /** What drafting took. */
  draftMs: number
  startedAt: number
}

export class Speculation {
  readonly #clock: Clock
  readonly #length = new DraftLength()
  readonly #opening: Promise<void>
  #model: Drafting | undefined
  /** Of the model, for a token. */
  #modelMs = 0

  /** `drafter`: drafts for the answer where the text itself has nothing, or nothing better. */
  constructor(clock: Clock, answer: DraftedAnswer, drafter: Drafter | undefined) {
    this.#clock = clock
    this.#opening = (async () => {
      this.#model = await drafter?.open(answer)
    })()
  }

  /** For the step of the last of `tokens`, at most `most` more. @throws the signal's reason */
  async draft(tokens: readonly number[], most: number, signal: AbortSignal): Promise<DraftedStep> {
    const limit = Math.min(most, MAX_DRAFTED)
    const { tokens: found, matched } = lookUp(tokens, limit)
    const source = `match of ${MATCH_CLASSES.findLast(least => matched >= least)}`
    const text = found.length === 0 ? { length: 0, gain: 0 } : this.#length.best(source, 0)
    const model = this.#model === undefined ? { length: 0, gain: 0 } : this.#length.best(MODEL, this.#modelMs)
    if (limit > 0 && model.length > 0 && model.gain > text.gain) {
      const startedAt = this.#clock.now()
      const drafted = await this.#draftByModel(tokens, Math.min(limit, model.length), signal)
      return { drafted, source: MODEL, draftMs: this.#clock.now() - startedAt, startedAt: this.#clock.now() }
    }
    return { drafted: found.slice(0, text.length), source, draftMs: 0, startedAt: this.#clock.now() }
  }

  /** The step was answered by the chain it was meant for. `drafted`: how many of the drafted it had; `accepted`: how many were right. */
  stepped(step: DraftedStep, drafted: number, accepted: number, timings: readonly HopTiming[]): void {
    const { source, draftMs, startedAt } = step
    const computeMs = timings.reduce((sum, { computeUs }) => sum + computeUs / 1000, 0)
    this.#length.stepped({ drafted, accepted, source, draftMs, stepMs: this.#clock.now() - startedAt, computeMs })
  }

  async close(): Promise<void> {
    await this.#opening
    const model = this.#model
    this.#model = undefined
    await model?.close()
  }

  async #draftByModel(tokens: readonly number[], most: number, signal: AbortSignal): Promise<number[]> {
    const startedAt = this.#clock.now()
    try {
      const drafted = await this.#model!.draft(tokens, most, signal)
      const ms = (this.#clock.now() - startedAt) / Math.max(1, drafted.length)
      this.#modelMs += (this.#modelMs === 0 ? 1 : LEARNING_RATE) * (ms - this.#modelMs)
      return drafted
    } catch {
      signal.throwIfAborted()
      await this.close()
      return []
    }
  }
}
