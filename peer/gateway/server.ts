/**
 * The gateway: OpenAI's HTTP API over the completion services of this peer, so that any client of that API can use the
 * swarm. It knows nothing of chains; a service answers, this gives the answer its form.
 */
import { Readable } from 'node:stream'
import fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Registry } from 'prom-client'
import { BusyError, InternalError, PeerLeavingError } from '../errors.ts'
import type { PlacingService } from '../session/types.ts'
import type { TlsCertificate } from '../wire/limits.ts'
import { guard, type KeyAccess, RATE_HEADERS } from './access.ts'
import { chunkAnswer, collectAnswer, type OpenedAnswer, openAnswer } from './answer.ts'
import { answerLog } from './answer-log.ts'
import { type AnswerHeader, type Api, answerId } from './answer-objects.ts'
import { type ApiError, fromHttpError, modelNotFound, toApiError } from './api-error.ts'
import { eventStream, withinOrUndefined } from './event-stream.ts'
import { type AnswerCounts, canAnswer, type Health } from './health.ts'
import {
  CLOSE_GRACE_MS,
  HEADERS_MS,
  HEALTH_MS,
  MAX_BODY_BYTES,
  MAX_CONCURRENT_ANSWERS,
  MAX_CONNECTIONS,
  READY_FRESH_MS,
  REQUEST_MS,
  SLOW_CHECK_MS,
  STATUS_WAIT_MS
} from './limits.ts'
import { type Meter, metered } from './metered.ts'
import { serveMetrics } from './metrics.ts'
import { admitOrigins } from './origins.ts'
import { type ApiRequest, readChatRequest, readTextRequest } from './read-request.ts'
import { ARM_HEADER, readWish } from './wish.ts'

export interface GatewayOptions {
  /** Asked at every request, so that models may come and go. */
  services: () => readonly PlacingService[]
  /** What GET /health tells, given what the gateway counts itself. */
  health: (counts: AnswerCounts, signal: AbortSignal) => Promise<Health>
  /** What GET /v1/shoal/selector tells; absent where nothing is chosen. */
  selection?: () => object
  /** Clouds answer as well: the gateway is ready without the edge. Default: false. */
  clouds?: boolean
  host: string
  /** 0 lets the system choose. */
  port: number
  /** Serve HTTPS. */
  tls?: TlsCertificate
  /** Have standbys keep the KV of answers whose requests don't say (`CompletionRequest.standby`). Default: false. */
  standby?: boolean
  /** Draft tokens of answers whose requests don't say (`CompletionRequest.speculate`). Default: true. */
  speculate?: boolean
  /** What clients must show, and what they used of it. Default: whoever reaches the gateway may use it. */
  access?: KeyAccess
  /** Origins whose pages may use it, `*` for any. Default: any where keys are asked for, else pages of this machine. */
  origins?: readonly string[]
  /** Figures of what else this process does, to be told with the gateway's. */
  metrics?: Registry
  /** Write prompts and answers to the log. Default: false, they are the clients' own. */
  logText?: boolean
  logger?: FastifyBaseLogger
}

export interface Gateway {
  /** Base URL, without /v1. */
  readonly url: string
  /** Refuses new answers with 503 from now on; resolves when those under way are done, at the latest after `limitMs`. */
  drain: (limitMs: number) => Promise<void>
  /** Ends the answers under way and stops listening; bounded in time. */
  close: () => Promise<void>
}

