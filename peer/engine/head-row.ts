/**
 * From a row of logits to what a driver asked of it. Selected and summed on the CPU in f64: on software adapters the row
 * is in the same memory anyway. A GPU selection would replace `headRow` and read back its result only.
 */
import { NonFiniteError } from '../errors.ts'
import type { HeadRequest, HeadRow } from './engine.ts'

/** Index of the first NaN or infinity, −1 if none; told by the exponent's bits. */
export function firstNonFinite(values: Float32Array): number {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  for (let index = 0; index < bits.length; index++) if ((bits[index]! & 0x7f800000) === 0x7f800000) return index
  return -1
}

/** @throws NonFiniteError */
export function headRow(logits: Float32Array, request: HeadRequest): HeadRow {
  const bad = firstNonFinite(logits)
  if (bad >= 0) throw new NonFiniteError(`The logit of id ${bad} is ${logits[bad]}`)
  const ids = topIds(logits, Math.min(request.topK, logits.length))
  const top = logits[ids[0]!]!
  let sum = 0
  let sumAtTemperature = 0
  for (let id = 0; id < logits.length; id++) {
    const below = logits[id]! - top
    sum += Math.exp(below)
    sumAtTemperature += Math.exp(below / request.temperature)
  }
  return {
    ids,
    logits: Float32Array.from(ids, id => logits[id]!),
    extraLogits: Float32Array.from(request.extraIds, id => logits[id]!),
    logSumExp: top + Math.log(sum),
    logSumExpAtTemperature: top / request.temperature + Math.log(sumAtTemperature)
  }
}

/** The `count` ids of the largest logits by (logit descending, id ascending). */
export function topIds(logits: Float32Array, count: number): Uint32Array {
  // A heap whose root is the worst id kept; most logits are compared with the root only.
  const heap = new Uint32Array(count)
  let size = 0
  const worse = (a: number, b: number) => logits[a]! < logits[b]! || (logits[a]! === logits[b]! && a > b)
  const sink = (from: number, id: number, length: number) => {
    let at = from
    for (let child = 2 * at + 1; child < length; child = 2 * at + 1) {
      if (child + 1 < length && worse(heap[child + 1]!, heap[child]!)) child++
      if (!worse(heap[child]!, id)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = id
  }
  for (let id = 0; id < logits.length; id++) {
    if (size < count) {
      heap[size++] = id
      if (size === count) for (let at = (count >> 1) - 1; at >= 0; at--) sink(at, heap[at]!, count)
    } else if (worse(heap[0]!, id)) sink(0, id, count)
  }
  // Taking the worst to the end, one by one, leaves the best first.
  for (let end = count - 1; end > 0; end--) {
    const last = heap[end]!
    heap[end] = heap[0]!
    sink(0, last, end)
  }
  return heap
}
