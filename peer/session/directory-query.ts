/** How a driver learns who serves a model; a client of directory nodes implements it. */
import type { Directory } from '../swarm/types.ts'

export interface DirectoryQuery {
  /** Live announcements covering the model. @throws PeerLostError, DeadlineError when no directory node answers */
  query: (model: string, signal?: AbortSignal) => Promise<Directory>
}
