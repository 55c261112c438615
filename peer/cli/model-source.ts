/**
 * A model's file by path or URL, as the commands take it; of a split model any part's path, with the others beside it.
 */
import { basename, dirname, join } from 'node:path'
import { SourceError } from '../errors.ts'
import type { ByteSource } from '../model/byte-source.ts'
import type { GgufHeader } from '../model/gguf.ts'
import { partNames, readModelHeader } from '../model/split.ts'
import { openFileSource } from '../weights/file-source.ts'
import { openHttpSource } from '../weights/http-source.ts'
import { joinSources } from '../weights/joined-source.ts'

export interface ModelSource extends ByteSource {
  /** Paths of the files that hold it end to end; none for a URL. */
  paths: readonly string[]
  /** @throws as `readModelHeader` */
  readHeader: (signal?: AbortSignal) => Promise<GgufHeader>
  close: () => Promise<void>
}

export function isUrl(place: string): boolean {
  return /^https?:\/\//i.test(place)
}

/** @throws SourceError when nothing can be read there or a part is missing; InvalidFileError, UnsupportedModelError for its name */
export async function openModelSource(place: string, signal: AbortSignal): Promise<ModelSource> {
  if (isUrl(place)) return modelSource([await openHttpSource(place, { signal })], [], place)
  const name = basename(place)
  const names = partNames(name) ?? [name]
  const paths = names.length === 1 ? [place] : names.map(part => join(dirname(place), part))
  const parts: ByteSource[] = []
  try {
    for (const path of paths) {
      signal.throwIfAborted()
      parts.push(await openPart(path, place))
    }
    return modelSource(parts, paths, name)
  } catch (thrown) {
    await Promise.all(parts.map(part => part.close?.()))
    throw thrown
  }
}

async function openPart(path: string, place: string): Promise<ByteSource> {
  try {
    return await openFileSource(path)
  } catch (thrown) {
    if (path === place || !(thrown instanceof SourceError)) throw thrown
    throw new SourceError(`${thrown.message} (a part that belongs to ${basename(place)})`, {}, { cause: thrown })
  }
}

function modelSource(parts: readonly ByteSource[], paths: readonly string[], name: string): ModelSource {
  const joined = joinSources(parts, name)
  return {
    ...joined,
    paths,
    readHeader: signal => readModelHeader(parts, signal),
    close: async () => await joined.close?.()
  }
}
