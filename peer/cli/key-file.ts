/**
 * The file of a gateway's API keys: changed whole, by one command at a time, and read again by a gateway that runs.
 */
import { readFileSync, type Stats, statSync } from 'node:fs'
import { chmod, chown, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { BusyError, InvalidFileError, SourceError, toShoalError } from '../errors.ts'
import { KeyRing, readKeys, type StoredKey, writeKeys } from '../gateway/api-keys.ts'
import { KEYS_LOOK_MS } from '../gateway/limits.ts'
import { freeLock, takeLock } from './pid-lock.ts'

/** As many keys as there may be, with the longest names. */
const MAX_BYTES = 8 * 1024 * 1024

/** None where there is no file. @throws SourceError, InvalidFileError */
export function loadKeys(path: string): StoredKey[] {
  return seen(path) === undefined ? [] : readFile(path)
}

/** @throws BusyError when another command changes the file; what `change` throws */
export async function changeKeys(path: string, change: (keys: StoredKey[]) => StoredKey[]): Promise<void> {
  const lock = `${path}.pid`
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  if (!(await takeLock(lock))) throw new BusyError(`Key file ${path} is being changed by another process`)
  try {
    await writeWhole(path, writeKeys(change(loadKeys(path))), seen(path))
  } finally {
    await freeLock(lock)
  }
}

/**
 * The keys of a file, read again when it changes: taking one back must not need a restart. A file that can't be read later
 * leaves the keys as they were.
 * @throws SourceError, InvalidFileError
 */
export function watchKeys(path: string, warn: (message: string) => void): () => KeyRing {
  let known = stamp(seen(path))
  let ring = new KeyRing(readFile(path))
  let lookedAt = performance.now()
  return () => {
    const now = performance.now()
    if (now - lookedAt < KEYS_LOOK_MS) return ring
    lookedAt = now
    const found = stamp(seen(path))
    if (found === known) return ring
    known = found
    try {
      ring = new KeyRing(readFile(path))
    } catch (thrown) {
      warn(`the keys known before stay: ${toShoalError(thrown).message}`)
    }
    return ring
  }
}

function readFile(path: string): StoredKey[] {
  let text: string
  try {
    const { size } = statSync(path)
    if (size > MAX_BYTES) throw new InvalidFileError(`${path}: ${size} bytes, at most ${MAX_BYTES} expected`)
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    if (cause instanceof InvalidFileError) throw cause
    throw new SourceError(`${path}: ${toShoalError(cause).message}`, {}, { cause })
  }
  return readKeys(text, path)
}

function seen(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false })
}

/** Files are replaced, so that each version is another inode. */
function stamp(stats: Stats | undefined): string {
  return stats === undefined ? '' : `${stats.ino} ${stats.mtimeMs} ${stats.size}`
}

/** Readable for whoever could read it before; a new file for this user alone. */
async function writeWhole(path: string, text: string, before: Stats | undefined): Promise<void> {
  const half = `${path}.new`
  try {
    await writeFile(half, text, { mode: 0o600 })
    if (before !== undefined) {
      await chmod(half, before.mode & 0o777)
      // Only root may give a file away; others own it already.
      await chown(half, before.uid, before.gid).catch(() => {})
    }
    await rename(half, path)
  } catch (error) {
    await rm(half, { force: true })
    throw error
  }
}
