/**
 * What passes between the page and its engine worker before the engine's own port takes over.
 */
import type { LoadProgress } from '../peer/host/donate.ts'
import type { NamedManifest } from '../peer/model/manifest.ts'
import type { Span } from '../peer/model/types.ts'

export interface LoadRequest {
  manifest: NamedManifest
  span: Span
  /** Positions of KV to hold. */
  kvTokens: number
  /** URLs of the weights. */
  sources: readonly string[]
  /** Here the worker serves the engine once it is ready. */
  port: MessagePort
}

export type LoadReport =
  | { type: 'progress'; progress: LoadProgress }
  | { type: 'ready'; rates: { prefill: number; decode: number } }
  | { type: 'failed'; code: string; message: string }
