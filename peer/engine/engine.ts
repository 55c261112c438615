/**
 * What a host may ask of an engine that runs one span. The WebGPU engine, its proxy across a worker boundary and the
 * deterministic stand-in of the tests all have exactly this face.
 *
 * An engine keeps no step history: a sequence is a reserved range of KV, and every step says at which position it
 * writes. Positions at or above the one written count as absent, so truncation is simply writing lower.
 */
import type { DeviceLostError } from '../errors.ts'
import type { Span } from '../model/types.ts'

/** Names a reserved KV range of one engine; never reused within its life. */
export type SequenceId = number

export interface EngineShape {
  span: Span
  /** Length of a hidden state. */
  width: number
  vocabulary: number
  contextLength: number
  /** The span starts at layer 0 and takes token ids. */
  embeds: boolean
  /** The span ends at the last layer and answers with head rows. */
  heads: boolean
  /** Most tokens one `run` takes over all its steps. */
  maxBatchTokens: number
  /** KV type, weight type and kernel version, e.g. `kv=f32,w=Q8_0,k=1`: peers of one class compute alike to the bound in README. */
  numerics: string
  /** Bytes of one position's KV over the span's layers, as `readKv` gives them. */
  kvPositionBytes: number
}

export interface KvState {
  tokensPerBlock: number
  totalBlocks: number
  freeBlocks: number
}

export interface HeadRequest {
  /** How many of the step's last rows get a head row; 0 fills KV only. */
  rows: number
  /** How many of the largest logits come back, 1 … MAX_TOP_K. */
  topK: number
  /** > 0; the temperature of the second log-sum-exp. */
  temperature: number
  /** Ids whose logits come back whatever their rank. */
  extraIds: Uint32Array
}

/** Bound on HeadRequest.topK: the GPU selects per 256 logits, and no sampler in use looks further without wanting the full row. */
export const MAX_TOP_K = 128

export interface SequenceStep {
  sequence: SequenceId
  /** Position of the first of this step's tokens; at most the number of positions written so far. */
  position: number
  /** Token ids for a span that embeds, else count × width hidden values, row by row. */
  input: { tokens: Uint32Array } | { hidden: Float32Array }
  /** Only read by a span that heads. */
  head: HeadRequest
}

export interface HeadRow {
  /** The topK ids by (logit descending, id ascending) and their logits. */
  ids: Uint32Array
  logits: Float32Array
  extraLogits: Float32Array
  /** ln Σ exp(logit) and ln Σ exp(logit / temperature) over the whole vocabulary. */
  logSumExp: number
  logSumExpAtTemperature: number
}

/** `hidden` from a span without head (count × width), `rows` from one with. */
export type SequenceOutput = { hidden: Float32Array } | { rows: HeadRow[] }

export interface SpanEngine {
  readonly shape: EngineShape
  /** Resolves when the device is lost or misbehaves; never rejects. */
  readonly lost: Promise<DeviceLostError>
  kv: () => KvState
  /** Takes KV for up to `tokens` positions, all or none. @throws BusyError */
  reserve: (tokens: number) => Promise<SequenceId>
  /**
   * Has the sequence hold KV for up to `tokens` positions where it holds less, and keeps what is written; all or none.
   * @throws BusyError, UnknownSessionError
   */
  extend: (sequence: SequenceId, tokens: number) => Promise<void>
  release: (sequence: SequenceId) => Promise<void>
  /**
   * One pass of several sequences' steps through the span, in one submit. A sequence appears at most once.
   * @throws NonFiniteError when an output holds NaN or infinity, DeviceLostError
   */
  run: (steps: readonly SequenceStep[]) => Promise<SequenceOutput[]>
  /** All logits (length vocabulary) of row `row` of the sequence's last step with head rows. @throws UnknownSessionError when not kept */
  logits: (sequence: SequenceId, row: number) => Promise<Float32Array>
  /**
   * KV of positions [from, to), at most `maxBatchTokens`: as any engine of the same span and numerics class takes it
   * (layout: kv-rows.ts). A copy between two runs; neither waits for it to be read.
   * @throws InvalidRequestError beyond what is written, UnknownSessionError, DeviceLostError
   */
  readKv: (sequence: SequenceId, from: number, to: number) => Promise<Uint8Array<ArrayBuffer>>
  /**
   * Positions from `from` on, at most what is written, hold this KV, and those above are absent: as if a run had written it.
   * @throws InvalidRequestError on bytes that are no whole positions, or beyond what is written or reserved;
   * NonFiniteError, UnknownSessionError, DeviceLostError
   */
  writeKv: (sequence: SequenceId, from: number, bytes: Uint8Array<ArrayBuffer>) => Promise<void>
  close: () => Promise<void>
}
