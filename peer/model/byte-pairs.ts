/**
 * Byte-level byte-pair encoding of text without markers: cut as the pre-tokenizer says, spell each piece in GPT-2's byte
 * alphabet, merge by the vocabulary's list of merges.
 */
import { alphabetOf } from './byte-alphabet.ts'
import { mergePairs } from './pair-merging.ts'
import { cut, type PreTokenizer } from './pre-tokenizers.ts'

export class BytePairs {
  private readonly preTokenizer: PreTokenizer
  private readonly ids: ReadonlyMap<string, number>
  private readonly ranks: ReadonlyMap<string, number>

  /** `ids`: of every token that text may become. `merges`: pairs joined by one space, most urgent first. */
  constructor(preTokenizer: PreTokenizer, ids: ReadonlyMap<string, number>, merges: readonly string[]) {
    this.preTokenizer = preTokenizer
    this.ids = ids
    // No symbol holds a space, so a merge's own text names it. Of a merge given twice the first counts.
    const ranks = new Map<string, number>()
    for (const [rank, merge] of merges.entries()) if (!ranks.has(merge)) ranks.set(merge, rank)
    this.ranks = ranks
  }

  encode(text: string): number[] {
    const ids: number[] = []
    for (const piece of cut(text, this.preTokenizer.patterns)) this.encodePiece(alphabetOf(piece), ids)
    return ids
  }

  private encodePiece(piece: string, ids: number[]): void {
    const whole = this.preTokenizer.wholePieces ? this.ids.get(piece) : undefined
    if (whole !== undefined) {
      ids.push(whole)
      return
    }
    for (const symbol of mergePairs([...piece], (left, right) => this.ranks.get(`${left} ${right}`))) {
      const id = this.ids.get(symbol)
      if (id !== undefined) ids.push(id)
      // Merged into something that is no token: its bytes, those that the vocabulary has.
      else ids.push(...[...symbol].flatMap(character => this.ids.get(character) ?? []))
    }
  }
}
