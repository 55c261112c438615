/**
 * The bootstrap's HTTP face: the page, /shoal.json for joining, manifests and weights by range, /health, /ready and
 * /metrics. Upgrades to WebSocket are passed to libp2p, so that one port, one certificate and any reverse proxy serve both.
 */
import { stat } from 'node:fs/promises'
import type { Server } from 'node:http'
import { connect, Socket } from 'node:net'
import { basename, dirname, resolve } from 'node:path'
import type { Duplex } from 'node:stream'
import cors from '@fastify/cors'
import serveFiles from '@fastify/static'
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { InviteError, SourceError } from '../peer/errors.ts'
import type { Rendezvous } from '../peer/wire/join.ts'
import type { TlsCertificate } from '../peer/wire/limits.ts'
import { directoryToken, equalTexts, type Membership, modelToken } from '../peer/wire/membership.ts'
import { type JoinedFile, sendJoined } from './joined-files.ts'
import { type BootstrapFigures, serveMetrics } from './metrics.ts'
import { setPageHeaders } from './page-headers.ts'
import type { PublishedModel } from './published-model.ts'

/** Manifests and weights are named by their digest: what lies there never changes. */
const FOREVER_SECONDS = 365 * 24 * 60 * 60

/** Connections passed to libp2p at once; it has its own, lower limit of peers. */
export const MAX_TUNNELS = 4_096

/** No request to this server has a body worth reading. */
export const MAX_BODY_BYTES = 1_024

/** Longest a client may take to send its request line and headers. */
export const REQUEST_MS = 10_000

export interface HttpServiceOptions {
  host: string
  port: number
  tls?: TlsCertificate
  /** The built page; absent: no page. */
  pageDir?: string
  models: readonly PublishedModel[]
  membership: Membership
  rendezvous: () => Rendezvous
  health: () => BootstrapFigures
  /** Where libp2p listens for WebSockets on this machine. */
  socketPort: number
}

export interface HttpService {
  port: number
  close: () => Promise<void>
}

export async function serveHttp(options: HttpServiceOptions): Promise<HttpService> {
  const common = { bodyLimit: MAX_BODY_BYTES, requestTimeout: REQUEST_MS, forceCloseConnections: true as const }
  const app = (
    options.tls === undefined ? fastify(common) : fastify({ ...common, https: { cert: options.tls.cert, key: options.tls.key } })
  ) as FastifyInstance
  await app.register(cors, { origin: true, methods: ['GET', 'HEAD'], exposedHeaders: ['Content-Range', 'Accept-Ranges', 'ETag'] })
  app.addHook('onSend', async (_request, reply) => {
    reply.header('X-Content-Type-Options', 'nosniff')
    reply.header('Cross-Origin-Resource-Policy', 'cross-origin')
  })
  await app.register(serveFiles, {
    root: resolve(options.pageDir ?? '.'),
    serve: options.pageDir !== undefined,
    // Weights are sent by the same plugin, with headers of their own.
    setHeaders: (reply, path) => reply.request.routeOptions.url?.startsWith('/models/') || setPageHeaders(reply, path)
  })
  const ticket = options.membership.secret === undefined ? undefined : `Bearer ${directoryToken(options.membership)}`
  app.get('/shoal.json', async (request, reply) => {
    reply.header('Cache-Control', 'no-store')
    if (ticket !== undefined && !equalTexts(request.headers.authorization ?? '', ticket)) return refuseStranger(reply)
    return options.rendezvous()
  })
  app.get('/health', async (_request, reply) => {
    reply.header('Cache-Control', 'no-store')
    return options.health()
  })
  // Whoever can ask may join: there is nothing that it waits for.
  app.get('/ready', async (_request, reply) => reply.header('Cache-Control', 'no-store').send({ status: 'ready' }))
  const tunnels = tunnelUpgrades(app.server, options.socketPort)
  serveMetrics(app, options.health, tunnels.count)
  await serveModels(app, options.models, options.membership)
  await app.listen({ host: options.host, port: options.port })
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new Error('The HTTP server has no port')
  return {
    port: address.port,
    close: async () => {
      tunnels.close()
      await app.close()
    }
  }
}

