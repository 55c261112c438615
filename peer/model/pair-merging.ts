/**
 * Merging neighbouring symbols into longer ones until no pair is left that may merge: what byte-pair encoding and
 * SentencePiece's vocabularies have in common, in llama.cpp's order. Own code, because GGUF gives SentencePiece vocabularies
 * scores and no merges, for which @huggingface/tokenizers has no model; for byte pairs its ids were the same on the corpus of
 * test/oracle but where a merge is listed twice, so one implementation serves both.
 */

/** How urgent a merge is, the lowest first; `undefined` when the two never merge. */
export type RankOf = (left: string, right: string) => number | undefined

interface Candidate {
  rank: number
  left: number
  right: number
  /** Of both when they were neighbours: another length now means that one of them has merged elsewhere. */
  length: number
}

/** The symbols that are left. Of equally urgent pairs the leftmost merges first. Time n log n. */
export function mergePairs(symbols: readonly string[], rankOf: RankOf): string[] {
  if (symbols.length < 2) return [...symbols]
  const texts = [...symbols]
  const before = Int32Array.from(texts, (_, i) => i - 1)
  const after = Int32Array.from(texts, (_, i) => (i + 1 < texts.length ? i + 1 : -1))
  const queue = new CandidateQueue()
  const consider = (left: number, right: number) => {
    if (left < 0 || right < 0) return
    const rank = rankOf(texts[left]!, texts[right]!)
    if (rank !== undefined) queue.push({ rank, left, right, length: texts[left]!.length + texts[right]!.length })
  }
  for (let i = 1; i < texts.length; i++) consider(i - 1, i)
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const { left, right, length } = next
    // A symbol that has merged into the one before it is empty.
    if (texts[left] === '' || texts[right] === '' || texts[left]!.length + texts[right]!.length !== length) continue
    texts[left] += texts[right]!
    texts[right] = ''
    after[left] = after[right]!
    if (after[left]! >= 0) before[after[left]!] = left
    consider(before[left]!, left)
    consider(left, after[left]!)
  }
  return texts.filter(text => text !== '')
}

/** A binary heap, the next candidate at the root. */
class CandidateQueue {
  readonly #heap: Candidate[] = []

  push(candidate: Candidate): void {
    const heap = this.#heap
    let at = heap.length
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!precedes(candidate, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = candidate
  }

  pop(): Candidate | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return first
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && precedes(heap[child + 1]!, heap[child]!)) child++
      if (!precedes(heap[child]!, last)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
    return first
  }
}

function precedes(a: Candidate, b: Candidate): boolean {
  return a.rank < b.rank || (a.rank === b.rank && a.left < b.left)
}
