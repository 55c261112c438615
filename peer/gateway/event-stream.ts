/**
 * Objects as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) the way OpenAI sends
 * them: one `data:` line each, `[DONE]` at the end, an error object in place of the rest where the answer breaks.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { KEEP_ALIVE_MS } from './limits.ts'

/**
 * @param errorObject the error object to tell of what the chunks threw; undefined when nobody listens any more
 * @param quietMs silence after which a comment keeps the connection alive
 */
export async function* eventStream(
  chunks: AsyncGenerator<object, void, undefined>,
  errorObject: (thrown: unknown) => object | undefined,
  quietMs: number = KEEP_ALIVE_MS
): AsyncGenerator<string, void, undefined> {
  let pending = chunks.next()
  try {
    for (;;) {
      const next = await withinOrUndefined(pending, quietMs)
      if (next === undefined) {
        yield ': waiting\n\n'
        continue
      }
      if (next.done) break
      yield line(next.value)
      pending = chunks.next()
    }
    yield 'data: [DONE]\n\n'
  } catch (thrown) {
    const error = errorObject(thrown)
    if (error !== undefined) yield line(error)
  } finally {
    await chunks.return()
  }
}

const line = (value: object) => `data: ${JSON.stringify(value)}\n\n`

/** What the promise gives, or undefined after so many milliseconds; the promise runs on. */
export async function withinOrUndefined<Value>(promise: Promise<Value>, ms: number): Promise<Value | undefined> {
  const timer = new AbortController()
  try {
    return await Promise.race([promise, wait(ms, undefined, { signal: timer.signal })])
  } finally {
    timer.abort()
  }
}
