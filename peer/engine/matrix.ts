/**
 * How matrices lie in GPU buffers, as values: rows of one or several tensors become parts, each one buffer within the
 * binding limit and one dispatch. Kernels work on pairs of rows, because a rotation, a gate with its up row and a
 * packed f16 store all need two values at once.
 */
import { UnsupportedModelError } from '../errors.ts'
import { GROUP_ELEMENTS, type Planes, UNIT_BYTES, type WeightDecoder } from './decoders/decoder.ts'
import type { MatrixTensor } from './span-tensors.ts'

/** A tensor as an operation wants it: `sourceRow` reorders, identity if absent. */
export interface Operand {
  tensor: MatrixTensor
  sourceRow?: (row: number) => number
}

/** The planes of some rows inside a part's buffer. */
export interface PlaneSet {
  decoder: WeightDecoder
  /** Rows of the operands, in the order of the planes; ranges [first, end) of each operand's rows. */
  ranges: { operand: Operand; first: number; end: number }[]
  /** Units from the buffer's start. */
  at: Planes<number>
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
const blocksOf = (decoder: WeightDecoder, groups: number) => (groups * GROUP_ELEMENTS) / decoder.blockElements
const planeBytes = ({ planeBlockBytes: { quants, high, scales } }: WeightDecoder) => [quants, high, scales]

/** Bytes of a row in all planes. */
function rowBytes(decoder: WeightDecoder, groups: number): number {
  return planeBytes(decoder).reduce((sum, bytes) => sum + bytes, 0) * blocksOf(decoder, groups)
}

/** Planes of `rows` rows one after the other from unit `from`, each rounded up to units, and where the last ends. */
function placePlanes(decoder: WeightDecoder, rows: number, groups: number, from: number): { at: Planes<number>; end: number } {
  const [quants, high, scales] = planeBytes(decoder).map(bytes => units(rows * blocksOf(decoder, groups) * bytes)) as [
    number,
    number,
    number
  ]
  return {
    at: { quants: from, high: from + quants, scales: from + quants + high },
    end: from + quants + high + scales
  }
}

/** Pairs of rows, one of each decoder, that fit a binding; the planes' rounding up is allowed for. */
function mostPairs(decoders: readonly WeightDecoder[], groups: number, bindingLimit: number, name: string): number {
  const bytesPerPair = decoders.reduce((sum, decoder) => sum + rowBytes(decoder, groups), 0)
  const rounded = decoders.flatMap(planeBytes).filter(bytes => bytes % UNIT_BYTES !== 0).length
  const pairs = Math.floor((bindingLimit - rounded * UNIT_BYTES) / bytesPerPair)
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
    const step = mostPairs([decoder, decoder], groups, bindingLimit, info.name)
    const pairs = Math.ceil(rows / 2)
    for (let pair = 0; pair < pairs; pair += step) {
      const count = Math.min(step, pairs - pair)
      const { at, end } = placePlanes(decoder, 2 * count, groups, 0)
      const planes: PlaneSet = { decoder, ranges: rangesOf(run, 2 * pair, 2 * (pair + count)), at }
      parts.push({
        firstPair: firstPair + pair,
        pairs: count,
        step: 2,
        decoders: [decoder, decoder],
        planes: [planes, planes],
        groups,
        bytes: end * UNIT_BYTES
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
  const step = mostPairs(decoders, groups, bindingLimit, info.name)
  const parts: MatrixPart[] = []
  for (let pair = 0; pair < rows; pair += step) {
    const count = Math.min(step, rows - pair)
    let end = 0
    const planes = [first, second].map(operand => {
      const { decoder } = operand.tensor
      const placed = placePlanes(decoder, count, groups, end)
      end = placed.end
      return { decoder, ranges: [{ operand, first: pair, end: pair + count }], at: placed.at }
    }) as [PlaneSet, PlaneSet]
    parts.push({ firstPair: pair, pairs: count, step: 1, decoders, planes, groups, bytes: end * UNIT_BYTES })
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
  for (const { decoder, ranges, at } of new Set(part.planes)) {
    const blocks = blocksOf(decoder, part.groups)
    const fileRow = blocks * decoder.fileBlockBytes
    let row = 0
    const rowOf = (plane: keyof Planes<number>) => {
      const bytes = blocks * decoder.planeBlockBytes[plane]
      const from = at[plane] * UNIT_BYTES + row * bytes
      return target.subarray(from, from + bytes)
    }
    for (const { operand, first, end } of ranges) {
      const source = bytesOf(operand.tensor.info.name)
      for (let index = first; index < end; index++, row++) {
        const from = ((operand.tensor.firstRow ?? 0) + (operand.sourceRow?.(index) ?? index)) * fileRow
        const planes = { quants: rowOf('quants'), high: rowOf('high'), scales: rowOf('scales') }
        if (!decoder.repackRow(source, from, blocks, planes)) return operand.tensor.info.name
      }
    }
  }
  return undefined
}
