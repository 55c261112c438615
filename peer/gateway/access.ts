/**
 * Who may use the gateway: whoever reaches it, or the holders of keys, each within its limits. Preflights need no key, and
 * a refusal is OpenAI's error object under the same CORS headers as an answer, so that a page can read it.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type ApiError, invalidKey, operatorsOnly, overLimit } from './api-error.ts'
import type { KeyRing, StoredKey } from './api-keys.ts'
import type { KeyUsage, Remaining } from './key-usage.ts'
import type { Meter } from './metered.ts'

/** Tells load balancers nothing but whether to send requests here. */
const OPEN_ROUTES: ReadonlySet<string> = new Set(['/ready'])
/** What counts as a request: what makes peers work. */
const ANSWERING_ROUTES: ReadonlySet<string> = new Set(['/v1/chat/completions', '/v1/completions'])

/** Tell of all clients together: how much they ask, who serves them, and why each went where. */
const OPERATOR_ROUTES: ReadonlySet<string> = new Set(['/health', '/metrics', '/v1/shoal/selector'])

/** Of OpenAI's, for pages to read; its clients show them. */
export const RATE_HEADERS = ['requests', 'tokens'].flatMap(what =>
  ['limit', 'remaining', 'reset'].map(part => `x-ratelimit-${part}-${what}`)
)

export interface KeyAccess {
  /** Asked at each request, so that keys may come and go. */
  keys: () => KeyRing
  usage: KeyUsage
}

export interface Access {
  /** Counts an answer's tokens against the key that the request showed. */
  meter: (request: FastifyRequest) => Meter
}

/** @param now milliseconds since the epoch; @param access undefined: no key is needed */
export function guard(
  server: FastifyInstance,
  access: KeyAccess | undefined,
  send: (reply: FastifyReply, error: ApiError) => FastifyReply,
  now: () => number = Date.now
): Access {
  if (access === undefined) return { meter: () => ({}) }
  const { keys, usage } = access
  const holders = new WeakMap<FastifyRequest, StoredKey>()
  server.addHook('onRequest', async (request, reply) => {
    const route = request.routeOptions.url ?? ''
    if (OPEN_ROUTES.has(route)) return
    const [, shown] = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '') ?? []
    const key = shown === undefined ? undefined : keys().find(shown)
    if (key === undefined) return send(reply.header('www-authenticate', 'Bearer'), invalidKey(shown !== undefined))
    if (OPERATOR_ROUTES.has(route) && key.operator !== true) return send(reply, operatorsOnly())
    if (!ANSWERING_ROUTES.has(route) || request.method !== 'POST') return
    const overstepped = usage.begin(key, now())
    const { requests, tokens } = usage.remaining(key, now())
    tellRemaining(reply, 'requests', requests)
    tellRemaining(reply, 'tokens', tokens)
    if (overstepped !== undefined) {
      request.log.info({ key: key.id, limit: overstepped.limit }, 'refused: a limit of the key is reached')
      return send(reply, overLimit(overstepped))
    }
    holders.set(request, key)
    // Sent, refused or left by the client: a response closes once.
    reply.raw.once('close', () => usage.end(key))
  })
  return {
    meter: request => {
      const key = holders.get(request)
      return key === undefined ? {} : { tokens: (_kind, count) => usage.take(key, count, now()) }
    }
  }
}

function tellRemaining(reply: FastifyReply, what: 'requests' | 'tokens', left: Remaining | undefined): void {
  if (left === undefined) return
  reply.header(`x-ratelimit-limit-${what}`, String(left.limit))
  reply.header(`x-ratelimit-remaining-${what}`, String(left.remaining))
  reply.header(`x-ratelimit-reset-${what}`, `${(left.resetMs / 1_000).toFixed(3)}s`)
}
