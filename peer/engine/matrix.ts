/**
 * How matrices lie in GPU buffers, as values: rows of one or several tensors become parts, each one buffer within the
 * binding limit and one dispatch. Kernels work on pairs of rows, because a rotation, a gate with its up row and a
 * packed f16 store all need two values at once.
 */
import { UnsupportedModelError } from '../errors.ts'
import { UNIT_BYTES, type WeightDecoder } from './decoders/decoder.ts'
import type { MatrixTensor } from './span-tensors.ts'

/** A tensor as an operation wants it: `sourceRow` reorders, identity if absent. */
export interface Operand {
  tensor: MatrixTensor
  sourceRow?: (row: number) => number
}

/** Quants and scales of some rows inside a part's buffer. */
export interface PlaneSet {
  decoder: WeightDecoder
  /** Rows of the operands, in the order of the planes; ranges [first, end) of each operand's rows. */
  ranges: { operand: Operand; first: number; end: number }[]
  /** Units from the buffer's start. */
  quants: number
  scales: number
}

export interface MatrixPart {
  /** Pairs [firstPair, firstPair + pairs) of the operation. */
  firstPair: number
  pairs: number
  /** 2: rows 2p and 2p + 1 of the one plane set; 1: row p of each of two plane sets. */
  step: 1 | 2
  /** The decoders of a pair's two rows. */
  decoders: [WeightDecoder, WeightDecoder]
  planes: [PlaneSet, PlaneSet]
  groups: number
  bytes: number
}

const units = (bytes: number) => Math.ceil(bytes / UNIT_BYTES)
const quantUnits = (decoder: WeightDecoder, rows: number, groups: number) => units(rows * groups * decoder.quantBytesPerGroup)
const scaleUnits = (decoder: WeightDecoder, rows: number, groups: number) => units(rows * groups * decoder.scaleBytesPerGroup)

function mostPairs(bytesPerPair: number, planes: number, bindingLimit: number, name: string): number {
  // Each scales plane may be rounded up to a unit.
  const pairs = Math.floor((bindingLimit - planes * UNIT_BYTES) / bytesPerPair)
  if (pairs < 1)
    throw new UnsupportedModelError(`Two rows of ${name} exceed the adapter's binding limit of ${bindingLimit} bytes`)
  return pairs
}

/** Operands one below the other. Consecutive ones of one type share buffers; an odd number of rows is padded with a zero row. */
export function planStacked(operands: readonly Operand[], bindingLimit: number): MatrixPart[] {
  const parts: MatrixPart[] = []
  let firstPair = 0
  for (let from = 0; from < operands.length; ) {
    const { decoder, groups, info } = operands[from]!.tensor
    let to = from
    while (to < operands.length && operands[to]!.tensor.decoder === decoder) to++
    const run = operands.slice(from, to)
    const rows = run.reduce((sum, operand) => sum + operand.tensor.rows, 0)
    const bytesPerRow = groups * (decoder.quantBytesPerGroup + decoder.scaleBytesPerGroup)
    const step = mostPairs(2 * bytesPerRow, 1, bindingLimit, info.name)
    const pairs = Math.ceil(rows / 2)
    for (let pair = 0; pair < pairs; pair += step) {
      const count = Math.min(step, pairs - pair)
      const scales = quantUnits(decoder, 2 * count, groups)
      const planes: PlaneSet = { decoder, ranges: rangesOf(run, 2 * pair, 2 * (pair + count)), quants: 0, scales }
      parts.push({
        firstPair: firstPair + pair,
        pairs: count,
        step: 2,
        decoders: [decoder, decoder],
        planes: [planes, planes],
        groups,
        bytes: (scales + scaleUnits(decoder, 2 * count, groups)) * UNIT_BYTES
      })
    }
    firstPair += pairs
    from = to
  }
  return parts
}

/** Pair p is row p of `first` and row p of `second`, which may differ in type. */
export function planPaired(first: Operand, second: Operand, bindingLimit: number): MatrixPart[] {
  const { rows, groups, info } = first.tensor
  const decoders = [first.tensor.decoder, second.tensor.decoder] as [WeightDecoder, WeightDecoder]
  const bytesPerPair = decoders.reduce(
    (sum, decoder) => sum + groups * (decoder.quantBytesPerGroup + decoder.scaleBytesPerGroup),
    0
  )
  const step = mostPairs(bytesPerPair, 2, bindingLimit, info.name)
  const parts: MatrixPart[] = []
  for (let pair = 0; pair < rows; pair += step) {
    const count = Math.min(step, rows - pair)
    let at = 0
    const planes = [first, second].map(operand => {
      const { decoder } = operand.tensor
      const quants = at
      const scales = quants + quantUnits(decoder, count, groups)
      at = scales + scaleUnits(decoder, count, groups)
      return { decoder, ranges: [{ operand, first: pair, end: pair + count }], quants, scales }
    }) as [PlaneSet, PlaneSet]
    parts.push({ firstPair: pair, pairs: count, step: 1, decoders, planes, groups, bytes: at * UNIT_BYTES })
  }
  return parts
}

function rangesOf(run: readonly Operand[], first: number, end: number): PlaneSet['ranges'] {
  const ranges: PlaneSet['ranges'] = []
  let base = 0
  for (const operand of run) {
    const from = Math.max(first, base) - base
    const to = Math.min(end, base + operand.tensor.rows) - base
    if (to > from) ranges.push({ operand, first: from, end: to })
    base += operand.tensor.rows
  }
  return ranges
}

/** Fills a part's buffer from the tensors' bytes by name. Returns the name of a tensor that holds NaN or infinity, if one does. */
export function fillPart(part: MatrixPart, bytesOf: (name: string) => Uint8Array, target: Uint8Array): string | undefined {
  for (const { decoder, ranges, quants, scales } of new Set(part.planes)) {
    const quantRow = part.groups * decoder.quantBytesPerGroup
    const scaleRow = part.groups * decoder.scaleBytesPerGroup
    const fileRow = part.groups * decoder.fileBytesPerGroup
    let row = 0
    for (const { operand, first, end } of ranges) {
      const source = bytesOf(operand.tensor.info.name)
      for (let index = first; index < end; index++, row++) {
        const quantAt = quants * UNIT_BYTES + row * quantRow
        const scaleAt = scales * UNIT_BYTES + row * scaleRow
        const finite = decoder.repackRow(
          source,
          (operand.sourceRow?.(index) ?? index) * fileRow,
          part.groups,
          target.subarray(quantAt, quantAt + quantRow),
          target.subarray(scaleAt, scaleAt + scaleRow)
        )
        if (!finite) return operand.tensor.info.name
      }
    }
  }
  return undefined
}
