/**
 * A file that keeps a process's state over restarts. One writer at a time, by a lock; whole or not at all, by renaming; and
 * whatever is wrong with it costs what was learned, never the start.
 */
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { BusyError, InvalidFileError, toShoalError } from '../errors.ts'
import type { WireLogger } from '../wire/log.ts'
import { freeLock, takeLock } from './pid-lock.ts'

/** Between two writes of what nobody waits for. */
const WRITE_EVERY_MS = 5_000
/** A state is some hundred kilobytes at most. */
const MAX_BYTES = 16 * 1024 * 1024

export interface StateFile {
  /** Resolves when what is there now is in the file; calls that come meanwhile share the next write. */
  keep: () => Promise<void>
  /** Writes once more and lets another process have the file. */
  close: () => Promise<void>
}

export interface StateFileOptions {
  path: string
  /** What is there now. */
  text: () => string
  /** Grows with every change. */
  changes: () => number
  /** Takes over what the file holds. @throws when it can't be */
  restore: (text: string) => void
  logger: WireLogger
}

/** @throws BusyError when a running process has the file */
export async function openStateFile({ path, text, changes, restore, logger }: StateFileOptions): Promise<StateFile> {
  const lock = `${path}.pid`
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  if (!(await takeLock(lock))) throw new BusyError(`State file ${path} is in use by another process`)
  try {
    const saved = await readSaved(path)
    if (saved !== undefined) restore(saved)
  } catch (thrown) {
    logger.warn({ path }, `the saved state is left out: ${toShoalError(thrown).message}`)
    // Kept for whoever wants to see what was wrong with it.
    await rename(path, `${path}.bad`).catch(() => {})
  }
  let written = changes()
  let writing: Promise<void> | undefined
  let next: Promise<void> | undefined
  const write = async () => {
    const at = changes()
    await writeWhole(path, text())
    written = at
  }
  const keep = (): Promise<void> => {
    // A write that has begun may miss the latest change: that waits for the one after it.
    next ??= (writing ?? Promise.resolve())
      .catch(() => {})
      .then(() => {
        next = undefined
        writing = write()
        return writing
      })
    return next
  }
  const timer = setInterval(() => {
    if (changes() !== written)
      keep().catch(thrown => logger.warn({ path }, `the state was not saved: ${toShoalError(thrown).message}`))
  }, WRITE_EVERY_MS)
  timer.unref()
  return {
    keep,
    close: async () => {
      clearInterval(timer)
      try {
        await keep()
      } catch (thrown) {
        logger.warn({ path }, `the state was not saved: ${toShoalError(thrown).message}`)
      } finally {
        await freeLock(lock)
      }
    }
  }
}

async function readSaved(path: string): Promise<string | undefined> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (file === undefined) return undefined
  try {
    const { size } = await file.stat()
    if (size > MAX_BYTES) throw new InvalidFileError(`${size} bytes, at most ${MAX_BYTES} expected`)
    return await readFile(file, 'utf8')
  } finally {
    await file.close()
  }
}

async function writeWhole(path: string, text: string): Promise<void> {
  const half = `${path}.new`
  try {
    const file = await open(half, 'w', 0o600)
    try {
      await file.writeFile(text)
      // Renamed before it is on disk, a power cut could leave it empty.
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(half, path)
  } catch (error) {
    await rm(half, { force: true })
    throw error
  }
}
