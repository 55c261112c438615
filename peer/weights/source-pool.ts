/**
 * Several sources of the same file, tried in turn: one that fails steps back, one that lies is never asked again.
 */
import { SourceError, WeightsCorruptError } from '../errors.ts'
import type { ByteSource } from '../model/byte-source.ts'
import { sha256Hex } from '../model/sha256.ts'

/** Failures without a success between after which a source is given up: each already includes the source's own retries. */
const MAX_FAILURES_IN_A_ROW = 3

interface Member {
  source: ByteSource
  failures: number
}

export class SourcePool {
  private members: Member[]
  private lastFailure = 'no source was given'

  /** @param fileSize what the manifest says; a source of another size is another file and left out */
  constructor(sources: readonly ByteSource[], fileSize: number) {
    this.members = sources.filter(source => source.size === fileSize).map(source => ({ source, failures: 0 }))
    const other = sources.find(source => source.size !== fileSize)
    if (other !== undefined) this.lastFailure = `${other.name}: ${other.size} bytes, but the model's file has ${fileSize}`
  }

  /**
   * Bytes that hash to `digest`, from the first source that has them.
   * @param what names the range in errors
   * @throws WeightsCorruptError when no source is left and one of them answered with other bytes, else SourceError
   */
  async read(
    what: string,
    offset: number,
    length: number,
    digest: string,
    signal?: AbortSignal
  ): Promise<Uint8Array<ArrayBuffer>> {
    let corrupt: string | undefined
    for (const member of [...this.members]) {
      signal?.throwIfAborted()
      // Another read may have found it out meanwhile.
      if (!this.members.includes(member)) continue
      try {
        const bytes = await member.source.read(offset, length, signal)
        if ((await sha256Hex(bytes)) === digest) {
          member.failures = 0
          return bytes
        }
        corrupt = `${what}: the bytes from ${member.source.name} do not match the manifest`
        this.lastFailure = corrupt
        this.drop(member)
      } catch (thrown) {
        signal?.throwIfAborted()
        if (!(thrown instanceof SourceError)) throw thrown
        this.lastFailure = thrown.message
        this.stepBack(member)
      }
    }
    if (corrupt !== undefined) throw new WeightsCorruptError(corrupt)
    throw new SourceError(`${what}: no source has it (${this.lastFailure})`)
  }

  private drop(member: Member): void {
    this.members = this.members.filter(other => other !== member)
  }

  private stepBack(member: Member): void {
    member.failures++
    const others = this.members.filter(other => other !== member)
    this.members = member.failures >= MAX_FAILURES_IN_A_ROW ? others : [...others, member]
  }
}
