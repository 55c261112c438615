import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FastifyReply } from 'fastify'
import { setPageHeaders } from '../../../bootstrap/page-headers.ts'

function headersOf(path: string): Record<string, string> {
  const headers: Record<string, string> = {}
  const reply = { header: (name: string, value: string) => Object.assign(headers, { [name.toLowerCase()]: value }) }
  setPageHeaders(reply as unknown as FastifyReply, path)
  return headers
}

test('the page allows its own code only, and no frame around it', () => {
  const policy = Object.fromEntries(
    headersOf('/page/index.html')
      ['content-security-policy']!.split('; ')
      .map(part => part.split(/ (.*)/) as [string, string])
  )
  assert.equal(policy['default-src'], "'none'")
  for (const own of ['script-src', 'style-src', 'worker-src', 'manifest-src']) assert.equal(policy[own], "'self'", own)
  assert.equal(policy['frame-ancestors'], "'none'")
})

test('what is named by its content is kept for good, the rest is asked about each time', () => {
  assert.match(headersOf('/page/assets/index-PvpDekgQ.js')['cache-control']!, /immutable/)
  assert.match(headersOf('C:\\page\\assets\\view-CM6tVtR-.js')['cache-control']!, /immutable/)
  for (const path of ['/page/index.html', '/page/service-worker.js', '/page/manifest.webmanifest', '/page/assets/plain.js'])
    assert.equal(headersOf(path)['cache-control'], 'no-cache', path)
})
