/**
 * Encoding with a SentencePiece vocabulary (GGUF's 'llama' model: Llama 2, Mistral 7B, Gemma, Phi-3) of text without
 * markers: spaces become ▁, and whatever two neighbours form a token merge, the best score first. Characters that are no
 * token become their bytes'. Order and ties as in llama.cpp's llm_tokenizer_spm.
 */
import { mergePairs } from './pair-merging.ts'
import type { SentencePieceFacts } from './tokenizer-facts.ts'

/** U+2581, by which SentencePiece writes a space. */
export const SPACE_MARK = '▁'

const utf8 = new TextEncoder()

export class SentencePieces {
  private readonly facts: SentencePieceFacts
  private readonly ids: ReadonlyMap<string, number>
  private readonly byteIds: readonly (number | undefined)[]

  /** `ids`: of every token that text may become. */
  constructor(facts: SentencePieceFacts, ids: ReadonlyMap<string, number>) {
    this.facts = facts
    this.ids = ids
    this.byteIds = Array.from({ length: 256 }, (_, byte) => ids.get(byteTokenText(byte)) ?? facts.unknown)
  }

  /** `atStart`: nothing but markers comes before, so the vocabulary may want a space first. */
  encode(text: string, atStart: boolean): number[] {
    const spaced = (atStart && this.facts.addsSpacePrefix ? ' ' : '') + text
    const ids: number[] = []
    for (const symbol of mergePairs([...spaced.replaceAll(' ', SPACE_MARK)], (left, right) => this.rankOf(left + right))) {
      const id = this.ids.get(symbol)
      if (id !== undefined) ids.push(id)
      else for (const byte of utf8.encode(symbol)) ids.push(...(this.byteIds[byte] === undefined ? [] : [this.byteIds[byte]]))
    }
    return ids
  }

  private rankOf(text: string): number | undefined {
    const id = this.ids.get(text)
    return id === undefined ? undefined : -this.facts.scores[id]!
  }
}

/** The text of the token for one byte. */
export function byteTokenText(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`
}
