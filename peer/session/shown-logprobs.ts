/**
 * Holds log-probabilities back as the text of their tokens is held back: those of a stop text are never told.
 */
import type { ShownLogprob, TextLogprob, TokenLogprobs } from './types.ts'

/** What a token adds to the text; the vocabulary's own name of those that add nothing. */
export interface TokenTexts {
  bytesOf: (id: number) => Uint8Array
  nameOf: (id: number) => string
}

const lossy = new TextDecoder('utf-8', { ignoreBOM: true })

export class ShownLogprobs {
  readonly #texts: TokenTexts
  /** With where the token's text begins and ends, in UTF-16 units. */
  #held: { start: number; end: number; logprob: ShownLogprob }[] = []
  #decoded = 0
  #codePoints = 0
  #shown = 0

  constructor(texts: TokenTexts) {
    this.#texts = texts
  }

  /** `decoded`: the text that the token completed. */
  push(token: TokenLogprobs, decoded: string): void {
    const start = this.#decoded
    const offset = this.#codePoints
    this.#decoded += decoded.length
    for (const _ of decoded) this.#codePoints++
    const top = token.top.map(({ id, logprob }) => this.#textOf(id, logprob))
    this.#held.push({ start, end: this.#decoded, logprob: { ...this.#textOf(token.id, token.logprob), top, offset } })
  }

  /** Those of the tokens that `text`, shown next, begins or completes. */
  show(text: string): ShownLogprob[] {
    this.#shown += text.length
    const waiting = this.#held.findIndex(({ start, end }) => start >= this.#shown && end > this.#shown)
    return this.#held.splice(0, waiting < 0 ? this.#held.length : waiting).map(({ logprob }) => logprob)
  }

  #textOf(id: number, logprob: number): TextLogprob {
    const bytes = this.#texts.bytesOf(id)
    if (bytes.length === 0) return { token: this.#texts.nameOf(id), bytes: undefined, logprob }
    return { token: lossy.decode(bytes), bytes: [...bytes], logprob }
  }
}
