/**
 * What the page's files are sent with: a policy that lets no code but the page's own run, and how long each may be kept.
 * The page's own `<meta>` says the same policy for servers that know nothing of it; only a header can forbid framing.
 */
import { extname } from 'node:path'
import type { FastifyReply } from 'fastify'

/** Code and styles are the page's own; weights and sockets may be anybody's. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "manifest-src 'self'",
  'connect-src *',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'"
].join('; ')

/** Vite names a file under assets/ by its content. */
const NAMED_BY_CONTENT = /[\\/]assets[\\/][^\\/]+-[\w-]{8}\.\w+$/
const YEAR_SECONDS = 365 * 24 * 60 * 60

/** `path` of the file sent. */
export function setPageHeaders(reply: FastifyReply, path: string): void {
  if (extname(path) === '.html') {
    reply.header('Content-Security-Policy', POLICY)
    reply.header('Referrer-Policy', 'no-referrer')
    reply.header('Permissions-Policy', 'camera=(), microphone=(), geolocation=(), payment=(), usb=()')
  }
  // What keeps its name is asked about each time, so that a new page is seen at once.
  reply.header('Cache-Control', NAMED_BY_CONTENT.test(path) ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-cache')
}
