import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { SourceError } from '../../../peer/errors.ts'
import { openHttpSource } from '../../../peer/weights/http-source.ts'

const file = Buffer.from(Array.from({ length: 10_000 }, (_, i) => (i * 7) % 251))

/** Runs `use` against a server of `listener`; counts its requests. */
async function serving(listener: RequestListener, use: (url: string, requests: () => number) => Promise<void>): Promise<void> {
  let requests = 0
  const server = createServer((request, response) => {
    requests++
    listener(request, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/model.gguf`, () => requests)
  } finally {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
}

function asked(request: IncomingMessage): [from: number, to: number] {
  const [from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range!)!.slice(1).map(Number)
  return [from!, to!]
}

function range(request: IncomingMessage, response: ServerResponse, headers: Record<string, string> = {}): void {
  const [from, to] = asked(request)
  response.writeHead(206, { 'content-range': `bytes ${from}-${to}/${file.length}`, ...headers }).end(file.subarray(from, to + 1))
}

/** Right for the first request (the size), then as given. */
const then = (misbehave: RequestListener): RequestListener => {
  let first = true
  return (request, response) => {
    if (first) range(request, response)
    else misbehave(request, response)
    first = false
  }
}

/** Patient with a busy machine; where the server is silent, the limit is what is tested. */
const fast = { firstWaitMs: 1, timeoutMs: 20_000, attempts: 3 }
const hasty = { ...fast, timeoutMs: 300 }

describe('http source', () => {
  it('reads ranges', async () => {
    await serving(range, async url => {
      const source = await openHttpSource(url, fast)
      assert.equal(source.size, file.length)
      assert.deepEqual(Buffer.from(await source.read(100, 5000)), file.subarray(100, 5100))
      assert.equal((await source.read(file.length, 0)).length, 0)
      await assert.rejects(source.read(9_999, 2), SourceError)
      await assert.rejects(source.read(-1, 2), SourceError)
    })
  })

  const atOpen: [string, RequestListener, RegExp, number][] = [
    ['the whole file', (_, response) => response.writeHead(200).end(file), /answered 200 with the whole/, 1],
    [
      'a web page',
      (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>'),
      /200 with the whole \(text\/html\)/,
      1
    ],
    ['404', (_, response) => response.writeHead(404).end(), /answered 404/, 1],
    ['416', (_, response) => response.writeHead(416).end(), /answered 416/, 1],
    ['503 again and again', (_, response) => response.writeHead(503).end(), /answered 503 \(3 attempts\)/, 3],
    ['206 without Content-Range', (_, response) => response.writeHead(206).end('x'), /no Content-Range/, 1],
    [
      'a size unknown',
      (_, response) => response.writeHead(206, { 'content-range': 'bytes 0-0/*' }).end('x'),
      /'bytes 0-0\/\*'/,
      1
    ],
    [
      'a size beyond numbers',
      (_, response) => response.writeHead(206, { 'content-range': `bytes 0-0/${'9'.repeat(30)}` }).end('x'),
      /answered 'bytes/,
      1
    ],
    ['nothing at all', request => request.socket.destroy(), /3 attempts/, 3],
    ['silence', () => {}, /no answer within 300 ms \(3 attempts\)/, 3]
  ]
  for (const [what, listener, message, attempts] of atOpen) {
    it(`refuses a server that answers ${what}`, async () => {
      await serving(listener, async (url, requests) => {
        const options = what === 'silence' ? hasty : fast
        await assert.rejects(
          openHttpSource(url, options),
          thrown => thrown instanceof SourceError && message.test(thrown.message)
        )
        assert.equal(requests(), attempts)
      })
    })
  }

  const later: [string, RequestListener, RegExp][] = [
    [
      'another range',
      (_, response) => response.writeHead(206, { 'content-range': 'bytes 0-9/10000' }).end(file.subarray(0, 10)),
      /asked for 10 bytes at 50/
    ],
    [
      'a range that begins elsewhere',
      (_, response) => response.writeHead(206, { 'content-range': 'bytes 49-59/10000' }).end(file.subarray(49, 59)),
      /answered 'bytes 49-59/
    ],
    [
      'too much',
      (_, response) => response.writeHead(206, { 'content-range': 'bytes 50-59/10000' }).end(file),
      /more than the 10 bytes/
    ],
    [
      'another file',
      (_, response) => response.writeHead(206, { 'content-range': 'bytes 50-59/20000' }).end(file.subarray(0, 10)),
      /the file changed/
    ],
    ['another etag', (request, response) => range(request, response, { etag: '"2"' }), /the file changed/],
    [
      'compressed bytes',
      (request, response) => range(request, response, { 'content-encoding': 'gzip' }),
      /content-encoding gzip/
    ],
    [
      'too little',
      (_, response) => response.writeHead(206, { 'content-range': 'bytes 50-59/10000' }).end('x'),
      /1 bytes instead of 10 \(3 attempts\)/
    ],
    [
      'a body that breaks off',
      (_, response) => {
        response.writeHead(206, { 'content-range': 'bytes 50-59/10000', 'content-length': '10' })
        response.write('x', () => response.destroy())
      },
      /3 attempts/
    ],
    [
      'a body that stalls',
      (_, response) => {
        response.writeHead(206, { 'content-range': 'bytes 50-59/10000' })
        response.write('x')
      },
      /no whole answer within 300 ms/
    ]
  ]
  for (const [what, listener, message] of later) {
    it(`refuses ${what}`, async () => {
      await serving(then(listener), async url => {
        const source = await openHttpSource(url, message.source.includes('within') ? hasty : fast)
        await assert.rejects(source.read(50, 10), thrown => thrown instanceof SourceError && message.test(thrown.message))
      })
    })
  }

  it('tries again after a passing failure', async () => {
    let failures = 0
    const listener = then((request, response) => {
      if (++failures <= 2) response.writeHead(503).end()
      else range(request, response)
    })
    await serving(listener, async (url, requests) => {
      const source = await openHttpSource(url, fast)
      assert.deepEqual(Buffer.from(await source.read(50, 10)), file.subarray(50, 60))
      assert.equal(requests(), 4)
    })
  })

  it('stops when asked: before, during an answer, between attempts', async () => {
    const stop = new AbortController()
    const listener = then((_, response) => {
      response.writeHead(503).end()
      stop.abort()
    })
    await serving(listener, async (url, requests) => {
      const source = await openHttpSource(url, { ...fast, firstWaitMs: 60_000 })
      await assert.rejects(source.read(50, 10, stop.signal), { name: 'AbortError' })
      await assert.rejects(source.read(50, 10, stop.signal), { name: 'AbortError' })
      assert.equal(requests(), 2)
    })
    const during = new AbortController()
    await serving(
      then(() => during.abort()),
      async url => {
        const source = await openHttpSource(url, { ...fast, timeoutMs: 60_000 })
        await assert.rejects(source.read(50, 10, during.signal), { name: 'AbortError' })
      }
    )
  })
})
