/**
 * Who owns which KV blocks. One pool serves all sequences of a span; a block number means the same 16 tokens in every
 * layer's buffers. Pure bookkeeping: the buffers are the span's.
 */
import { BusyError, InvalidRequestError, UnknownSessionError } from '../errors.ts'
import type { KvState, SequenceId } from './engine.ts'
import { TOKENS_PER_BLOCK } from './kernels/shared.ts'

export interface KvSequence {
  blocks: readonly number[]
  /** Positions below this one hold what the sequence's steps wrote. */
  written: number
}

export class KvPool {
  readonly #total: number
  readonly #maxSequences: number
  readonly #free: number[]
  readonly #sequences = new Map<SequenceId, KvSequence>()
  #next: SequenceId = 1

  constructor(totalBlocks: number, maxSequences: number) {
    this.#total = totalBlocks
    this.#maxSequences = maxSequences
    // Popped from the end: the lowest block first.
    this.#free = Array.from({ length: totalBlocks }, (_, index) => totalBlocks - 1 - index)
  }

  state(): KvState {
    return { tokensPerBlock: TOKENS_PER_BLOCK, totalBlocks: this.#total, freeBlocks: this.#free.length }
  }

  /** All blocks for `tokens` positions or none. @throws BusyError, InvalidRequestError */
  reserve(tokens: number): SequenceId {
    if (!Number.isSafeInteger(tokens) || tokens < 1)
      throw new InvalidRequestError(`Cannot reserve KV for ${tokens} tokens`, { param: 'tokens' })
    const count = Math.ceil(tokens / TOKENS_PER_BLOCK)
    if (this.#sequences.size >= this.#maxSequences) throw new BusyError(`All ${this.#maxSequences} sequences are taken`)
    if (count > this.#free.length)
      throw new BusyError(`${count} KV blocks asked for, ${this.#free.length} of ${this.#total} free`)
    const id = this.#next++
    this.#sequences.set(id, { blocks: Array.from({ length: count }, () => this.#free.pop()!), written: 0 })
    return id
  }

  /** The blocks that `tokens` positions lack, or none. @throws BusyError, UnknownSessionError */
  extend(id: SequenceId, tokens: number): void {
    const sequence = this.get(id)
    const more = Math.ceil(tokens / TOKENS_PER_BLOCK) - sequence.blocks.length
    if (more > this.#free.length)
      throw new BusyError(`${more} more KV blocks asked for, ${this.#free.length} of ${this.#total} free`)
    if (more > 0) sequence.blocks = [...sequence.blocks, ...Array.from({ length: more }, () => this.#free.pop()!)]
  }

  /** Releasing what is not held changes nothing. */
  release(id: SequenceId): void {
    const sequence = this.#sequences.get(id)
    if (sequence === undefined) return
    this.#sequences.delete(id)
    for (const block of sequence.blocks.toReversed()) this.#free.push(block)
  }

  /** @throws UnknownSessionError */
  get(id: SequenceId): KvSequence {
    const sequence = this.#sequences.get(id)
    if (sequence === undefined) throw new UnknownSessionError(`Sequence ${id} holds no KV here`)
    return sequence
  }

  /** Where tokens [position, position + count) go. @throws InvalidRequestError beyond what is written or reserved */
  slots(id: SequenceId, position: number, count: number): number[] {
    const { blocks, written } = this.get(id)
    if (!Number.isSafeInteger(position) || position < 0 || position > written)
      throw new InvalidRequestError(`Sequence ${id} has ${written} positions, a step cannot start at ${position}`, {
        param: 'position'
      })
    const room = blocks.length * TOKENS_PER_BLOCK
    if (position + count > room)
      throw new InvalidRequestError(`Sequence ${id} has room for ${room} positions, a step would end at ${position + count}`, {
        param: 'position'
      })
    return Array.from({ length: count }, (_, index) => {
      const at = position + index
      return blocks[Math.floor(at / TOKENS_PER_BLOCK)]! * TOKENS_PER_BLOCK + (at % TOKENS_PER_BLOCK)
    })
  }

  /** The sequence, which has written positions [from, to). @throws InvalidRequestError when it has not */
  written(id: SequenceId, from: number, to: number): KvSequence {
    const sequence = this.get(id)
    if (!(Number.isSafeInteger(from) && Number.isSafeInteger(to) && 0 <= from && from < to && to <= sequence.written))
      throw new InvalidRequestError(`Sequence ${id} has ${sequence.written} positions, not [${from}, ${to})`, { param: 'from' })
    return sequence
  }
}
