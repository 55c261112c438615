/**
 * Hosts spans in this process, of one model or of several, within one bound on memory and in one announcement.
 */
import type { Logger } from 'pino'
import { requestGpu } from '#engine/adapter'
import { openChunkCache } from '#weights/cache'
import { openDevice } from '../engine/device.ts'
import { errorFromCode, InvalidRequestError, ShoalError } from '../errors.ts'
import { isGpuTrouble, kvTokensOf } from '../host/assignment.ts'
import { donorOf } from '../host/donate.ts'
import { shareMemory } from '../host/share-memory.ts'
import { spanBytes } from '../host/span-bytes.ts'
import type { HostStats } from '../host/span-host.ts'
import type { Span } from '../model/types.ts'
import { type DonatedSpan, donateSpan } from './donate-span.ts'
import type { HostingOptions } from './hosting-options.ts'
import type { PublishedModel, Swarm } from './join.ts'

/** Expected of this peer before it has measured; only other newcomers' placement sees it. */
const EXPECTED_DECODE_RATE = { software: 500, gpu: 20_000 }

/** What computing takes where the donor does not say: a desktop's processor, and a middling graphics card. */
const USUAL_WATTS = { software: 65, gpu: 150 }

export interface HostedModel {
  name: string
  span: Span
}

export interface SpanHosting {
  /** As it began: who has no fixed model may take another later. */
  models: HostedModel[]
  adapter: string
  /** Resolves when hosting is over, with the error that ended it if nobody asked for it. */
  readonly ended: Promise<ShoalError | undefined>
  /** What it holds and has served, of all models together; undefined once nothing is served. */
  stats: () => HostStats | undefined
  /** Gives sessions so long to end, says goodbye to them and the directory and frees the GPU. The first call's time holds. */
  stop: (drainMs?: number) => Promise<void>
}

/** Resolves once every span is served. @throws AdapterUnavailableError, SelfTestError and whatever loading meets */
export async function startHosting(
  swarm: Swarm,
  options: HostingOptions,
  logger: Logger,
  signal: AbortSignal
): Promise<SpanHosting> {
  const names = options.model ?? [await swarm.wantedModel()]
  if (names.length > 1 && options.layers !== undefined)
    throw new InvalidRequestError('--layers says which of one model; it was given with several', { param: 'layers' })
  const models = distinct(await Promise.all(names.map(name => swarm.model(name))))
  const spans: DonatedSpan[] = []
  const stop = async (drainMs = 0) => {
    await Promise.all(spans.map(span => span.stop(drainMs)))
  }
  try {
    const device = await openDevice(await requestGpu())
    const { adapter } = device
    const peer = {
      links: swarm.links,
      privateKey: swarm.privateKey,
      directory: swarm.client,
      agent: 'node' as const,
      adapter: adapter.name,
      watts: options.watts ?? USUAL_WATTS[adapter.kind],
      logger
    }
    const donating = {
      ...peer,
      donor: donorOf(peer),
      expectedDecodeRate: EXPECTED_DECODE_RATE[adapter.kind],
      ...(options.kvTokens === undefined ? {} : { kvTokens: options.kvTokens }),
      ...(options.layers === undefined ? {} : { span: options.layers }),
      ...(options.model === undefined && swarm.models.length > 1 ? { others: othersOf(swarm) } : {})
    }
    const memory = shareMemory(
      options.memory,
      models.map(model => wholeBytes(model, options))
    )
    const cache = await openChunkCache()
    const interrupted = new Promise<never>((_, reject) => {
      if (signal.aborted) reject(signal.reason)
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
    interrupted.catch(() => {})
    // One after the other: each measures what the machine does for it alone.
    for (const [at, model] of models.entries()) {
      const own = at === 0 ? device : await openDevice(await requestGpu())
      // Who has no fixed model may take a larger one later.
      const memoryBytes = models.length === 1 ? options.memory : memory[at]!
      const span = donateSpan({ swarm, model, cache, device: own, donating: { ...donating, memoryBytes }, logger })
      spans.push(span)
      await Promise.race([span.donation.serving, interrupted])
    }
    const ended = Promise.all(
      spans.map(async ({ donation }, at) => {
        const error = await donation.ended
        if (error !== undefined && spans.length > 1)
          logger.warn({ code: error.code }, `no more of ${models[at]!.name} is served: ${error.message}`)
        return error
      })
    )
    return {
      models: models.map(({ name }, at) => ({ name, span: spans[at]!.span()! })),
      adapter: adapter.name,
      ended: ended.then(errors => {
        const error = errors.find(each => each !== undefined)
        return error && withAdvice(error)
      }),
      stats: () => sumOf(spans.flatMap(({ donation }) => donation.stats() ?? [])),
      stop
    }
  } catch (thrown) {
    await stop()
    throw thrown instanceof ShoalError ? withAdvice(thrown) : thrown
  }
}

function othersOf(swarm: Swarm) {
  return { models: swarm.models, manifest: (digest: string) => swarm.model(digest) }
}

/** A model may be named twice, by its name and its digest. */
function distinct(models: readonly PublishedModel[]): PublishedModel[] {
  return [...new Map(models.map(model => [model.digest, model])).values()]
}

function wholeBytes(model: PublishedModel, options: HostingOptions): number {
  const { layers } = model.manifest.hyperparameters
  return spanBytes(model.manifest, { first: 0, end: layers }, kvTokensOf(options, model))
}

function sumOf(all: readonly HostStats[]): HostStats | undefined {
  return all.reduce<HostStats | undefined>((sum, stats) => {
    if (sum === undefined) return stats
    return {
      sessions: sum.sessions + stats.sessions,
      kvTokens: sum.kvTokens + stats.kvTokens,
      freeKvTokens: sum.freeKvTokens + stats.freeKvTokens,
      logBytes: sum.logBytes + stats.logBytes,
      standingBy: sum.standingBy + stats.standingBy,
      standbyLag: sum.standbyLag + stats.standbyLag,
      waits: {
        prompts: sum.waits.prompts + stats.waits.prompts,
        expectedMs: sum.waits.expectedMs + stats.waits.expectedMs,
        waitedMs: sum.waits.waitedMs + stats.waits.waitedMs,
        missedMs: sum.waits.missedMs + stats.waits.missedMs
      },
      tokensServed: sum.tokensServed + stats.tokensServed,
      bytesReceived: sum.bytesReceived + stats.bytesReceived,
      bytesSent: sum.bytesSent + stats.bytesSent
    }
  }, undefined)
}

/** What a person can do when the GPU has failed twice. */
function withAdvice(error: ShoalError): ShoalError {
  if (!isGpuTrouble(error)) return error
  const advice = 'a second try with less ended the same way: smaller --memory, --layers or --kv-tokens may help'
  return errorFromCode(error.code, `${error.message}; ${advice}`, error.details)
}