export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { services, health, selection, clouds = false, host, port, tls, standby = false, speculate = true } = options
  const { access, logger } = options
  const slow = { headersTimeout: HEADERS_MS, connectionsCheckingInterval: SLOW_CHECK_MS }
  const common = {
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: true as const,
    requestTimeout: REQUEST_MS,
    ...(logger === undefined ? {} : { loggerInstance: logger })
  }
  const server = (
    tls === undefined
      ? fastify({ ...common, http: slow })
      : fastify({ ...common, https: { ...slow, cert: tls.cert, key: tls.key } })
  ) as FastifyInstance
  server.server.maxConnections = MAX_CONNECTIONS
  const created = Math.floor(Date.now() / 1000)
  const closing = new AbortController()
  const quiet = Promise.withResolvers<void>()
  let answering = 0
  let draining = false
  const byDefault = { ...(standby ? { standby } : {}), ...(speculate ? {} : { speculate }) }
  const recoveries = { count: 0, pauseMs: 0 }
  const recovered = (pauseMs: number) => {
    recoveries.count += 1
    recoveries.pauseMs += pauseMs
  }
  const drafts = { drafted: 0, accepted: 0 }
  const draftMeter: Meter = {
    finished: ({ drafts: counted }) => {
      drafts.drafted += counted?.drafted ?? 0
      drafts.accepted += counted?.accepted ?? 0
    }
  }

  const metrics = serveMetrics(server, () => ({ answering, draining }), options.metrics)
  // Before keys are asked for: preflights carry none, and a page must be able to read why it is refused.
  const origins = options.origins ?? (access === undefined ? undefined : ['*'])
  await admitOrigins(server, origins, ['retry-after', ARM_HEADER, ...RATE_HEADERS], sendError)
  const { meter } = guard(server, access, sendError)
  server.addHook('onRequest', async (_request, reply) => {
    // Whoever asks again is to find another gateway.
    if (draining) reply.header('connection', 'close')
  })
  server.setNotFoundHandler((request, reply) =>
    sendError(reply, fromHttpError(404, `Unknown request URL: ${request.method} ${request.url}`))
  )
  server.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const apiError = error.statusCode === undefined ? toApiError(error) : fromHttpError(error.statusCode, error.message)
    if (apiError.status >= 500) request.log.warn({ err: error }, 'answer failed')
    return sendError(reply, apiError)
  })

  const find = (name: string) => services().find(({ model }) => model.name === name || model.digest === name)
  const modelObject = ({ model }: PlacingService) => ({
    id: model.name,
    object: 'model',
    created,
    owned_by: 'shoal',
    shoal: { digest: model.digest, context_length: model.contextLength, warnings: model.warnings }
  })

  server.get('/v1/models', () => ({ object: 'list', data: services().map(modelObject) }))
  server.get<{ Params: { id: string } }>('/v1/models/:id', (request, reply) => {
    const service = find(request.params.id)
    return service === undefined ? sendError(reply, modelNotFound(request.params.id)) : modelObject(service)
  })
  const look = () => health({ answering, recoveries, drafts }, AbortSignal.any([closing.signal, AbortSignal.timeout(HEALTH_MS)]))
  server.get('/health', async (_request, reply) => {
    const state = await look()
    return reply.code(state.status === 'ok' ? 200 : 503).send(state)
  })
  const servable = freshFor(READY_FRESH_MS, async () => clouds || canAnswer(await look()))
  server.get('/ready', async (_request, reply) => {
    // A directory that does not answer leaves nothing to plan with.
    const status = draining ? 'draining' : (await servable().catch(() => false)) ? 'ready' : 'incomplete'
    return reply.code(status === 'ready' ? 200 : 503).send({ status })
  })
  if (selection !== undefined) server.get('/v1/shoal/selector', () => selection())
  server.post('/v1/chat/completions', (request, reply) => answer('chat', readChatRequest(request.body), request, reply))
  server.post('/v1/completions', (request, reply) => answer('text', readTextRequest(request.body), request, reply))

  async function answer(api: Api, request: ApiRequest, from: FastifyRequest, reply: FastifyReply) {
    const found = find(request.model)
    if (found === undefined) return sendError(reply, modelNotFound(request.model))
    if (draining) throw new PeerLeavingError('This gateway is shutting down')
    if (answering >= MAX_CONCURRENT_ANSWERS) throw new BusyError('This gateway answers as many requests as it can')
    const { name: model, digest } = found.model
    const log = answerLog(from.log, model, request.completion.input, options.logText === true)
    const service = metered(found, [metrics.meter(model), draftMeter, meter(from), log])
    const header: AnswerHeader = { api, id: answerId(api), created: Math.floor(Date.now() / 1000), model, digest }
    const left = new AbortController()
    const signal = AbortSignal.any([left.signal, closing.signal])
    answering += 1
    // A response closes when it is sent and when the client leaves; aborting a finished answer does nothing.
    reply.raw.once('close', () => {
      answering -= 1
      if (answering === 0 && draining) quiet.resolve()
      left.abort(new InternalError('the client left'))
    })
    const wish = selection === undefined ? {} : { wish: readWish(from.body, from.headers, request.stream) }
    const opened = openAnswer(service, { ...byDefault, ...request.completion, ...wish }, signal, recovered)
    if (!request.stream) {
      const whole = await collectAnswer(header, opened)
      return nameArm(reply, opened).send(whole)
    }
    // Errors before the first event get a status of their own, unless they take long to come.
    await withinOrUndefined(opened.first, STATUS_WAIT_MS)
    const lines = eventStream(chunkAnswer(header, opened, request.includeUsage), thrown => {
      if (left.signal.aborted) return undefined
      reply.log.warn({ err: thrown }, 'answer broke off')
      return toApiError(thrown).body
    })
    return nameArm(reply, opened)
      .header('content-type', 'text/event-stream; charset=utf-8')
      .header('cache-control', 'no-cache')
      .header('x-accel-buffering', 'no')
      .send(Readable.from(lines, { objectMode: false }))
  }

  const url = await server.listen({ host, port })
  return {
    url,
    drain: async limitMs => {
      draining = true
      if (answering > 0) await withinOrUndefined(quiet.promise, limitMs)
    },
    close: async () => {
      draining = true
      closing.abort(new BusyError('This gateway is shutting down'))
      // Told before their connections are cut, so that each can still say why it ends.
      if (answering > 0) await withinOrUndefined(quiet.promise, CLOSE_GRACE_MS)
      await server.close()
    }
  }
}

function nameArm(reply: FastifyReply, { placements }: OpenedAnswer): FastifyReply {
  const arm = placements.at(-1)?.arm
  return arm === undefined ? reply : reply.header(ARM_HEADER, arm)
}

function sendError(reply: FastifyReply, { status, retryAfter, body }: ApiError) {
  if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter))
  return reply.code(status).send(body)
}

/** What `ask` gave so many milliseconds ago at most; those who ask together share one question. */
function freshFor<Value>(ms: number, ask: () => Promise<Value>): () => Promise<Value> {
  let known: { at: number; value: Promise<Value> } | undefined
  return () => {
    const now = performance.now()
    if (known === undefined || now - known.at > ms) known = { at: now, value: ask() }
    return known.value
  }
}
