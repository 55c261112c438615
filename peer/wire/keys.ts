/**
 * A Node peer's key, kept in a file so that the peer has one id for life. Two processes must not use one file at a time:
 * they would be one peer to everybody else.
 */
import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { InvalidFileError } from '../errors.ts'

/** Larger than any Ed25519 key file (68 bytes). */
const MAX_KEY_BYTES = 1024

/** Reads the key at `path`, or makes one there (mode 0600, parent directories as needed). @throws InvalidFileError */
export async function loadKey(path: string): Promise<PrivateKey> {
  const kept = await readKey(path)
  if (kept !== undefined) return kept
  const key = await generateKeyPair('Ed25519')
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  // Written beside and linked into place: a reader never sees half a key, and of two first starts one wins.
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, privateKeyToProtobuf(key), { mode: 0o600, flag: 'wx' })
  try {
    await link(draft, path)
    return key
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return (await readKey(path)) ?? key
  } finally {
    await rm(draft, { force: true })
  }
}

async function readKey(path: string): Promise<PrivateKey | undefined> {
  let bytes: Uint8Array
  try {
    bytes = await readFile(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    if (bytes.byteLength > MAX_KEY_BYTES) throw new Error(`${bytes.byteLength} bytes, at most ${MAX_KEY_BYTES} expected`)
    const key = privateKeyFromProtobuf(bytes)
    if (key.type !== 'Ed25519') throw new Error(`a ${key.type} key, Ed25519 expected`)
    return key
  } catch (cause) {
    throw new InvalidFileError(`Key file ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, {}, { cause })
  }
}
