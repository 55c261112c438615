/** A proxy before a real gateway that makes a worse cloud of it: later, busy, failing, silent, or torn in the midst of a word. */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { uniform } from '../../sim/random.ts'

export interface Flakiness {
  /** Milliseconds on the way there and on the way back, and how much more at most. */
  delayMs: number
  jitterMs: number
  /** Shares of requests, 0 to 1 together. */
  busy: number
  failing: number
  silent: number
  torn: number
}

export interface FlakyProxy {
  url: string
  /** Begins the same faults anew: each policy meets them in the same order. */
  restart: (flakiness: Flakiness) => void
  close: () => Promise<void>
}

/** Names of the draws: what befalls a request, and how long it takes. */
const FATE = 11
const LATENESS = 12

export async function startFlakyProxy(target: string, seed: number): Promise<FlakyProxy> {
  let flakiness: Flakiness = { delayMs: 0, jitterMs: 0, busy: 0, failing: 0, silent: 0, torn: 0 }
  let count = 0
  const server = createServer(async (request, response) => {
    const index = count++
    const { delayMs, jitterMs, busy, failing, silent, torn } = flakiness
    const left = new AbortController()
    response.once('close', () => left.abort())
    try {
      const body = await buffer(request)
      await wait(delayMs + jitterMs * uniform(seed, LATENESS, index), undefined, { signal: left.signal })
      const fate = uniform(seed, FATE, index)
      if (fate < busy) refuse(response, 429, { 'retry-after': '1' })
      else if (fate < busy + failing) refuse(response, 500)
      else if (fate < busy + failing + silent) response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      else {
        const { method = 'GET', url = '/' } = request
        const answered = await fetch(target + url, {
          method,
          headers: { 'content-type': 'application/json' },
          ...(method === 'POST' ? { body } : {}),
          signal: left.signal
        })
        response.writeHead(answered.status, { 'content-type': answered.headers.get('content-type') ?? 'application/json' })
        let pieces = 0
        for await (const piece of answered.body ?? []) {
          response.write(piece)
          if (fate < busy + failing + silent + torn && ++pieces === 3) {
            response.destroy()
            return
          }
        }
        await wait(delayMs, undefined, { signal: left.signal })
        response.end()
      }
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
    restart: next => {
      flakiness = next
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
