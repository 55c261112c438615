/** The selection of a gateway: the operator's file, the state that outlives the process, and a service over each model's edge. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { InvalidRequestError, toShoalError } from '../errors.ts'
import { SelectionBook } from '../select/book.ts'
import { openCloud } from '../select/cloud.ts'
import { describeSelection, type SelectionReport } from '../select/report.ts'
import { restoreBook, saveBook } from '../select/saved-book.ts'
import { openSelectingService } from '../select/selecting-service.ts'
import { readSettings, type SelectionSettings } from '../select/settings.ts'
import type { PlacingService } from '../session/types.ts'
import type { Directory } from '../swarm/types.ts'
import { systemClock } from '../wire/clock.ts'
import type { ServedCompletions, Swarm } from './join.ts'
import { stateFolder } from './layout.ts'
import { wayToPeers } from './peer-way.ts'
import { openStateFile } from './state-file.ts'

/** What is known of the edge is asked for anew after this: peers tell their changes once a second. */
const DIRECTORY_FRESH_MS = 500
/** A directory node that takes longer is away. */
const DIRECTORY_LIMIT_MS = 5_000

export interface Selection {
  over: (edge: ServedCompletions) => PlacingService
  report: () => SelectionReport
  close: () => Promise<void>
}

/** @throws InvalidRequestError naming file and field */
export async function readSelectionSettings(path: string): Promise<SelectionSettings> {
  try {
    return readSettings(JSON.parse(await readFile(path, 'utf8')), name => process.env[name])
  } catch (thrown) {
    // What JSON.parse quotes of the file could be a key.
    const why = thrown instanceof SyntaxError ? 'is no JSON' : toShoalError(thrown).message
    throw new InvalidRequestError(`${path}: ${why}`, { param: 'selection' })
  }
}

/** @param statePath default: one of this user's, for this peer. @throws BusyError when another process has it */
export async function openSelection(
  settings: SelectionSettings,
  statePath: string | undefined,
  swarm: Swarm,
  logger: Logger
): Promise<Selection> {
  const book = new SelectionBook(settings, systemClock.now())
  const file = await openStateFile({
    path: statePath ?? join(stateFolder(), `selection-${swarm.self}.json`),
    text: () => saveBook(book),
    changes: () => book.changes,
    restore: text => restoreBook(book, text),
    logger
  })
  const directory = fresh(signal => swarm.directory(signal))
  const wayTo = wayToPeers(swarm.self)
  const clouds = settings.clouds.map(openCloud)
  const { reputation } = swarm
  const hard = book.ledger !== undefined || book.ledgers.size > 0
  // Without a budget nothing must be known before it is spent.
  const keep = hard ? file.keep : async () => {}
  return {
    over: edge => {
      const { layers, width } = edge
      return openSelectingService({
        edge,
        layers,
        width,
        directory,
        reputation,
        wayTo,
        clouds,
        settings,
        book,
        keep,
        logger
      })
    },
    report: () => describeSelection(book, settings, systemClock.now()),
    close: file.close
  }
}

/** The directory as it was a moment ago at most; requests that come together share the question. */
function fresh(ask: (signal?: AbortSignal) => Promise<Directory>): (signal?: AbortSignal) => Promise<Directory> {
  let known: { at: number; directory: Promise<Directory> } | undefined
  return () => {
    const now = systemClock.now()
    if (known === undefined || now - known.at > DIRECTORY_FRESH_MS) {
      // Not one asker's signal: the others would go without an answer.
      const directory = ask(AbortSignal.timeout(DIRECTORY_LIMIT_MS))
      const asked = { at: now, directory }
      known = asked
      directory.catch(() => {
        if (known === asked) known = undefined
      })
    }
    const { at, directory } = known
    return directory.then(({ entries }) => ({ entries: entries.map(entry => ({ ...entry, ageMs: entry.ageMs + now - at })) }))
  }
}
