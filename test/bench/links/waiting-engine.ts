/**
 * A stand-in engine that takes as long as a GPU would, by waiting: so many milliseconds for a run and for each of its tokens.
 * Several in one process compute side by side, as engines on one machine's only adapter can't.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { RunCost } from '../../../peer/session/chunk-size.ts'
import { StandInEngine, type StandInModel } from '../../unit/host/stand-in-engine.ts'

export interface WaitingEngine {
  engine: StandInEngine
  rates: { prefill: number; decode: number }
  /** Milliseconds it has computed. */
  busyMs: () => number
}

export function waitingEngine(
  model: StandInModel,
  span: { first: number; end: number },
  { fixedMs, tokenMs }: RunCost,
  maxBatchTokens: number
): WaitingEngine {
  const engine = new StandInEngine({ ...span, model, maxBatchTokens, blocks: 1_024 })
  let busyMs = 0
  engine.hold = async () => {
    const tokens = engine.batches.at(-1)!.reduce((sum, { count }) => sum + count, 0)
    engine.batches.length = 0
    const ms = fixedMs + tokens * tokenMs
    busyMs += ms
    await wait(ms)
  }
  const layers = span.end - span.first
  const perSecond = (tokens: number) => (tokens * layers * 1_000) / (fixedMs + tokens * tokenMs)
  return { engine, rates: { prefill: perSecond(maxBatchTokens), decode: perSecond(1) }, busyMs: () => busyMs }
}
