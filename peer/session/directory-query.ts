/** How a driver learns who serves a model. */
import { readEntries, type SignedEntry } from '../swarm/read-entries.ts'
import type { Directory } from '../swarm/types.ts'
import type { WireLogger } from '../wire/log.ts'

export interface DirectoryQuery {
  /** Live announcements of the model. @throws PeerLostError, DeadlineError when no directory node answers */
  query: (model: string, signal?: AbortSignal) => Promise<Directory>
}

/** What directory nodes answer with; the directory client of the network layer is one. */
export interface EntrySource {
  query: (model: string, signal?: AbortSignal) => Promise<readonly SignedEntry[]>
}

export function directoryOf(source: EntrySource, logger: WireLogger): DirectoryQuery {
  return {
    query: async (model, signal) =>
      readEntries(await source.query(model, signal), error =>
        logger.warn({ code: error.code }, `announcement left out: ${error.message}`)
      )
  }
}
