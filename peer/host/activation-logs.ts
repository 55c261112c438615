/**
 * What a host's live sessions have sent to their next hops, so that a hop that replaces a lost one can be fed from its
 * neighbour instead of from token ids. Bounded in bytes over all sessions: the log of the oldest session goes first.
 */
import { decodeActivation } from '../wire/activation-codec.ts'
import { type Activation, Dtype } from '../wire/frames.pb.js'

/** The output of one step, and of which positions. */
interface Entry {
  position: number
  count: number
  hidden: Activation
}

export class ActivationLogs {
  readonly #limit: number
  /** By session, oldest first; a log's entries follow on one another. */
  readonly #logs = new Map<string, Entry[]>()
  #bytes = 0

  /** `limit`: bytes over all sessions. */
  constructor(limit: number) {
    this.#limit = limit
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Logs the output of a step that has run: what was logged from its position on is gone. */
  append(session: string, position: number, count: number, hidden: Activation): void {
    this.cut(session, position)
    // Beyond a gap nothing before can be replayed.
    if (this.range(session).logEnd !== position) this.#empty(session)
    const log = this.#logs.get(session)
    const entry = { position, count, hidden }
    if (log === undefined) this.#logs.set(session, [entry])
    else log.push(entry)
    this.#bytes += hidden.data.byteLength
    while (this.#bytes > this.#limit) {
      const oldest = [...this.#logs.keys()].find(key => this.#logs.get(key)!.length > 0)!
      this.#empty(oldest)
    }
  }

  /** Forgets the outputs from `position` on. */
  cut(session: string, position: number): void {
    const log = this.#logs.get(session)
    for (let last = log?.at(-1); last !== undefined && last.position + last.count > position; last = log!.at(-1)) {
      log!.pop()
      this.#bytes -= last.hidden.data.byteLength
      const count = position - last.position
      if (count <= 0) continue
      // Copied, or the bytes that are cut would stay in memory.
      const data = last.hidden.data.slice(0, (last.hidden.data.byteLength / last.count) * count)
      log!.push({ position: last.position, count, hidden: { dtype: last.hidden.dtype, data } })
      this.#bytes += data.byteLength
    }
  }

  /** The positions [logFirst, logEnd) that can be replayed. */
  range(session: string): { logFirst: number; logEnd: number } {
    const log = this.#logs.get(session)
    const last = log?.at(-1)
    return last === undefined ? { logFirst: 0, logEnd: 0 } : { logFirst: log![0]!.position, logEnd: last.position + last.count }
  }

  /** `count` hidden states of `width` values from `position` on; undefined when they are not all there. */
  read(session: string, position: number, count: number, width: number): Float32Array | undefined {
    const { logFirst, logEnd } = this.range(session)
    if (position < logFirst || position + count > logEnd) return undefined
    const hidden = new Float32Array(count * width)
    for (const entry of this.#logs.get(session)!) {
      const from = Math.max(position, entry.position)
      const end = Math.min(position + count, entry.position + entry.count)
      if (from >= end) continue
      const values = decodeActivation(entry.hidden, entry.count * width)
      hidden.set(values.subarray((from - entry.position) * width, (end - entry.position) * width), (from - position) * width)
    }
    return hidden
  }

  /** Whether what was sent of these positions took f32 because a value overflowed f16: sent again, it must not be rounded. */
  needsF32(session: string, position: number, count: number): boolean {
    const log = this.#logs.get(session) ?? []
    return log.some(
      entry =>
        entry.hidden.dtype === Dtype.DTYPE_F32 && entry.position < position + count && position < entry.position + entry.count
    )
  }

  /** The session has ended, or its KV is gone. */
  drop(session: string): void {
    this.#empty(session)
    this.#logs.delete(session)
  }

  /** Keeps the session's place in the order of age. */
  #empty(session: string): void {
    const log = this.#logs.get(session)
    for (const { hidden } of log ?? []) this.#bytes -= hidden.data.byteLength
    if (log !== undefined) log.length = 0
  }
}