/** @throws SourceError when a model's weights are not a readable file */
async function serveModels(app: FastifyInstance, models: readonly PublishedModel[], membership: Membership): Promise<void> {
  if (membership.secret !== undefined) {
    app.addHook('onRequest', async (request, reply) => {
      const [, digest] = /^\/models\/([0-9a-f]{64})\//.exec(request.routeOptions.url ?? '') ?? []
      if (digest === undefined) return
      const { key } = request.query as { key?: unknown }
      if (typeof key !== 'string' || !equalTexts(key, modelToken(membership, digest))) return refuseStranger(reply)
    })
  }
  for (const { digest, manifest, weightsPath, weightsParts } of models) {
    app.get(`/models/${digest}/manifest`, async (_request, reply) => {
      reply.header('Cache-Control', `public, max-age=${FOREVER_SECONDS}, immutable`)
      reply.type('application/json')
      return Buffer.from(manifest)
    })
    if (weightsParts !== undefined) {
      const files = await Promise.all(weightsParts.map(findFile))
      app.get(`/models/${digest}/weights`, (request, reply) => {
        reply.type('application/octet-stream')
        reply.header('Cache-Control', `public, max-age=${FOREVER_SECONDS}, immutable`)
        return sendJoined(request, reply, files, `"${digest}"`)
      })
      continue
    }
    if (weightsPath === undefined) continue
    const { path } = await findFile(weightsPath)
    app.get(`/models/${digest}/weights`, (_request, reply) => {
      reply.type('application/octet-stream')
      return reply.sendFile(basename(path), dirname(path), {
        acceptRanges: true,
        maxAge: FOREVER_SECONDS * 1_000,
        immutable: true,
        contentType: false,
        dotfiles: 'allow'
      })
    })
  }
}

function refuseStranger(reply: FastifyReply) {
  const { code, message } = new InviteError('this swarm is private, its invite is needed')
  return reply
    .code(401)
    .header('WWW-Authenticate', 'Bearer')
    .header('Cache-Control', 'no-store')
    .send({ error: { code, message } })
}

async function findFile(place: string): Promise<JoinedFile> {
  const path = resolve(place)
  const file = await stat(path).catch((cause: Error) => {
    throw new SourceError(`${path}: ${cause.message}`, {}, { cause })
  })
  if (!file.isFile()) throw new SourceError(`${path}: not a file`)
  return { path, bytes: file.size }
}

/** Connects a WebSocket's bytes to libp2p's own listener, request included; libp2p does the handshake. */
function tunnelUpgrades(server: Server, port: number): { count: () => number; close: () => void } {
  const tunnels = new Set<Duplex>()
  server.on('upgrade', (request, client: Duplex, head: Buffer) => {
    if (tunnels.size >= MAX_TUNNELS) {
      client.destroy()
      return
    }
    const inner = connect(port, '127.0.0.1')
    const end = () => {
      tunnels.delete(client)
      client.destroy()
      inner.destroy()
    }
    tunnels.add(client)
    client.on('error', end)
    client.on('close', end)
    inner.on('error', end)
    inner.on('close', end)
    // Small frames both ways: waiting to fill a packet would add 40 ms to each token.
    inner.setNoDelay(true)
    if (client instanceof Socket) client.setNoDelay(true)
    const headers: string[] = []
    for (let i = 0; i < request.rawHeaders.length; i += 2) headers.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`)
    inner.write(`${request.method} / HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`)
    if (head.byteLength > 0) inner.write(head)
    client.pipe(inner)
    inner.pipe(client)
  })
  return {
    count: () => tunnels.size,
    close: () => {
      for (const client of tunnels) client.destroy()
    }
  }
}
