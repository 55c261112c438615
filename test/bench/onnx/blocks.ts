/**
 * GGUF's quantised rows in the layout of onnxruntime's MatMulNBits and GatherBlockQuantized: blocks of 32, two nibbles a byte
 * or a byte an element, unsigned, one scale a block. https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
 */
import { halfAt } from '../../../peer/engine/decoders/decoder.ts'
import { groupScale } from '../../../peer/engine/decoders/k-scales.ts'
import type { TensorType } from '../../../peer/model/types.ts'

export const BLOCK = 32

/** One matrix; `quants` is [rows, blocks, bytes of a block], `scales` [rows, blocks], `zeroPoints` [rows, bytes of a row of them]. */
export interface BlockMatrix {
  rows: number
  columns: number
  bits: 4 | 8
  quants: Uint8Array<ArrayBuffer>
  scales: Float32Array<ArrayBuffer>
  /** The middle of the range where absent. */
  zeroPoints?: Uint8Array<ArrayBuffer>
}

interface Layout {
  bits: 4 | 8
  fileBytes: number
  /** Elements of a block in the file. */
  elements: number
  zeroPoints: boolean
  /** Unsigned quants of 32 elements, the scale, and the zero point where there are any. */
  read: (source: Uint8Array, at: number, group: number, quants: Uint8Array) => { scale: number; zero: number }
}

/**
 * Q4_0 and Q8_0 keep every value. Q4_K's minimum becomes a whole number of scales, all that MatMulNBits has: its values
 * change, its bytes and operations do not.
 */
const layouts: Partial<Record<TensorType, Layout>> = {
  Q4_0: {
    bits: 4,
    fileBytes: 18,
    elements: 32,
    zeroPoints: false,
    read: (source, at, _, quants) => {
      for (let i = 0; i < 16; i++) {
        quants[i] = source[at + 2 + i]! & 15
        quants[16 + i] = source[at + 2 + i]! >> 4
      }
      return { scale: halfAt(source, at), zero: 8 }
    }
  },
  Q8_0: {
    bits: 8,
    fileBytes: 34,
    elements: 32,
    zeroPoints: false,
    read: (source, at, _, quants) => {
      for (let i = 0; i < 32; i++) quants[i] = source[at + 2 + i]! ^ 0x80
      return { scale: halfAt(source, at), zero: 128 }
    }
  },
  Q4_K: {
    bits: 4,
    fileBytes: 144,
    elements: 256,
    zeroPoints: true,
    read: (source, at, group, quants) => {
      const from = at + 16 + 32 * (group >> 1)
      const shift = (group & 1) * 4
      for (let i = 0; i < 32; i++) quants[i] = (source[from + i]! >> shift) & 15
      const { scale, offset } = groupScale(source, at, group)
      return { scale, zero: scale === 0 ? 0 : Math.min(15, Math.max(0, Math.round(-offset / scale))) }
    }
  }
}

/** @throws Error for a type that MatMulNBits has no form of */
export function blocksOf(
  type: TensorType,
  source: Uint8Array,
  rows: number,
  columns: number,
  sourceRow: (row: number) => number = row => row
): BlockMatrix {
  const layout = layouts[type]
  if (layout === undefined) throw new Error(`no MatMulNBits form of ${type}`)
  const { bits, fileBytes, elements } = layout
  const blocks = columns / BLOCK
  const blockBytes = (BLOCK * bits) / 8
  const fileRow = (columns / elements) * fileBytes
  const quants = new Uint8Array(rows * blocks * blockBytes)
  const scales = new Float32Array(rows * blocks)
  const zeroRow = Math.ceil(blocks / 2)
  const zeroPoints = new Uint8Array(layout.zeroPoints ? rows * zeroRow : 0)
  const block = new Uint8Array(BLOCK)
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < blocks; column++) {
      const fileBlock = Math.floor((column * BLOCK) / elements)
      const at = sourceRow(row) * fileRow + fileBlock * fileBytes
      const { scale, zero } = layout.read(source, at, column % (elements / BLOCK), block)
      const index = row * blocks + column
      scales[index] = scale
      if (layout.zeroPoints) zeroPoints[row * zeroRow + (column >> 1)]! |= zero << ((column & 1) * 4)
      if (bits === 8) quants.set(block, index * blockBytes)
      else for (let i = 0; i < 16; i++) quants[index * 16 + i] = block[2 * i]! | (block[2 * i + 1]! << 4)
    }
  return { rows, columns, bits, quants, scales, ...(layout.zeroPoints ? { zeroPoints } : {}) }
}

/** One above the other. */
export function stacked(parts: readonly BlockMatrix[]): BlockMatrix {
  const [first] = parts as [BlockMatrix]
  const joined = (of: (part: BlockMatrix) => Uint8Array) => new Uint8Array(Buffer.concat(parts.map(of)))
  const scales = new Float32Array(parts.reduce((sum, part) => sum + part.scales.length, 0))
  let at = 0
  for (const part of parts) {
    scales.set(part.scales, at)
    at += part.scales.length
  }
  return {
    ...first,
    rows: parts.reduce((sum, part) => sum + part.rows, 0),
    quants: joined(part => part.quants),
    scales,
    ...(first.zeroPoints === undefined ? {} : { zeroPoints: joined(part => part.zeroPoints!) })
  }
}
