/**
 * Server-sent events as OpenAI sends them, read from a response: one JSON value for each `data:` line until `[DONE]`.
 * The sender is a stranger: a line has a longest length, and silence an end.
 */
import { CloudError, DeadlineError } from '../peer/errors.ts'

/** The longest line is a whole trace of recoveries, well under this. */
const MAX_LINE_CHARS = 1_000_000
/** A gateway sends a comment every 10 s; whoever says nothing for so long is gone. */
const MAX_SILENCE_MS = 45_000

/** @throws CloudError, DeadlineError, what the body throws when its request is aborted */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  silenceMs: number = MAX_SILENCE_MS
): AsyncGenerator<unknown, void, undefined> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await within(reader.read(), silenceMs)
      if (done) throw new CloudError('the stream broke off before its end')
      rest += decoder.decode(value, { stream: true })
      const lines = rest.split('\n')
      rest = lines.pop()!
      for (const line of lines) {
        if (!line.startsWith('data:')) continue
        const text = line.slice('data:'.length).trim()
        if (text === '[DONE]') return
        yield parse(text)
      }
      if (rest.length > MAX_LINE_CHARS) throw new CloudError(`a line of the stream is longer than ${MAX_LINE_CHARS} characters`)
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new CloudError('the stream has a line that is no JSON', {}, { cause })
  }
}

async function within<Value>(promise: Promise<Value>, ms: number): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeadlineError(`nothing came for ${ms / 1000} s`)), ms)
  })
  try {
    return await Promise.race([promise, silence])
  } finally {
    clearTimeout(timer)
  }
}
