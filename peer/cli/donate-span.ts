/**
 * One span that this process donates: a GPU device of its own, weights from its model's URLs through the disk cache, and the
 * donor's life. The model changes when the donation moves to another one.
 */
import type { Logger } from 'pino'
import { requestGpu } from '#engine/adapter'
import { type EngineDevice, openDevice } from '../engine/device.ts'
import { type Donation, type DonationEvent, type DonationOptions, startDonation } from '../host/donate.ts'
import { loadSpan } from '../host/load-span.ts'
import type { Span } from '../model/types.ts'
import type { ChunkCache } from '../weights/chunk-cache.ts'
import { openHttpSource } from '../weights/http-source.ts'
import type { PublishedModel, Swarm } from './join.ts'
import { progressBar } from './progress-bar.ts'

export interface DonatedSpan {
  readonly donation: Donation
  /** The one that it loads or serves now; undefined before it has chosen. */
  span: () => Span | undefined
  /** Gives sessions so long to end, then frees the GPU. The first call's time holds. */
  stop: (drainMs: number) => Promise<void>
}

export interface DonatedSpanOptions {
  swarm: Swarm
  model: PublishedModel
  cache: ChunkCache
  /** Taken over: closed with the span. Later ones are opened here. */
  device: EngineDevice
  donating: Omit<DonationOptions, 'manifest' | 'createEngine' | 'onEvent'>
  logger: Logger
}

export function donateSpan({ swarm, model, cache, device: first, donating, logger }: DonatedSpanOptions): DonatedSpan {
  let device = first
  let used = false
  let drawn = false
  let span: Span | undefined
  let stopped: Promise<void> | undefined
  const bar = progressBar(`loading weights of ${model.name}`)
  const donation = startDonation({
    ...donating,
    manifest: model,
    createEngine: async ({ manifest, span: chosen, kvTokens }, onProgress, signal) => {
      if (used) {
        device.close()
        device = await openDevice(await requestGpu())
      }
      used = true
      const { sources: urls } = manifest.digest === model.digest ? model : await swarm.model(manifest.digest)
      const sources = await Promise.all(urls.map(url => openHttpSource(url, { signal })))
      return await loadSpan({ device, manifest, span: chosen, kvTokens, sources, cache, onProgress, signal })
    },
    onEvent: (event: DonationEvent) => {
      if (event.state === 'loading') {
        span = event.span
        bar.update(event.progress.bytesDone, event.progress.bytesTotal)
        drawn = true
        return
      }
      if (drawn) bar.clear()
      drawn = false
      if (event.state === 'retrying')
        logger.warn({ code: event.error.code }, `${event.error.message}; trying once more with less`)
      else if (event.state !== 'serving') logger.info(event, 'donation')
    }
  })
  const stop = (drainMs: number) => {
    stopped ??= donation.stop(drainMs).then(() => device.close())
    return stopped
  }
  return { donation, span: () => span, stop }
}
