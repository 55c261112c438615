/**
 * Which pages may use the gateway. A browser lets any page ask any address and says which page it is: without a list, a page
 * that somebody opens could spend what a gateway on their own machine may spend.
 */
import cors from '@fastify/cors'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { type ApiError, foreignOrigin } from './api-error.ts'

/** Pages of this machine's own servers, of any port. */
const LOOPBACK_PAGE = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/

/** How long a browser may go by one preflight. */
const PREFLIGHT_SECONDS = 600

/**
 * @param origins such as `https://page.example`, or `*` for any; undefined: pages of this machine
 */
export async function admitOrigins(
  server: FastifyInstance,
  origins: readonly string[] | undefined,
  exposedHeaders: string[],
  send: (reply: FastifyReply, error: ApiError) => FastifyReply
): Promise<void> {
  const any = origins?.includes('*') === true
  const admits = (origin: string) => any || (origins === undefined ? LOOPBACK_PAGE.test(origin) : origins.includes(origin))
  await server.register(cors, {
    origin: any ? '*' : async (origin: string | undefined) => (origin !== undefined && admits(origin) ? origin : false),
    exposedHeaders,
    maxAge: PREFLIGHT_SECONDS
  })
  // The page could not read the answer, but what it asked for would be done; and by a name of its own that it lets lead
  // here (DNS rebinding) it could read as well.
  server.addHook('onRequest', async ({ headers: { origin } }, reply) => {
    if (origin !== undefined && !admits(origin)) return send(reply, foreignOrigin(origin))
  })
}
