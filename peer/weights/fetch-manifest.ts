/**
 * A published model's manifest, held against the digest that names it.
 */
import { ModelMismatchError, SourceError } from '../errors.ts'
import { type NamedManifest, parseManifest } from '../model/manifest.ts'
import { MAX_MANIFEST_BYTES } from '../model/manifest-format.ts'

/** A manifest of some megabytes over a slow link. */
const FETCH_MS = 60_000

/** @throws SourceError, the signal's reason, InvalidFileError, UnsupportedModelError, ModelMismatchError */
export async function fetchManifest(model: { digest: string; manifestUrl: string }, signal: AbortSignal): Promise<NamedManifest> {
  const { digest, manifestUrl } = model
  const named = await parseManifest(await fetchBounded(manifestUrl, AbortSignal.any([signal, AbortSignal.timeout(FETCH_MS)])))
  if (named.digest !== digest) throw new ModelMismatchError(`${manifestUrl} has digest ${named.digest}, not ${digest}`)
  return named
}

async function fetchBounded(url: string, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url, { signal }).catch((cause: unknown) => {
    signal.throwIfAborted()
    throw new SourceError(`${url}: no answer`, {}, { cause })
  })
  if (!response.ok || response.body === null) throw new SourceError(`${url}: HTTP ${response.status}`)
  const parts: Uint8Array<ArrayBuffer>[] = []
  let bytes = 0
  const reader = response.body.getReader()
  for (let { value, done } = await reader.read(); !done; { value, done } = await reader.read()) {
    bytes += value!.byteLength
    if (bytes > MAX_MANIFEST_BYTES) {
      await reader.cancel()
      throw new SourceError(`${url}: more than ${MAX_MANIFEST_BYTES} bytes`)
    }
    parts.push(value!)
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer())
}
