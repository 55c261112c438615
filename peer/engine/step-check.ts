/**
 * Checks what a host hands to `run` before anything is uploaded: a wrong id would read beyond the embedding, a wrong
 * position write into another sequence's KV.
 */
import { InvalidRequestError, NonFiniteError } from '../errors.ts'
import { type EngineShape, MAX_TOP_K, type SequenceStep } from './engine.ts'
import { firstNonFinite } from './head-row.ts'
import type { KvPool } from './kv-pool.ts'

/** Bound on HeadRequest.extraIds: each costs 4 bytes of the answer, and beyond this the whole row is the better answer. */
export const MAX_EXTRA_IDS = 4096

export interface CheckedStep {
  step: SequenceStep
  count: number
  /** The step's first row in the batch. */
  firstRow: number
  slots: number[]
}

/** @throws InvalidRequestError, UnknownSessionError, NonFiniteError for a hidden state that holds NaN or infinity */
export function checkSteps(steps: readonly SequenceStep[], shape: EngineShape, pool: KvPool): CheckedStep[] {
  const seen = new Set<number>()
  let firstRow = 0
  return steps.map(step => {
    if (seen.has(step.sequence))
      throw new InvalidRequestError(`Sequence ${step.sequence} is in the batch twice`, { param: 'sequence' })
    seen.add(step.sequence)
    const count = countOf(step, shape)
    if (firstRow + count > shape.maxBatchTokens)
      throw new InvalidRequestError(`More than ${shape.maxBatchTokens} tokens in a batch`, { param: 'input' })
    if (step.position + count > shape.contextLength)
      throw new InvalidRequestError(`Position ${step.position + count} is beyond the context of ${shape.contextLength}`, {
        param: 'position'
      })
    const slots = pool.slots(step.sequence, step.position, count)
    if (shape.heads) checkHead(step, count, shape)
    const checked = { step, count, firstRow, slots }
    firstRow += count
    return checked
  })
}

function countOf({ sequence, input }: SequenceStep, { embeds, width, vocabulary }: EngineShape): number {
  if (embeds) {
    if (!('tokens' in input)) throw new InvalidRequestError(`Sequence ${sequence}: this span takes token ids`, { param: 'input' })
    const bad = input.tokens.find(id => id >= vocabulary)
    if (bad !== undefined) throw new InvalidRequestError(`Token id ${bad} is not below ${vocabulary}`, { param: 'input' })
    if (input.tokens.length === 0)
      throw new InvalidRequestError(`Sequence ${sequence}: a step without tokens`, { param: 'input' })
    return input.tokens.length
  }
  if (!('hidden' in input))
    throw new InvalidRequestError(`Sequence ${sequence}: this span takes hidden states`, { param: 'input' })
  const { length } = input.hidden
  if (length === 0 || length % width !== 0)
    throw new InvalidRequestError(`Sequence ${sequence}: ${length} hidden values are not rows of ${width}`, { param: 'input' })
  const bad = firstNonFinite(input.hidden)
  if (bad >= 0) throw new NonFiniteError(`Sequence ${sequence}: hidden value ${bad} is ${input.hidden[bad]}`)
  return length / width
}

function checkHead({ sequence, head }: SequenceStep, count: number, { vocabulary }: EngineShape): void {
  const { rows, topK, temperature, extraIds } = head
  const fail = (words: string, param: string): never => {
    throw new InvalidRequestError(`Sequence ${sequence}: ${words}`, { param })
  }
  if (!Number.isInteger(rows) || rows < 0 || rows > count) fail(`${rows} head rows of a step of ${count}`, 'rows')
  if (!Number.isInteger(topK) || topK < 1 || topK > MAX_TOP_K) fail(`topK is ${topK}, not 1 … ${MAX_TOP_K}`, 'topK')
  if (!(temperature > 0) || !Number.isFinite(temperature)) fail(`temperature is ${temperature}, not above 0`, 'temperature')
  if (extraIds.length > MAX_EXTRA_IDS) fail(`${extraIds.length} extra ids, at most ${MAX_EXTRA_IDS}`, 'extraIds')
  const bad = extraIds.find(id => id >= vocabulary)
  if (bad !== undefined) fail(`extra id ${bad} is not below ${vocabulary}`, 'extraIds')
}
