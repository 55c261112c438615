/**
 * Serves files end to end as one resource, by range: the parts of a split model, which peers read like one file.
 */
import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { SourceError } from '../peer/errors.ts'

export interface JoinedFile {
  path: string
  bytes: number
}

/** Answers a GET or HEAD for the whole or one range; several ranges get the whole, as HTTP allows (RFC 9110, 14.2). */
export function sendJoined(
  request: FastifyRequest,
  reply: FastifyReply,
  files: readonly JoinedFile[],
  etag: string
): FastifyReply {
  const size = files.reduce((sum, { bytes }) => sum + bytes, 0)
  const condition = request.headers['if-range']
  const range = condition === undefined || condition === etag ? readRange(request.headers.range, size) : undefined
  reply.header('Accept-Ranges', 'bytes').header('ETag', etag)
  if (range === 'outside') return reply.code(416).header('Content-Range', `bytes */${size}`).send()
  const { from, to } = range ?? { from: 0, to: size }
  if (range !== undefined) reply.code(206).header('Content-Range', `bytes ${from}-${to - 1}/${size}`)
  reply.header('Content-Length', to - from)
  return reply.send(
    request.method === 'HEAD' ? Readable.from([]) : Readable.from(readFiles(files, from, to), { objectMode: false })
  )
}

/** Where one range begins and ends (exclusively); `undefined` to send the whole. */
function readRange(header: string | undefined, size: number): { from: number; to: number } | 'outside' | undefined {
  const match = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(header ?? '')
  const [, first = '', last = ''] = match ?? []
  if (first === '' && last === '') return undefined
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined
  const from = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const to = first === '' || last === '' ? size : Math.min(size, Number(last) + 1)
  return from < to ? { from, to } : 'outside'
}

/** One file open at a time, closed when the reader leaves. */
async function* readFiles(files: readonly JoinedFile[], from: number, to: number): AsyncGenerator<Buffer> {
  let start = 0
  for (const { path, bytes } of files) {
    const first = Math.max(0, from - start)
    const end = Math.min(bytes, to - start)
    start += bytes
    if (first >= end) continue
    let read = 0
    for await (const piece of createReadStream(path, { start: first, end: end - 1 })) {
      read += piece.length
      yield piece
    }
    // Ends the connection before the stated length, which the reader notices.
    if (read < end - first) throw new SourceError(`${path}: ends before its ${bytes} bytes`)
  }
}
