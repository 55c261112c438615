/**
 * Drafts by a small model in this process: an engine of all its layers continues the answer by the very draws that the answer
 * is sampled with, so that where both models see much the same, they say the same, greedy or not.
 */
import type { HeadRequest, SequenceId, SpanEngine } from '../engine/engine.ts'
import { Serial } from '../engine/serial.ts'
import { BusyError } from '../errors.ts'
import { adjustmentsOf } from '../session/adjust-logits.ts'
import type { DraftedAnswer, Drafter, Drafting } from '../session/drafter.ts'
import { draw } from '../session/draw.ts'
import { sampleFull } from '../session/sampler.ts'

const noRows: HeadRequest = { rows: 0, topK: 1, temperature: 1, extraIds: new Uint32Array(0) }
const oneRow: HeadRequest = { ...noRows, rows: 1 }

/** The engine's vocabulary is the answers' own; it runs nothing else. */
export function engineDrafter(engine: SpanEngine): Drafter {
  // One run at a time, and several answers at once.
  const serial = new Serial()
  return {
    open: async answer => {
      const length = Math.min(answer.reserveTokens, engine.shape.contextLength)
      try {
        return new EngineDrafting(engine, serial, await serial.run(() => engine.reserve(length)), length, answer)
      } catch {
        // No room beside other answers' drafts, or no device any more.
        return undefined
      }
    }
  }
}

class EngineDrafting implements Drafting {
  readonly #engine: SpanEngine
  readonly #serial: Serial
  readonly #sequence: SequenceId
  readonly #reserved: number
  readonly #answer: DraftedAnswer
  readonly #ending = new AbortController()
  /** Tokens whose KV is written. */
  #held: number[] = []
  /** Feeds the prompt while the chain does. */
  readonly #fed: Promise<void>
  #isFed = false

  constructor(engine: SpanEngine, serial: Serial, sequence: SequenceId, reserved: number, answer: DraftedAnswer) {
    this.#engine = engine
    this.#serial = serial
    this.#sequence = sequence
    this.#reserved = reserved
    this.#answer = answer
    this.#fed = this.#feed(answer.prompt.slice(0, reserved), noRows, this.#ending.signal)
      .then(() => {
        this.#isFed = true
      })
      .catch(() => {})
  }

  async draft(tokens: readonly number[], most: number, signal: AbortSignal): Promise<number[]> {
    // Nobody waits for a prompt that this model reads more slowly than the chain.
    if (!this.#isFed || tokens.length + most > this.#reserved) return []
    const limit = AbortSignal.any([signal, this.#ending.signal])
    const { sampling, choice, prompt } = this.#answer
    const known = [...tokens]
    while (known.length < tokens.length + most) {
      await this.#feed(known, oneRow, limit)
      const logits = await this.#engine.logits(this.#sequence, 0)
      limit.throwIfAborted()
      const uniform = draw(sampling.seed, choice, known.length)
      known.push(sampleFull(logits, sampling, uniform, adjustmentsOf(sampling, known, prompt.length)))
    }
    return known.slice(tokens.length)
  }

  async close(): Promise<void> {
    this.#ending.abort(new BusyError('the answer is over'))
    await this.#fed
    await this.#serial.run(() => this.#engine.release(this.#sequence)).catch(() => {})
  }

  /** Writes KV for all of `tokens`, the last of them anew, in pieces between which other answers' drafts have their turn. */
  async #feed(tokens: readonly number[], head: HeadRequest, signal: AbortSignal): Promise<void> {
    const { maxBatchTokens } = this.#engine.shape
    let position = this.#held.findIndex((id, at) => id !== tokens[at])
    if (position < 0) position = this.#held.length
    position = Math.min(position, tokens.length - 1)
    while (position < tokens.length) {
      signal.throwIfAborted()
      const end = Math.min(position + maxBatchTokens, tokens.length)
      const input = { tokens: Uint32Array.from(tokens.slice(position, end)) }
      const step = { sequence: this.#sequence, position, input, head: end === tokens.length ? head : noRows }
      await this.#serial.run(() => this.#engine.run([step]))
      position = end
      this.#held = tokens.slice(0, end)
    }
  }
}
