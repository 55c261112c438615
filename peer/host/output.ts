/**
 * What a step becomes when it has run: a step for the next hop, or an answer for the driver. Both keep their number.
 */
import type { HeadRow, SequenceOutput } from '../engine/engine.ts'
import { encodeActivation } from '../wire/activation-codec.ts'
import type { Answer, Encoding, HeadRow as HeadRowFrame, HopTiming, OpenPlan, Step } from '../wire/frames.pb.js'
import type { CheckedStep } from './check-step.ts'
import type { WorkTiming } from './work.ts'

export type Output = { step: Step } | { answer: Answer }

/** Bytes of an answer's row beside its numbers. */
const ROW_OVERHEAD_BYTES = 16

/** `encoding`: of hidden states; the plan's, unless they were logged as more. */
export function outputOf(
  plan: OpenPlan,
  step: CheckedStep,
  output: SequenceOutput,
  timing: WorkTiming,
  encoding: Encoding
): Output {
  const { number, position, count, parts, head, promptLeft } = step
  const timings: HopTiming[] = [
    ...step.timings,
    { queueUs: toMicroseconds(timing.queueMs), computeUs: toMicroseconds(timing.computeMs) }
  ]
  const place = { session: plan.session, epoch: plan.epoch, number, position, count, timings }
  if ('rows' in output) return { answer: { ...place, rows: output.rows.map(toFrame) } }
  const { rows, topK, temperature, extraIds } = head
  return {
    step: {
      ...place,
      parts,
      promptLeft,
      hidden: encodeActivation(output.hidden, encoding),
      head: { rows, topK, temperature, extraIds: [...extraIds] }
    }
  }
}

/** Memory a kept output takes, roughly. */
export function outputBytes(output: Output): number {
  if ('step' in output) return output.step.hidden?.data.length ?? 0
  return output.answer.rows.reduce((sum, row) => sum + ROW_OVERHEAD_BYTES + 8 * row.ids.length + 4 * row.extraLogits.length, 0)
}

function toFrame(row: HeadRow): HeadRowFrame {
  return {
    ids: [...row.ids],
    logits: [...row.logits],
    extraLogits: [...row.extraLogits],
    logSumExp: row.logSumExp,
    logSumExpAtTemperature: row.logSumExpAtTemperature
  }
}

function toMicroseconds(ms: number): number {
  return Math.max(0, Math.round(ms * 1000))
}
