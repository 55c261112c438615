/**
 * Byte-level byte-pair encoding of text without markers: cut as the pre-tokenizer says, spell each piece in GPT-2's byte
 * alphabet, merge by the vocabulary's list of merges.
 */
import { alphabetOf } from './byte-alphabet.ts'
import { mergePairs } from './pair-merging.ts'
import { cut, type PreTokenizer } from './pre-tokenizers.ts'

/** Pieces of which the ids are kept, words above all: text repeats them. At most about 10 MB. */
const MAX_KNOWN_PIECES = 16_384
/** UTF-16 units; longer pieces seldom come again. */
const MAX_KNOWN_LENGTH = 48

export class BytePairs {
  private readonly known = new Map<string, readonly number[]>()
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
    for (const piece of cut(text, this.preTokenizer.patterns)) for (const id of this.idsOf(piece)) ids.push(id)
    return ids
  }

  private idsOf(piece: string): readonly number[] {
    const known = this.known.get(piece)
    if (known !== undefined) return known
    const ids = this.encodePiece(alphabetOf(piece))
    if (piece.length > MAX_KNOWN_LENGTH) return ids
    if (this.known.size >= MAX_KNOWN_PIECES) this.known.clear()
    this.known.set(piece, ids)
    return ids
  }

  private encodePiece(piece: string): number[] {
    const whole = this.preTokenizer.wholePieces ? this.ids.get(piece) : undefined
    if (whole !== undefined) return [whole]
    return mergePairs([...piece], (left, right) => this.ranks.get(`${left} ${right}`)).flatMap(symbol => {
      const id = this.ids.get(symbol)
      // Merged into something that is no token: its bytes, those that the vocabulary has.
      return id !== undefined ? [id] : [...symbol].flatMap(character => this.ids.get(character) ?? [])
    })
  }
}
