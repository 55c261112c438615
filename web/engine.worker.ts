/**
 * The dedicated worker of a donating tab: fetches and verifies a span's weights, loads them on the GPU, tests and measures
 * the result, then serves the engine to the page. Here shaders may compile for seconds without the page noticing.
 */
import { requestGpu } from '#engine/adapter'
import { openChunkCache } from '#weights/cache'
import { openDevice } from '../peer/engine/device.ts'
import { serveEngine } from '../peer/engine/remote.ts'
import { SourceError, toShoalError } from '../peer/errors.ts'
import { loadSpan } from '../peer/host/load-span.ts'
import type { ByteSource } from '../peer/model/byte-source.ts'
import { openHttpSource } from '../peer/weights/http-source.ts'
import type { LoadReport, LoadRequest } from './engine-messages.ts'

const report = (message: LoadReport) => self.postMessage(message)

self.onmessage = ({ data }: MessageEvent<LoadRequest>) => {
  load(data).catch((thrown: unknown) => {
    const { code, message } = toShoalError(thrown)
    report({ type: 'failed', code, message })
  })
}

async function load({ manifest, span, kvTokens, sources, port }: LoadRequest): Promise<void> {
  const { engine, rates } = await loadSpan({
    device: await openDevice(await requestGpu({ powerPreference: 'high-performance' })),
    manifest,
    span,
    kvTokens,
    sources: await openSources(sources),
    cache: await openChunkCache(),
    onProgress: progress => report({ type: 'progress', progress }),
    // Whoever does not want it any more ends the worker.
    signal: new AbortController().signal
  })
  serveEngine(engine, port)
  report({ type: 'ready', rates })
}

/** Those that answer. @throws SourceError when none does */
async function openSources(urls: readonly string[]): Promise<ByteSource[]> {
  const opened = await Promise.allSettled(urls.map(url => openHttpSource(url)))
  const usable = opened.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []))
  if (usable.length > 0) return usable
  const failed = opened.find(result => result.status === 'rejected')
  throw failed?.reason ?? new SourceError('The model names no place to download its weights from')
}
