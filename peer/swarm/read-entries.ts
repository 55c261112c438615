/** A directory node's answer as a directory: every announcement's signature is checked here, whoever passed it on. */
import type { ShoalError } from '../errors.ts'
import { toShoalError } from '../errors.ts'
import { verifyAnnouncement } from './announcement.ts'
import { mergeDirectories } from './directory.ts'
import type { Directory, DirectoryEntry } from './types.ts'

export interface SignedEntry {
  announcement: Uint8Array
  ageMs: number
}

/** Announcements that don't verify are left out and told to `onBad`. */
export async function readEntries(
  signed: readonly SignedEntry[],
  onBad: (error: ShoalError) => void = () => {}
): Promise<Directory> {
  const entries: DirectoryEntry[] = []
  for (const { announcement, ageMs } of signed) {
    try {
      entries.push({ announcement: await verifyAnnouncement(announcement), ageMs })
    } catch (thrown) {
      onBad(toShoalError(thrown))
    }
  }
  return mergeDirectories([{ entries }])
}
