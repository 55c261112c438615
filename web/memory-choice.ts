/**
 * What a donor's memory budget buys: the slider's ends and how many layers fit at a place on it.
 */
import { spanBytes } from '../peer/host/span-bytes.ts'
import type { Manifest } from '../peer/model/manifest-format.ts'
import type { MemoryChoice } from './state.ts'

/** Sessions of the whole context that a donor's KV holds. */
const KV_SESSIONS = 8

/** Share of the whole model that the slider begins with: three such tabs hold it together. */
const FIRST_SHARE = 0.4

export function kvTokensFor({ hyperparameters }: Manifest): number {
  return KV_SESSIONS * hyperparameters.contextLength
}

/** `chosen` bytes, or a beginning where nothing is chosen yet. */
export function memoryChoice(manifest: Manifest, chosen?: number): MemoryChoice {
  const { layers } = manifest.hyperparameters
  const kvTokens = kvTokensFor(manifest)
  const bytesOf = (first: number, count: number) => spanBytes(manifest, { first, end: first + count }, kvTokens)
  /** Of the cheapest window of so many layers. */
  const cheapest = (count: number) => Math.min(...Array.from({ length: layers - count + 1 }, (_, first) => bytesOf(first, count)))
  const least = Math.max(...Array.from({ length: layers }, (_, first) => bytesOf(first, 1)))
  const most = bytesOf(0, layers)
  const bytes = Math.min(most, Math.max(least, chosen ?? Math.ceil(most * FIRST_SHARE)))
  let fitting = 1
  while (fitting < layers && cheapest(fitting + 1) <= bytes) fitting++
  return { chosen: bytes, least, most, layers: fitting }
}
