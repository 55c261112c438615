/**
 * Bytes of a URL by Range requests. Every answer is held against what was asked: a server that ignores the range, sends an
 * error page, another file or too few bytes is found out before its bytes are used.
 */
import { SourceError } from '../errors.ts'
import { type ByteSource, checkRange } from './source.ts'

export interface HttpSourceOptions {
  /** Default: the platform's. */
  fetch?: typeof fetch
  /** For one attempt at one range. Default 30 s: a mebibyte at 35 KB/s. */
  timeoutMs?: number
  /** Attempts at one range before it fails. Default 4. */
  attempts?: number
  /** Wait after the first failed attempt, doubling up to MAX_WAIT_MS. Default 250 ms. */
  firstWaitMs?: number
  signal?: AbortSignal
}

const MAX_WAIT_MS = 8_000

/** A failure that another attempt may mend: the network, a busy server, a cut body. */
class Passing extends Error {}

interface Settings {
  url: string
  fetch: typeof fetch
  timeoutMs: number
  attempts: number
  firstWaitMs: number
}

/** @throws SourceError when the URL cannot be read by ranges */
export async function openHttpSource(url: string, options: HttpSourceOptions = {}): Promise<ByteSource> {
  const settings: Settings = {
    url,
    fetch: options.fetch ?? fetch,
    timeoutMs: options.timeoutMs ?? 30_000,
    attempts: options.attempts ?? 4,
    firstWaitMs: options.firstWaitMs ?? 250
  }
  // One byte tells the size and whether ranges work at all; HEAD is answered differently by too many servers.
  const first = await fetchRange(settings, 0, 1, undefined, options.signal)
  const { size, etag } = first
  return {
    name: url,
    size,
    read: async (offset, length, signal) => {
      signal?.throwIfAborted()
      checkRange({ name: url, size }, offset, length)
      if (length === 0) return new Uint8Array(0)
      return (await fetchRange(settings, offset, length, { size, etag }, signal)).bytes
    }
  }
}

interface Answer {
  bytes: Uint8Array<ArrayBuffer>
  size: number
  etag: string | null
}

async function fetchRange(
  settings: Settings,
  offset: number,
  length: number,
  known: { size: number; etag: string | null } | undefined,
  signal: AbortSignal | undefined
): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await attemptRange(settings, offset, length, known, signal)
    } catch (thrown) {
      signal?.throwIfAborted()
      if (!(thrown instanceof Passing)) throw thrown
      if (attempt === settings.attempts) {
        throw new SourceError(`${settings.url}: ${thrown.message} (${attempt} attempts)`, {}, { cause: thrown.cause })
      }
      await wait(Math.min(MAX_WAIT_MS, settings.firstWaitMs * 2 ** (attempt - 1)), signal)
    }
  }
}

async function attemptRange(
  { url, fetch, timeoutMs }: Settings,
  offset: number,
  length: number,
  known: { size: number; etag: string | null } | undefined,
  signal: AbortSignal | undefined
): Promise<Answer> {
  const limit = AbortSignal.timeout(timeoutMs)
  let response: Response
  try {
    response = await fetch(url, {
      // identity: a range of compressed bytes would be a range of something else. Browsers set the header themselves.
      headers: { range: `bytes=${offset}-${offset + length - 1}`, 'accept-encoding': 'identity' },
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit])
    })
  } catch (thrown) {
    throw new Passing(limit.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(thrown), { cause: thrown })
  }
  try {
    const { size, etag } = checkAnswer(url, response, offset, length, known)
    return { bytes: await readBody(response, url, length, limit, timeoutMs), size, etag }
  } catch (thrown) {
    // An unread body keeps its connection.
    await response.body?.cancel().catch(() => {})
    throw thrown
  }
}

function checkAnswer(
  url: string,
  response: Response,
  offset: number,
  length: number,
  known: { size: number; etag: string | null } | undefined
): { size: number; etag: string | null } {
  const { status, headers } = response
  if (status >= 500 || status === 408 || status === 429) throw new Passing(`answered ${status}`)
  if (status === 200) {
    throw new SourceError(`${url}: answered 200 with the whole (${headers.get('content-type') ?? 'no type'}) instead of a range`)
  }
  if (status !== 206) throw new SourceError(`${url}: answered ${status}`)
  if ((headers.get('content-encoding') ?? 'identity') !== 'identity') {
    throw new SourceError(`${url}: answered with content-encoding ${headers.get('content-encoding')}`)
  }
  const stated = headers.get('content-range')
  if (stated === null) {
    throw new SourceError(
      `${url}: no Content-Range to read (across origins the server must list it in Access-Control-Expose-Headers)`
    )
  }
  const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(stated)
  const [from, to, size] = range === null ? [] : range.slice(1).map(Number)
  if (from !== offset || to !== offset + length - 1 || size === undefined || !Number.isSafeInteger(size) || size <= to) {
    throw new SourceError(`${url}: asked for ${length} bytes at ${offset}, answered '${stated.slice(0, 80)}'`)
  }
  const etag = headers.get('etag')
  if (known !== undefined && (size !== known.size || etag !== known.etag)) {
    throw new SourceError(`${url}: the file changed while it was read (${known.size} bytes, then ${size})`)
  }
  return { size, etag }
}

/** Reads exactly `length` bytes; a body that is longer is dropped as soon as it is. */
async function readBody(response: Response, url: string, length: number, limit: AbortSignal, timeoutMs: number) {
  const bytes = new Uint8Array(length)
  let done = 0
  if (response.body === null) throw new Passing('no body')
  const reader = response.body.getReader()
  try {
    for (;;) {
      const { value, done: ended } = await reader.read().catch((thrown: unknown) => {
        throw new Passing(limit.aborted ? `no whole answer within ${timeoutMs} ms` : reasonOf(thrown), { cause: thrown })
      })
      if (ended) break
      if (done + value.byteLength > length) throw new SourceError(`${url}: more than the ${length} bytes asked for`)
      bytes.set(value, done)
      done += value.byteLength
    }
  } finally {
    await reader.cancel().catch(() => {})
    reader.releaseLock()
  }
  if (done < length) throw new Passing(`${done} bytes instead of ${length}`)
  return bytes
}

function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  return thrown.cause instanceof Error ? `${thrown.message}: ${thrown.cause.message}` : thrown.message
}

function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', abort, { once: true })
  })
}
