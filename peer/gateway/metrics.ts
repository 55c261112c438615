/**
 * The gateway's figures for Prometheus: requests, answers under way and how they ended, tokens, times, recoveries. Labels
 * come from routes, statuses, error codes and the models served here, never from what a client or a peer sends.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { contentType, metricsText } from '../process-metrics.ts'
import type { Meter } from './metered.ts'

/** From a warm chain on GPUs to a cold one on software adapters. */
const FIRST_TOKEN_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
/** From one GPU to a long chain of software adapters. */
const TOKEN_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
/** A standby takes over in the first, a long text is computed again in the last. */
const PAUSE_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** What only the server knows, asked when the figures are. */
export interface GatewayState {
  answering: number
  draining: boolean
}

export interface GatewayMetrics {
  meter: (model: string) => Meter
}

/** Serves GET /metrics. */
export function serveMetrics(server: FastifyInstance, state: () => GatewayState, others?: Registry): GatewayMetrics {
  const registry = new Registry()
  const registers = [registry]
  const requests = new Counter({
    name: 'shoal_gateway_requests_total',
    help: 'HTTP requests that were answered',
    labelNames: ['method', 'route', 'status'] as const,
    registers
  })
  const answers = new Counter({
    name: 'shoal_gateway_answers_total',
    help: 'Answers that ended: stop, length, left (by the client) or the code of an error',
    labelNames: ['model', 'end'] as const,
    registers
  })
  const tokens = new Counter({
    name: 'shoal_gateway_tokens_total',
    help: 'Tokens of prompts and answers',
    labelNames: ['model', 'kind'] as const,
    registers
  })
  const firstToken = new Histogram({
    name: 'shoal_gateway_first_token_seconds',
    help: 'From a request to the first token, of finished answers',
    labelNames: ['model'] as const,
    buckets: FIRST_TOKEN_SECONDS,
    registers
  })
  const perToken = new Histogram({
    name: 'shoal_gateway_token_seconds',
    help: 'Mean time per token after the first, of finished answers',
    labelNames: ['model'] as const,
    buckets: TOKEN_SECONDS,
    registers
  })
  const pauses = new Histogram({
    name: 'shoal_gateway_recovery_seconds',
    help: 'Pauses in which a lost chain was replaced under an answer',
    labelNames: ['model'] as const,
    buckets: PAUSE_SECONDS,
    registers
  })
  const drafts = new Counter({
    name: 'shoal_gateway_drafts_total',
    help: 'Tokens that were drafted and checked by chains, and those of them that were right',
    labelNames: ['model', 'kind'] as const,
    registers
  })
  new Gauge({
    name: 'shoal_gateway_answering',
    help: 'Answers under way',
    registers,
    collect() {
      this.set(state().answering)
    }
  })
  new Gauge({
    name: 'shoal_gateway_draining',
    help: '1 while no new answers are taken because the gateway ends',
    registers,
    collect() {
      this.set(state().draining ? 1 : 0)
    }
  })
  server.addHook('onResponse', async (request: FastifyRequest, reply) => {
    // The route's pattern: addresses that nobody serves are one together.
    requests.inc({ method: request.method, route: request.routeOptions.url ?? 'none', status: String(reply.statusCode) })
  })
  server.get('/metrics', async (_request, reply) => reply.type(contentType).send(await metricsText(registry, others)))
  return {
    meter: model => ({
      tokens: (kind, count) => tokens.inc({ model, kind }, count),
      recovered: pauseMs => pauses.observe({ model }, pauseMs / 1_000),
      finished: ({ ttftMs, tpotMs, completionTokens, drafts: counted }) => {
        drafts.inc({ model, kind: 'drafted' }, counted?.drafted ?? 0)
        drafts.inc({ model, kind: 'accepted' }, counted?.accepted ?? 0)
        firstToken.observe({ model }, ttftMs / 1_000)
        if (completionTokens > 1) perToken.observe({ model }, tpotMs / 1_000)
      },
      ended: end => answers.inc({ model, end })
    })
  }
}
