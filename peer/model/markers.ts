/**
 * Cuts text at the tokens that are found in it as they stand before anything is merged: control markers and user-defined
 * tokens. Order as in llama.cpp's tokenizer_st_partition: the longest marker takes all its places first, then the next.
 */
export interface Marker {
  id: number
  text: string
  /** Whitespace after it is no part of the text. */
  trimsAfter: boolean
}

/** A stretch of text between markers, or a marker's id. */
export type Piece = string | number

interface TrieNode {
  next: Map<number, TrieNode>
  marker: number | undefined
}

const utf8 = new TextEncoder()
const newNode = (): TrieNode => ({ next: new Map(), marker: undefined })

export class MarkerCutter {
  /** Longest first (in UTF-8), then by id. */
  private readonly markers: readonly Marker[]
  private readonly trie = newNode()

  constructor(markers: readonly Marker[]) {
    const lengths = new Map(markers.map(marker => [marker, utf8.encode(marker.text).length]))
    this.markers = [...markers].sort((a, b) => lengths.get(b)! - lengths.get(a)! || a.id - b.id)
    for (const [index, { text }] of this.markers.entries()) {
      let node = this.trie
      for (let i = 0; i < text.length; i++) {
        const unit = text.charCodeAt(i)
        const child = node.next.get(unit) ?? newNode()
        node.next.set(unit, child)
        node = child
      }
      node.marker ??= index
    }
  }

  /** No text piece is empty. */
  cut(text: string): Piece[] {
    let pieces: Piece[] = text === '' ? [] : [text]
    for (const index of this.present(text)) pieces = cutAt(pieces, this.markers[index]!)
    return pieces
  }

  /** Which markers occur at all: vocabularies have thousands, a text a handful. */
  private present(text: string): number[] {
    const found = new Set<number>()
    for (let start = 0; start < text.length; start++) {
      let node = this.trie.next.get(text.charCodeAt(start))
      for (let i = start + 1; node !== undefined; i++) {
        if (node.marker !== undefined) found.add(node.marker)
        node = node.next.get(text.charCodeAt(i))
      }
    }
    return [...found].sort((a, b) => a - b)
  }
}

function cutAt(pieces: readonly Piece[], { id, text, trimsAfter }: Marker): Piece[] {
  return pieces.flatMap((piece): Piece[] => {
    if (typeof piece === 'number' || !piece.includes(text)) return [piece]
    const out: Piece[] = []
    let rest = piece
    for (let at = rest.indexOf(text); at >= 0; at = rest.indexOf(text)) {
      if (at > 0) out.push(rest.slice(0, at))
      out.push(id)
      rest = rest.slice(at + text.length)
      // C's isspace.
      if (trimsAfter) rest = rest.replace(/^[ \t\n\v\f\r]+/, '')
    }
    if (rest !== '') out.push(rest)
    return out
  })
}
