/**
 * From what directory nodes answered to a directory one can plan with: every announcement's signature is checked here, as
 * directory nodes are strangers too. Signatures already checked are remembered, since the same ones come every time.
 */
import { verifyAnnouncement } from './announcement.ts'
import { mergeDirectories } from './directory.ts'
import type { Announcement, Directory, DirectoryEntry } from './types.ts'

/** Verified announcements remembered: those of the largest answer, twice. */
const MAX_REMEMBERED = 2_048

export interface FoundEntry {
  announcement: Uint8Array
  ageMs: number
}

export class DirectoryReader {
  readonly #verified = new Map<string, Announcement>()

  /** Leaves out what is forged or malformed; a peer found several times counts with its newest announcement. */
  async read(found: readonly FoundEntry[]): Promise<Directory> {
    const entries = await Promise.all(
      found.map(async ({ announcement, ageMs }): Promise<DirectoryEntry | undefined> => {
        try {
          return { announcement: await this.#verify(announcement), ageMs }
        } catch {
          return undefined
        }
      })
    )
    return mergeDirectories([{ entries: entries.filter(entry => entry !== undefined) }])
  }

  async #verify(bytes: Uint8Array): Promise<Announcement> {
    const key = String.fromCharCode(...bytes)
    const known = this.#verified.get(key)
    if (known !== undefined) return known
    const announcement = await verifyAnnouncement(bytes)
    this.#verified.set(key, announcement)
    const oldest = this.#verified.keys().next().value
    if (this.#verified.size > MAX_REMEMBERED && oldest !== undefined) this.#verified.delete(oldest)
    return announcement
  }
}
