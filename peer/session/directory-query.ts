/** How a driver learns who serves a model. */
import { readEntries, type SignedEntry } from '../swarm/read-entries.ts'
import type { Directory } from '../swarm/types.ts'
import type { WireLogger } from '../wire/log.ts'

export interface DirectoryQuery {
  /** Live announcements of the model. @throws PeerLostError, DeadlineError when no directory node answers */
  query: (model: string, signal?: AbortSignal) => Promise<Directory>
  /** Calls back, as a hint, when one of the peers seems to have gone; the returned function ends it. */
  watch?: ((peers: readonly string[], onGone: (peer: string) => void) => () => void) | undefined
}

/** What directory nodes answer with; the directory client of the network layer is one. */
export interface EntrySource {
  query: (model: string, signal?: AbortSignal) => Promise<readonly SignedEntry[]>
  watch?: (peers: readonly string[], onGone: (peer: string) => void) => () => void
}

export function directoryOf(source: EntrySource, logger: WireLogger): DirectoryQuery {
  return {
    watch: source.watch?.bind(source),
    query: async (model, signal) =>
      readEntries(await source.query(model, signal), error =>
        logger.warn({ code: error.code }, `announcement left out: ${error.message}`)
      )
  }
}
