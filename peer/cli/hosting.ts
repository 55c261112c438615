/**
 * Hosts a span in this process: its GPU, weights from the model's URLs through the disk cache, and the donor's life.
 */
import type { Logger } from 'pino'
import { requestGpu } from '#engine/adapter'
import { openChunkCache } from '#weights/cache'
import { openDevice } from '../engine/device.ts'
import { errorFromCode, ShoalError } from '../errors.ts'
import { isGpuTrouble } from '../host/assignment.ts'
import { type Donation, type DonationEvent, startDonation } from '../host/donate.ts'
import { loadSpan } from '../host/load-span.ts'
import type { HostStats } from '../host/span-host.ts'
import type { Span } from '../model/types.ts'
import { openHttpSource } from '../weights/http-source.ts'
import type { HostingOptions } from './hosting-options.ts'
import type { Swarm } from './join.ts'
import { progressBar } from './progress-bar.ts'

/** Expected of this peer before it has measured; only other newcomers' placement sees it. */
const EXPECTED_DECODE_RATE = { software: 500, gpu: 20_000 }

/** What computing takes where the donor does not say: a desktop's processor, and a middling graphics card. */
const USUAL_WATTS = { software: 65, gpu: 150 }

export interface SpanHosting {
  span: Span
  adapter: string
  model: string
  /** Resolves when hosting is over, with the error that ended it if nobody asked for it. */
  readonly ended: Promise<ShoalError | undefined>
  /** What it holds and has served; undefined once nothing is served. */
  stats: () => HostStats | undefined
  /** Gives sessions so long to end, says goodbye to them and the directory and frees the GPU. The first call's time holds. */
  stop: (drainMs?: number) => Promise<void>
}

/** Resolves once the span is served. @throws AdapterUnavailableError, SelfTestError and whatever loading meets */
export async function startHosting(
  swarm: Swarm,
  options: HostingOptions,
  logger: Logger,
  signal: AbortSignal
): Promise<SpanHosting> {
  let device = await openDevice(await requestGpu())
  let used = false
  let donation: Donation | undefined
  let stopped: Promise<void> | undefined
  const stop = (drainMs = 0) => {
    stopped ??= (donation?.stop(drainMs) ?? Promise.resolve()).then(() => device.close())
    return stopped
  }
  try {
    const { adapter } = device
    const manifest = await swarm.model(options.model ?? (await swarm.wantedModel()))
    const sources = await Promise.all(manifest.sources.map(url => openHttpSource(url, { signal })))
    const cache = await openChunkCache()
    const bar = progressBar('loading weights')
    let span: Span | undefined
    donation = startDonation({
      links: swarm.links,
      privateKey: swarm.privateKey,
      directory: swarm.client,
      manifest,
      agent: 'node',
      adapter: adapter.name,
      watts: options.watts ?? USUAL_WATTS[adapter.kind],
      memoryBytes: options.memory,
      expectedDecodeRate: EXPECTED_DECODE_RATE[adapter.kind],
      ...(options.kvTokens === undefined ? {} : { kvTokens: options.kvTokens }),
      ...(options.layers === undefined ? {} : { span: options.layers }),
      createEngine: async ({ span: chosen, kvTokens }, onProgress, loading) => {
        if (used) {
          device.close()
          device = await openDevice(await requestGpu())
        }
        used = true
        return await loadSpan({ device, manifest, span: chosen, kvTokens, sources, cache, onProgress, signal: loading })
      },
      onEvent: (event: DonationEvent) => {
        if (event.state === 'loading') {
          span = event.span
          bar.update(event.progress.bytesDone, event.progress.bytesTotal)
        } else if (event.state === 'retrying') {
          logger.warn({ code: event.error.code }, `${event.error.message}; trying once more with less`)
        } else if (event.state !== 'serving') logger.info(event, 'donation')
      },
      logger
    })
    const serving = donation.serving.finally(bar.clear)
    const interrupted = new Promise<never>((_, reject) => {
      if (signal.aborted) reject(signal.reason)
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
    interrupted.catch(() => {})
    await Promise.race([serving, interrupted])
    const ended = donation.ended.then(error => error && withAdvice(error))
    return { span: span!, adapter: adapter.name, model: manifest.name, ended, stats: donation.stats, stop }
  } catch (thrown) {
    await stop()
    throw thrown instanceof ShoalError ? withAdvice(thrown) : thrown
  }
}

/** What a person can do when the GPU has failed twice. */
function withAdvice(error: ShoalError): ShoalError {
  if (!isGpuTrouble(error)) return error
  const advice = 'a second try with less ended the same way: smaller --memory, --layers or --kv-tokens may help'
  return errorFromCode(error.code, `${error.message}; ${advice}`, error.details)
}
