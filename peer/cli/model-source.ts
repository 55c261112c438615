/**
 * A model's file by path or URL, as the commands take it.
 */
import type { ByteSource } from '../model/byte-source.ts'
import { openFileSource } from '../weights/file-source.ts'
import { openHttpSource } from '../weights/http-source.ts'

export function isUrl(place: string): boolean {
  return /^https?:\/\//i.test(place)
}

/** @throws SourceError when nothing can be read there */
export async function openModelSource(place: string, signal: AbortSignal): Promise<ByteSource> {
  return isUrl(place) ? await openHttpSource(place, { signal }) : await openFileSource(place)
}
