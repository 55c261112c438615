/** An HTTP origin of one file that answers ranges at a fixed rate, shared by all its connections: a home line to a mirror. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { setTimeout as wait } from 'node:timers/promises'

/** Bytes let through at once. */
const PIECE_BYTES = 64 * 1024

export interface ThrottledOrigin {
  url: string
  close: () => Promise<void>
}

export async function openThrottledOrigin(path: string, bytesPerSecond: number): Promise<ThrottledOrigin> {
  const { size } = await stat(path)
  /** When the line is free again, on `performance.now()`'s clock. */
  let freeAt = 0
  const line = async function* (pieces: AsyncIterable<Buffer>) {
    for await (const piece of pieces) {
      freeAt = Math.max(freeAt, performance.now()) + (piece.length / bytesPerSecond) * 1000
      await wait(Math.max(0, freeAt - performance.now()))
      yield piece
    }
  }
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
    if (first === undefined) {
      response.writeHead(416).end()
      return
    }
    const end = Math.min(Number(last), size - 1)
    response.writeHead(206, {
      'content-range': `bytes ${first}-${end}/${size}`,
      'content-length': end - Number(first) + 1,
      etag: '"one"'
    })
    // A reader that leaves early is its own affair.
    await pipeline(createReadStream(path, { start: Number(first), end, highWaterMark: PIECE_BYTES }), line, response).catch(
      () => undefined
    )
  }
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/model.gguf`,
    close: () =>
      new Promise(resolve => {
        server.closeAllConnections()
        server.close(() => resolve())
      })
  }
}
