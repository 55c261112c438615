/**
 * A peer's key file, claimed for one process: two processes with one key would be one peer to everybody else.
 */

import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { PrivateKey } from '@libp2p/interface'
import { BusyError } from '../errors.ts'
import { loadKey } from '../wire/keys.ts'
import { stateFolder } from './layout.ts'
import { freeLock, takeLock } from './pid-lock.ts'

/** Peers of one kind that one user may run on a machine without naming key files. */
const MAX_DEFAULT_KEYS = 64

export interface Identity {
  privateKey: PrivateKey
  path: string
  /** Lets another process use the key. */
  release: () => Promise<void>
}

/**
 * @param path the file to use; absent, the first free one of this user's for the kind of peer
 * @throws BusyError when a running process has the file, InvalidFileError when it holds no key
 */
export async function claimIdentity(path: string | undefined, kind: string): Promise<Identity> {
  if (path !== undefined) {
    const identity = await tryClaim(path)
    if (identity === undefined) throw new BusyError(`Key file ${path} is in use by another process`)
    return identity
  }
  for (let n = 1; n <= MAX_DEFAULT_KEYS; n++) {
    const identity = await tryClaim(join(stateFolder(), n === 1 ? `${kind}.key` : `${kind}-${n}.key`))
    if (identity !== undefined) return identity
  }
  throw new BusyError(`${MAX_DEFAULT_KEYS} peers of this user run already; give --identity a file of its own`)
}

async function tryClaim(path: string): Promise<Identity | undefined> {
  const lock = `${path}.pid`
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  if (!(await takeLock(lock))) return undefined
  const release = () => freeLock(lock)
  try {
    return { privateKey: await loadKey(path), path, release }
  } catch (error) {
    await release()
    throw error
  }
}
