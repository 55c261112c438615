/**
 * A small document by URL, never more of it than expected.
 */
import { DeadlineError, SourceError } from '../errors.ts'

/** A manifest of some megabytes over a slow link. */
const FETCH_MS = 60_000

/** @throws SourceError, DeadlineError, the signal's reason */
export async function fetchBytes(url: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const deadline = AbortSignal.timeout(FETCH_MS)
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, deadline]) })
    if (!response.ok || response.body === null) throw new SourceError(`${url}: HTTP ${response.status}`)
    const parts: Uint8Array[] = []
    let bytes = 0
    for await (const part of response.body) {
      bytes += part.byteLength
      if (bytes > maxBytes) throw new SourceError(`${url}: more than ${maxBytes} bytes`)
      parts.push(part)
    }
    return new Uint8Array(Buffer.concat(parts))
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof SourceError) throw error
    if (deadline.aborted) throw new DeadlineError(`${url}: not read in ${FETCH_MS / 1000} s`)
    throw new SourceError(`${url}: ${error instanceof Error ? error.message : String(error)}`, {}, { cause: error })
  }
}
