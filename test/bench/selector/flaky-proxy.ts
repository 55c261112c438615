/** A proxy before a real gateway that makes a worse cloud of it: later, busy, failing, silent, torn in the midst of a word, or without an end. */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'

export type Fault =
  /** 429, to be asked again after a second. */
  | 'busy'
  | '500'
  /** The connection is cut before any answer. */
  | 'lost'
  /** 200, and nothing after its headers. */
  | 'silent'
  /** The connection is cut after a few pieces. */
  | 'torn'
  /** A few pieces, and nothing after them. */
  | 'stalled'
  /** Every piece but the one that says how the answer ended; the connection ends in order. */
  | 'endless'

export interface Weather {
  /** Milliseconds before a request goes on to the gateway, and after each piece of its answer. */
  delayMs: number
  pieceMs: number
  /** What befalls requests, one after another and from the first again; empty: nothing. */
  faults: readonly Fault[]
}

export const CALM: Weather = { delayMs: 0, pieceMs: 0, faults: [] }

export interface FlakyProxy {
  url: string
  /** Requests for an answer since the start: what has left the edge. */
  readonly asked: number
  /** For requests from now on. */
  setWeather: (weather: Weather) => void
  close: () => Promise<void>
}

/** Of an answer that breaks: the reader has something of it, and not all. */
const PIECES_BEFORE = 3
/** In a chunk of either API, and in the mark after the last. */
const END_MARK = /"finish_reason":"|\[DONE\]/

export async function startFlakyProxy(target: string): Promise<FlakyProxy> {
  let weather = CALM
  let count = 0
  let asked = 0
  const server = createServer(async (request, response) => {
    const { delayMs, pieceMs, faults } = weather
    const fault = faults[count++ % Math.max(1, faults.length)]
    if (request.method === 'POST') asked++
    const left = new AbortController()
    const { signal } = left
    response.once('close', () => left.abort())
    try {
      const body = await buffer(request)
      await wait(delayMs, undefined, { signal })
      if (fault === 'busy') return refuse(response, 429, { 'retry-after': '1' })
      if (fault === '500') return refuse(response, 500)
      if (fault === 'lost') return void response.destroy()
      if (fault === 'silent') return response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      const { method = 'GET', url = '/' } = request
      const answered = await fetch(target + url, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(method === 'POST' ? { body } : {}),
        signal
      })
      response.writeHead(answered.status, { 'content-type': answered.headers.get('content-type') ?? 'application/json' })
      let pieces = 0
      for await (const piece of answered.body ?? []) {
        if (fault === 'endless' && END_MARK.test(Buffer.from(piece).toString())) break
        response.write(piece)
        await wait(pieceMs, undefined, { signal })
        if (++pieces < PIECES_BEFORE) continue
        if (fault === 'torn') return void response.destroy()
        if (fault === 'stalled') return
      }
      response.end()
    } catch {
      // The client left, or the gateway behind is gone: either way nothing more can be said.
      response.destroy()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    get asked() {
      return asked
    },
    setWeather: next => {
      weather = next
      count = 0
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    }
  }
}

function refuse(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify({ error: { message: 'not now', type: 'server_error', code: null } }))
}
