/**
 * The chunk cache in the browser's origin-private file system: one file per chunk, named by its digest. Several tabs may
 * share it; a file that is gone or half written is merely absent or found corrupt by whoever reads it.
 */
import {
  type ChunkCache,
  type ChunkCacheOptions,
  DEFAULT_CACHE_BYTES,
  DIGEST_PATTERN,
  noCache,
  RecencyIndex
} from './chunk-cache.ts'

const DEFAULT_FOLDER = 'shoal-chunks'

/** Never fails: in a private window, an insecure context or without quota the cache keeps nothing. */
export async function openChunkCache(options: ChunkCacheOptions = {}): Promise<ChunkCache> {
  const index = new RecencyIndex(options.maxBytes ?? DEFAULT_CACHE_BYTES)
  let folder: FileSystemDirectoryHandle
  try {
    const root = await navigator.storage.getDirectory()
    folder = await root.getDirectoryHandle(options.path ?? DEFAULT_FOLDER, { create: true })
    for (const { digest, bytes } of await listChunks(folder)) await removeAll(folder, index.add(digest, bytes))
  } catch {
    return noCache
  }
  return {
    get: async digest => {
      try {
        const file = await (await folder.getFileHandle(digest)).getFile()
        const bytes = new Uint8Array(await file.arrayBuffer())
        if (!index.touch(digest)) await removeAll(folder, index.add(digest, bytes.byteLength))
        return bytes
      } catch {
        index.remove(digest)
        return undefined
      }
    },
    put: async (digest, bytes) => {
      if (!DIGEST_PATTERN.test(digest)) return false
      try {
        const handle = await folder.getFileHandle(digest, { create: true })
        const writable = await handle.createWritable()
        try {
          await writable.write(bytes)
        } catch (thrown) {
          await writable.abort()
          throw thrown
        }
        await writable.close()
      } catch {
        // Out of quota, or another tab has the file: go on without.
        await removeAll(folder, [digest])
        index.remove(digest)
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

/** Least recently written first: the file system keeps no time of use. */
async function listChunks(folder: FileSystemDirectoryHandle): Promise<{ digest: string; bytes: number; writtenMs: number }[]> {
  const chunks: { digest: string; bytes: number; writtenMs: number }[] = []
  for await (const [name, handle] of folder.entries()) {
    if (handle.kind !== 'file' || !DIGEST_PATTERN.test(name)) continue
    const file = await (handle as FileSystemFileHandle).getFile()
    chunks.push({ digest: name, bytes: file.size, writtenMs: file.lastModified })
  }
  return chunks.sort((a, b) => a.writtenMs - b.writtenMs)
}

async function removeAll(folder: FileSystemDirectoryHandle, names: readonly string[]): Promise<void> {
  for (const name of names) await folder.removeEntry(name).catch(() => {})
}
