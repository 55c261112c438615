/** What the selection of one model's requests works with. */
import type { MeasuringService } from '../session/types.ts'
import type { Reputation } from '../swarm/reputation.ts'
import type { Announcement, Directory } from '../swarm/types.ts'
import type { Clock } from '../wire/clock.ts'
import type { WireLogger } from '../wire/log.ts'
import type { SelectionBook } from './book.ts'
import type { Cloud } from './cloud.ts'
import type { Way } from './energy.ts'
import type { SelectionSettings } from './settings.ts'

export interface SelectingOptions {
  edge: MeasuringService
  /** Of the edge's model. */
  layers: number
  width: number
  directory: (signal?: AbortSignal) => Promise<Directory>
  reputation: Reputation
  wayTo: (announcement: Announcement) => Way
  clouds: readonly Cloud[]
  settings: SelectionSettings
  book: SelectionBook
  /** Resolves once what the book has reserved would survive the process. */
  keep: () => Promise<void>
  clock?: Clock
  /** 0 to 1, for jitter. */
  chance?: () => number
  logger?: WireLogger
}

export type SelectingContext = Required<SelectingOptions>
