/**
 * What a hop demands of a step before memory is taken for it, and the step as the engine wants it.
 */
import { type EngineShape, type HeadRequest, MAX_TOP_K, type SequenceStep } from '../engine/engine.ts'
import { InvalidFrameError } from '../errors.ts'
import { decodeActivation } from '../wire/activation-codec.ts'
import { MAX_EXTRA_IDS } from '../wire/check-frames.ts'
import { Dtype, Encoding, type HopTiming, type Step } from '../wire/frames.pb.js'
import { isPart, Part } from '../wire/step-parts.ts'
import { MAX_HEAD_ROWS } from './limits.ts'

/** A step that passed every check, waiting for its turn. */
export interface CheckedStep {
  epoch: number
  number: number
  position: number
  count: number
  input: SequenceStep['input']
  head: HeadRequest
  timings: HopTiming[]
  /** Of every hop of the chain; empty when all run the step. */
  parts: number[]
  /** This hop's. */
  part: Part
  holds: boolean
  /** Tokens of the prompt after it. */
  promptLeft: number
  arrivedAt: number
}

/** Where a step meets its hop. */
export interface StepPlacing {
  index: number
  hops: number
  reserve: number
  /** Of hidden states, as the driver asked for it. */
  encoding: Encoding
  arrivedAt: number
}

const noInput: SequenceStep['input'] = { hidden: new Float32Array(0) }
const noHead: HeadRequest = { rows: 0, topK: 1, temperature: 1, extraIds: new Uint32Array(0) }

/**
 * `index`: how many hops are before this one; `hops`: of the chain; `reserve`: KV positions of the session.
 * @throws InvalidFrameError, NonFiniteError
 */
export function checkStep(
  step: Step,
  shape: EngineShape,
  { index, hops, reserve, encoding, arrivedAt }: StepPlacing
): CheckedStep {
  const { epoch, number, position, count, timings, parts, promptLeft } = step
  if (number < 1) throw new InvalidFrameError('step: numbers count from 1')
  if (count < 1 || position + count > reserve) {
    throw new InvalidFrameError(`step ${number}: ${count} tokens at position ${position} of ${reserve} reserved`)
  }
  if (timings.length !== index) throw new InvalidFrameError(`step ${number}: ${timings.length} timings after ${index} hops`)
  if (parts.length !== 0 && parts.length !== hops)
    throw new InvalidFrameError(`step ${number}: ${parts.length} parts of ${hops} hops`)
  const part = parts[index] ?? Part.run
  if (!isPart(part)) throw new InvalidFrameError(`step ${number}: part ${part}`)
  if (part === Part.replay && shape.heads) throw new InvalidFrameError(`step ${number}: nothing to replay it to`)
  const input = part === Part.run ? inputOf(step, shape, encoding) : noInput
  const head = headOf(step, shape)
  if (part !== Part.run && shape.heads && head.rows > 0)
    throw new InvalidFrameError(`step ${number}: head rows of a step that is not run`)
  const holds = part !== Part.run
  return { epoch, number, position, count, input, head, timings, parts, part, holds, promptLeft, arrivedAt }
}

function inputOf({ number, count, tokens, hidden }: Step, shape: EngineShape, encoding: Encoding): SequenceStep['input'] {
  if ((tokens === undefined) === (hidden === undefined)) {
    throw new InvalidFrameError(`step ${number}: needs either token ids or hidden states`)
  }
  if (tokens !== undefined) {
    if (!shape.embeds) throw new InvalidFrameError(`step ${number}: token ids to a hop that does not embed`)
    if (tokens.ids.length !== count) throw new InvalidFrameError(`step ${number}: ${tokens.ids.length} token ids for ${count}`)
    const foreign = tokens.ids.find(id => id >= shape.vocabulary)
    if (foreign !== undefined) throw new InvalidFrameError(`step ${number}: token id ${foreign} of ${shape.vocabulary}`)
    return { tokens: Uint32Array.from(tokens.ids) }
  }
  if (shape.embeds) throw new InvalidFrameError(`step ${number}: hidden states to a hop that embeds`)
  if (encoding === Encoding.F32 && hidden!.dtype !== Dtype.DTYPE_F32)
    throw new InvalidFrameError(`step ${number}: hidden states in ${hidden!.dtype}, f32 was asked for`)
  if (encoding !== Encoding.INT8 && hidden!.dtype === Dtype.DTYPE_INT8)
    throw new InvalidFrameError(`step ${number}: hidden states in int8 blocks, which were not asked for`)
  return { hidden: decodeActivation(hidden!, count * shape.width) }
}

function headOf({ number, count, head }: Step, { vocabulary, maxBatchTokens }: EngineShape): HeadRequest {
  if (head === undefined || head.rows === 0) return noHead
  const { rows, topK, temperature, extraIds } = head
  if (rows > Math.min(count, MAX_HEAD_ROWS, maxBatchTokens))
    throw new InvalidFrameError(`step ${number}: ${rows} head rows of ${count}`)
  if (topK < 1 || topK > Math.min(MAX_TOP_K, vocabulary)) throw new InvalidFrameError(`step ${number}: top ${topK}`)
  if (!(temperature > 0 && Number.isFinite(temperature)))
    throw new InvalidFrameError(`step ${number}: temperature ${temperature}`)
  if (extraIds.length > MAX_EXTRA_IDS) throw new InvalidFrameError(`step ${number}: ${extraIds.length} extra ids`)
  const foreign = extraIds.find(id => id >= vocabulary)
  if (foreign !== undefined) throw new InvalidFrameError(`step ${number}: extra id ${foreign} of ${vocabulary}`)
  return { rows, topK, temperature, extraIds: Uint32Array.from(extraIds) }
}
