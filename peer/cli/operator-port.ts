/**
 * GET /metrics and /ready of a process that serves no HTTP otherwise, on an address of its own that strangers need not reach.
 */
import { createServer } from 'node:http'
import { isIP } from 'node:net'
import type { Registry } from 'prom-client'
import { SourceError } from '../errors.ts'
import { contentType, metricsText } from '../process-metrics.ts'
import type { OperatorAddress } from './operator-option.ts'

/** A request is a line and some headers. */
const REQUEST_MS = 5_000
/** A scraper or two, and a load balancer. */
const MAX_CONNECTIONS = 32

export interface OperatorPort {
  /** Base URL. */
  readonly url: string
  close: () => Promise<void>
}

/** @throws SourceError when the address can't be listened on */
export async function openOperatorPort(
  { host, port }: OperatorAddress,
  registry: Registry,
  ready: () => boolean
): Promise<OperatorPort> {
  const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, (request, response) => {
    const send = (status: number, type: string, body: string) =>
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body)
    const path = request.url?.split('?', 1)[0]
    if (request.method !== 'GET') send(405, 'text/plain', 'GET only\n')
    else if (path === '/ready')
      send(ready() ? 200 : 503, 'application/json', JSON.stringify({ status: ready() ? 'ready' : 'incomplete' }))
    else if (path === '/metrics')
      metricsText(registry).then(
        text => send(200, contentType, text),
        () => send(500, 'text/plain', 'the figures could not be taken\n')
      )
    else send(404, 'text/plain', 'GET /metrics or /ready\n')
  })
  server.maxConnections = MAX_CONNECTIONS
  await new Promise<void>((resolve, reject) => {
    server.once('error', cause => reject(new SourceError(`--metrics ${host}:${port}: ${cause.message}`, {}, { cause })))
    server.listen(port, host, resolve)
  })
  const address = server.address() as { port: number }
  return {
    url: `http://${isIP(host) === 6 ? `[${host}]` : host}:${address.port}`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}
