/**
 * What a donor takes upon itself: which layers of which model, and KV for how many positions. The first time what the swarm lacks most
 * and memory holds; after its GPU failed under that, half of it.
 */
import { DeviceLostError, GpuMemoryError, InvalidRequestError, type ShoalError } from '../errors.ts'
import type { NamedManifest } from '../model/manifest.ts'
import type { Span } from '../model/types.ts'
import { placeNewcomer } from '../swarm/placement.ts'
import { readEntries, type SignedEntry } from '../swarm/read-entries.ts'
import { type Clock, within } from '../wire/clock.ts'
import { spanBytes } from './span-bytes.ts'

/** A directory node answers in a round trip; relays and slow links included. */
const QUERY_MS = 15_000
/** What a session usually needs; a donor's KV holds several. */
const DEFAULT_KV_SESSIONS = 8

export interface Assignment {
  manifest: NamedManifest
  span: Span
  kvTokens: number
}

export interface KvWish {
  /** Positions of KV to hold. Default: eight sessions of the whole context. */
  kvTokens?: number | undefined
}

export interface AssignmentOptions extends KvWish {
  self: string
  directory: { query: (model: string, signal?: AbortSignal) => Promise<readonly SignedEntry[]> }
  manifest: NamedManifest
  /** Bytes for weights and KV. */
  memoryBytes: number
  maxLayers?: number | undefined
  /** Exactly these layers instead of what the swarm lacks most. */
  span?: Span | undefined
  expectedDecodeRate: number
  random: () => number
  clock: Clock
}

/** @throws InvalidRequestError when memory holds no layer; what the directory throws */
export async function chooseAssignment(options: AssignmentOptions, signal: AbortSignal): Promise<Assignment> {
  const { manifest } = options
  const kvTokens = kvTokensOf(options, manifest)
  return { manifest, span: options.span ?? (await place({ ...options, kvTokens }, signal)), kvTokens }
}

export function kvTokensOf({ kvTokens }: KvWish, { manifest }: NamedManifest): number {
  return kvTokens ?? DEFAULT_KV_SESSIONS * manifest.hyperparameters.contextLength
}

/** Whether less work on a fresh device may go better. */
export function isGpuTrouble(error: ShoalError): boolean {
  return error instanceof DeviceLostError || error instanceof GpuMemoryError
}

/**
 * Half the layers, of a span that was asked for its beginning; half the KV, but a whole context, where there is one layer
 * only. @throws as `chooseAssignment`
 */
export async function chooseSmaller(
  options: Omit<AssignmentOptions, 'manifest'>,
  before: Assignment,
  signal: AbortSignal
): Promise<Assignment> {
  const { manifest, span, kvTokens } = before
  const layers = span.end - span.first
  if (layers === 1) {
    const { contextLength } = manifest.manifest.hyperparameters
    return { manifest, span, kvTokens: Math.min(kvTokens, Math.max(contextLength, Math.floor(kvTokens / 2))) }
  }
  const maxLayers = Math.floor(layers / 2)
  if (options.span !== undefined) return { manifest, span: { first: span.first, end: span.first + maxLayers }, kvTokens }
  return { manifest, span: await place({ ...options, manifest, kvTokens, maxLayers }, signal), kvTokens }
}

async function place(options: AssignmentOptions & { kvTokens: number }, signal: AbortSignal): Promise<Span> {
  const { self, directory, manifest: named, memoryBytes, kvTokens, maxLayers, expectedDecodeRate, random, clock } = options
  const { manifest, digest } = named
  const known = await within(clock, QUERY_MS, 'asking the directory', signal, asking => directory.query(digest, asking))
  const span = placeNewcomer({
    directory: await readEntries(known),
    model: digest,
    layers: manifest.hyperparameters.layers,
    spanBytes: candidate => spanBytes(manifest, candidate, kvTokens),
    memoryBytes,
    decodeRate: expectedDecodeRate,
    self,
    ...(maxLayers === undefined ? {} : { maxLayers }),
    random
  })
  if (span !== undefined) return span
  const least = spanBytes(manifest, { first: 0, end: 1 }, kvTokens)
  throw new InvalidRequestError(`${memoryBytes} bytes hold no layer of ${manifest.name}; one takes about ${least}`, {
    param: 'memory'
  })
}
