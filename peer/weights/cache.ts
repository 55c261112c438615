/**
 * The chunk cache on disk: one file per chunk, named by its digest, under the user's cache folder. Several processes may
 * share it: files appear whole by renaming, and one that is gone is merely absent.
 */
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import {
  type ChunkCache,
  type ChunkCacheOptions,
  DEFAULT_CACHE_BYTES,
  DIGEST_PATTERN,
  noCache,
  RecencyIndex
} from './chunk-cache.ts'

/** A crashed writer's file; older than this nobody is writing it. */
const STALE_TEMPORARY_MS = 60 * 60 * 1000

/** `$XDG_CACHE_HOME/shoal/chunks`, else `~/.cache/shoal/chunks`. */
export function defaultCachePath(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'shoal', 'chunks')
}

/** Never fails: where the folder cannot be used the cache keeps nothing. */
export async function openChunkCache(options: ChunkCacheOptions = {}): Promise<ChunkCache> {
  const folder = options.path ?? defaultCachePath()
  const index = new RecencyIndex(options.maxBytes ?? DEFAULT_CACHE_BYTES)
  try {
    await mkdir(folder, { recursive: true })
    const kept = await listChunks(folder)
    for (const { digest, bytes } of kept) await removeAll(folder, index.add(digest, bytes))
  } catch {
    return noCache
  }
  return {
    get: async digest => {
      const bytes = await readFile(join(folder, digest)).catch(() => undefined)
      if (bytes === undefined) {
        index.remove(digest)
        return undefined
      }
      // Another process may have written it.
      if (!index.touch(digest)) await removeAll(folder, index.add(digest, bytes.byteLength))
      const now = new Date()
      await utimes(join(folder, digest), now, now).catch(() => {})
      return new Uint8Array(bytes)
    },
    put: async (digest, bytes) => {
      if (!DIGEST_PATTERN.test(digest)) return false
      const temporary = join(folder, `${digest}.${process.pid}.${crypto.randomUUID()}.tmp`)
      try {
        await writeFile(temporary, bytes, { flag: 'wx' })
        await rename(temporary, join(folder, digest))
      } catch {
        // A full or read-only disk: go on without.
        await rm(temporary, { force: true }).catch(() => {})
        return false
      }
      await removeAll(folder, index.add(digest, bytes.byteLength))
      return true
    },
    delete: async digest => {
      await removeAll(folder, [digest])
      index.remove(digest)
    }
  }
}

/** Least recently used first. */
async function listChunks(folder: string): Promise<{ digest: string; bytes: number; usedMs: number }[]> {
  const chunks: { digest: string; bytes: number; usedMs: number }[] = []
  for (const name of await readdir(folder)) {
    const stats = await stat(join(folder, name)).catch(() => undefined)
    if (stats === undefined || !stats.isFile()) continue
    if (DIGEST_PATTERN.test(name)) chunks.push({ digest: name, bytes: stats.size, usedMs: stats.mtimeMs })
    else if (name.endsWith('.tmp') && Date.now() - stats.mtimeMs > STALE_TEMPORARY_MS) await removeAll(folder, [name])
  }
  return chunks.sort((a, b) => a.usedMs - b.usedMs)
}

async function removeAll(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) await rm(join(folder, name), { force: true }).catch(() => {})
}
