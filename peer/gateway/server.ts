/**
 * The gateway: OpenAI's HTTP API over the completion services of this peer, so that any client of that API can use the
 * swarm. It knows nothing of chains; a service answers, this gives the answer its form.
 */
import { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import cors from '@fastify/cors'
import fastify, { type FastifyBaseLogger, type FastifyReply, type FastifyRequest } from 'fastify'
import { BusyError, InternalError } from '../errors.ts'
import type { PlacingService } from '../session/types.ts'
import { chunkAnswer, collectAnswer, type OpenedAnswer, openAnswer } from './answer.ts'
import { type AnswerHeader, type Api, answerId } from './answer-objects.ts'
import { type ApiError, fromHttpError, modelNotFound, toApiError } from './api-error.ts'
import { eventStream, withinOrUndefined } from './event-stream.ts'
import type { AnswerCounts, Health } from './health.ts'
import { CLOSE_GRACE_MS, HEALTH_MS, MAX_BODY_BYTES, MAX_CONCURRENT_ANSWERS, STATUS_WAIT_MS } from './limits.ts'
import { type ApiRequest, readChatRequest, readTextRequest } from './read-request.ts'
import { ARM_HEADER, readWish } from './wish.ts'

export interface GatewayOptions {
  /** Asked at every request, so that models may come and go. */
  services: () => readonly PlacingService[]
  /** What GET /health tells, given what the gateway counts itself. */
  health: (counts: AnswerCounts, signal: AbortSignal) => Promise<Health>
  /** What GET /v1/shoal/selector tells; absent where nothing is chosen. */
  selection?: () => object
  host: string
  /** 0 lets the system choose. */
  port: number
  /** Have standbys keep the KV of answers whose requests don't say (`CompletionRequest.standby`). Default: false. */
  standby?: boolean
  logger?: FastifyBaseLogger
}

export interface Gateway {
  /** Base URL, without /v1. */
  readonly url: string
  /** Ends the answers under way and stops listening; bounded in time. */
  close: () => Promise<void>
}

export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { services, health, selection, host, port, standby = false, logger } = options
  const server = fastify({
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: true,
    ...(logger === undefined ? {} : { loggerInstance: logger })
  })
  const created = Math.floor(Date.now() / 1000)
  const closing = new AbortController()
  const quiet = Promise.withResolvers<void>()
  let answering = 0
  const byDefault = standby ? { standby } : {}
  const recoveries = { count: 0, pauseMs: 0 }
  const recovered = (pauseMs: number) => {
    recoveries.count += 1
    recoveries.pauseMs += pauseMs
  }

  await server.register(cors, { origin: '*', exposedHeaders: ['retry-after', ARM_HEADER] })
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
  server.get('/health', async (_request, reply) => {
    const state = await health({ answering, recoveries }, AbortSignal.any([closing.signal, AbortSignal.timeout(HEALTH_MS)]))
    return reply.code(state.status === 'ok' ? 200 : 503).send(state)
  })
  if (selection !== undefined) server.get('/v1/shoal/selector', () => selection())
  server.post('/v1/chat/completions', (request, reply) => answer('chat', readChatRequest(request.body), request, reply))
  server.post('/v1/completions', (request, reply) => answer('text', readTextRequest(request.body), request, reply))

  async function answer(api: Api, request: ApiRequest, { body, headers }: FastifyRequest, reply: FastifyReply) {
    const service = find(request.model)
    if (service === undefined) return sendError(reply, modelNotFound(request.model))
    if (answering >= MAX_CONCURRENT_ANSWERS) throw new BusyError('This gateway answers as many requests as it can')
    const { name: model, digest } = service.model
    const header: AnswerHeader = { api, id: answerId(api), created: Math.floor(Date.now() / 1000), model, digest }
    const left = new AbortController()
    const signal = AbortSignal.any([left.signal, closing.signal])
    answering += 1
    // A response closes when it is sent and when the client leaves; aborting a finished answer does nothing.
    reply.raw.once('close', () => {
      answering -= 1
      if (answering === 0 && closing.signal.aborted) quiet.resolve()
      left.abort(new InternalError('the client left'))
    })
    const wish = selection === undefined ? {} : { wish: readWish(body, headers, request.stream) }
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
    close: async () => {
      closing.abort(new BusyError('This gateway is shutting down'))
      // Told before their connections are cut, so that each can still say why it ends.
      if (answering > 0) await Promise.race([quiet.promise, wait(CLOSE_GRACE_MS, undefined, { ref: false })])
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
