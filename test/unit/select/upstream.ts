/** A cloud endpoint in this process that does what it is told, request by request: well, badly, or not at all. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

export interface AskedBody {
  model: string
  stream?: boolean
  prompt?: string
  messages?: unknown
  [field: string]: unknown
}

export interface Asked {
  path: string
  headers: IncomingMessage['headers']
  body: AskedBody
  /** Resolves when the connection is closed, by whomever. */
  closed: Promise<unknown>
}

export type Behaviour = (response: ServerResponse, asked: Asked) => void | Promise<void>

export interface Upstream {
  url: string
  asked: Asked[]
  /** Resolves once so many requests have come. */
  reached: (count: number) => Promise<void>
  close: () => Promise<void>
}

/** Each request takes the next behaviour, the last one for all that follow. */
export async function startUpstream(...behaviours: Behaviour[]): Promise<Upstream> {
  const asked: Asked[] = []
  const waiting: { count: number; resolve: () => void }[] = []
  const server = createServer(async (request, response) => {
    const body = (await json(request)) as AskedBody
    const each = { path: request.url ?? '', headers: request.headers, body, closed: once(response, 'close') }
    const behave = behaviours[Math.min(asked.length, behaviours.length - 1)]!
    asked.push(each)
    await behave(response, each)
    for (const { count, resolve } of waiting) if (asked.length >= count) resolve()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1`,
    asked,
    reached: count =>
      new Promise(resolve => {
        if (asked.length >= count) resolve()
        else waiting.push({ count, resolve })
      }),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    }
  }
}

const line = (value: unknown) => `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`
const choice = (asked: Asked, text: string, finish: string | null) => ({
  choices: [{ index: 0, ...(asked.body.prompt === undefined ? { delta: { content: text } } : { text }), finish_reason: finish }]
})

export interface StreamOptions {
  /** How it says the text is whole; null: not at all. */
  finish?: string | null
  usage?: { prompt_tokens: number; completion_tokens: number } | undefined
  /** After the words: `hang` keeps the line open, `cut` tears it, `error` and `busy` send an error object, `[DONE]` is the right way. */
  end?: '[DONE]' | 'hang' | 'cut' | 'error' | 'busy' | 'none'
}

/** A stream of these words, or the whole answer of them where no stream was asked for. */
export function says(words: readonly string[], options: StreamOptions = {}): Behaviour {
  const { finish = 'stop', end = '[DONE]' } = options
  const usage = 'usage' in options ? options.usage : { prompt_tokens: 10, completion_tokens: words.length }
  return (response, asked) => {
    if (asked.body.stream !== true) {
      const text = words.join('')
      const whole = asked.body.prompt === undefined ? { message: { role: 'assistant', content: text } } : { text }
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ choices: [{ index: 0, ...whole, finish_reason: finish }], usage }))
      return
    }
    response.setHeader('content-type', 'text/event-stream')
    response.flushHeaders()
    for (const word of words) response.write(line(choice(asked, word, null)))
    if (finish !== null && !['cut', 'error', 'busy'].includes(end)) response.write(line(choice(asked, '', finish)))
    if (usage !== undefined && end === '[DONE]') response.write(line({ choices: [], usage }))
    if (end === '[DONE]') response.end(line('[DONE]'))
    if (end === 'none') response.end()
    if (end === 'error') response.end(line({ error: { message: 'the model fell over', type: 'server_error' } }))
    if (end === 'busy') response.end(line({ error: { message: 'too many', type: 'rate_limit_error' } }))
    // What was written reaches the client before the line tears.
    if (end === 'cut') response.write(': \n\n', () => setImmediate(() => response.destroy()))
  }
}

export function refuses(status: number, headers: Record<string, string> = {}, message = 'no'): Behaviour {
  return response => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify({ error: { message, type: 'x', code: null } }))
  }
}
