/**
 * What a gateway tells beside an answer, in its field `shoal`: who computed it, who was lost, and which arms it went to.
 */
import type { ChainHop, HopTime, Placement } from '../peer/session/types.ts'
import { isRecord, readList, readNumber, readText } from './records.ts'
import type { AnswerTrace } from './state.ts'

/** A chain has a hop for a layer at most, and no model has more. */
const MAX_HOPS = 512
const MAX_CHANGES = 64

export function readAnswerTrace(value: Record<string, unknown>): Partial<Omit<AnswerTrace, 'tokens' | 'gateway'>> {
  const hops = readList(value.chain, MAX_HOPS, readHop)
  const recoveries = readList(value.recoveries, MAX_CHANGES, entry => (isRecord(entry) ? entry : undefined))
  return {
    chain: hops.map(({ hop }) => hop),
    hops: hops.every(({ time }) => time !== undefined) ? hops.map(({ time }) => time!) : undefined,
    lost: recoveries.map(({ lost }) => readText(lost)),
    numericsChanged: recoveries.some(({ numerics_changed: changed }) => changed === true),
    ttftMs: readNumber(value.ttft_ms),
    tpotMs: readNumber(value.tpot_ms),
    placements: readList(value.placements, MAX_CHANGES, readPlacement)
  }
}

function readHop(value: unknown): { hop: ChainHop; time: HopTime | undefined } | undefined {
  if (!isRecord(value) || !Array.isArray(value.layers)) return undefined
  const [first, end] = value.layers as unknown[]
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(end)) return undefined
  const queueMs = readNumber(value.queue_ms)
  const computeMs = readNumber(value.compute_ms)
  const time = queueMs === undefined || computeMs === undefined ? undefined : { queueMs, computeMs }
  return { hop: { peer: readText(value.peer), span: { first: first as number, end: end as number } }, time }
}

export function readPlacement(value: unknown): Placement | undefined {
  if (!isRecord(value)) return undefined
  const { after } = value
  const placement = { class: readText(value.class), arm: readText(value.arm), reason: readText(value.reason) }
  return isRecord(after) ? { ...placement, after: { arm: readText(after.arm), error: readText(after.error) } } : placement
}
