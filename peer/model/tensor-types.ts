/**
 * Facts about GGML's tensor types: ids and block layouts as in ggml.h and ggml-common.h. Every known type has its size,
 * so that a file's layout can be checked whole; only those of `TensorType` can be computed with.
 */
import type { TensorType } from './types.ts'

export interface TensorTypeFacts {
  id: number
  /** As llama.cpp prints it. */
  name: string
  /** Consecutive values of dims[0] packed together. */
  blockSize: number
  bytesPerBlock: number
}

const facts: readonly TensorTypeFacts[] = (
  [
    [0, 'F32', 1, 4],
    [1, 'F16', 1, 2],
    [2, 'Q4_0', 32, 18],
    [3, 'Q4_1', 32, 20],
    [6, 'Q5_0', 32, 22],
    [7, 'Q5_1', 32, 24],
    [8, 'Q8_0', 32, 34],
    [9, 'Q8_1', 32, 36],
    [10, 'Q2_K', 256, 84],
    [11, 'Q3_K', 256, 110],
    [12, 'Q4_K', 256, 144],
    [13, 'Q5_K', 256, 176],
    [14, 'Q6_K', 256, 210],
    [15, 'Q8_K', 256, 292],
    [16, 'IQ2_XXS', 256, 66],
    [17, 'IQ2_XS', 256, 74],
    [18, 'IQ3_XXS', 256, 98],
    [19, 'IQ1_S', 256, 50],
    [20, 'IQ4_NL', 32, 18],
    [21, 'IQ3_S', 256, 110],
    [22, 'IQ2_S', 256, 82],
    [23, 'IQ4_XS', 256, 136],
    [24, 'I8', 1, 1],
    [25, 'I16', 1, 2],
    [26, 'I32', 1, 4],
    [27, 'I64', 1, 8],
    [28, 'F64', 1, 8],
    [29, 'IQ1_M', 256, 56],
    [30, 'BF16', 1, 2],
    [34, 'TQ1_0', 256, 54],
    [35, 'TQ2_0', 256, 66],
    [39, 'MXFP4', 32, 17]
  ] as const
).map(([id, name, blockSize, bytesPerBlock]) => ({ id, name, blockSize, bytesPerBlock }))

const byId = new Map(facts.map(type => [type.id, type]))
const byName = new Map(facts.map(type => [type.name, type]))

/** The types an engine has a decoder for. */
export const TENSOR_TYPES: readonly TensorType[] = [
  'F32',
  'F16',
  'BF16',
  'Q8_0',
  'Q4_0',
  'Q4_1',
  'Q5_0',
  'Q5_1',
  'Q4_K',
  'Q5_K',
  'Q6_K'
]

export function tensorTypeById(id: number): TensorTypeFacts | undefined {
  return byId.get(id)
}

export function tensorTypeByName(name: string): TensorTypeFacts | undefined {
  return byName.get(name)
}

export function factsOf(type: TensorType): TensorTypeFacts {
  return byName.get(type)!
}

export function isTensorType(name: string): name is TensorType {
  return (TENSOR_TYPES as readonly string[]).includes(name)
}

/** Bytes of a tensor; `undefined` when a row is not a whole number of blocks. Exact for any dims a file can state. */
export function tensorBytes(type: TensorTypeFacts, dims: readonly (number | bigint)[]): bigint | undefined {
  const [row = 1n, ...rest] = dims.map(BigInt)
  if (row % BigInt(type.blockSize) !== 0n) return undefined
  return rest.reduce((product, dim) => product * dim, row / BigInt(type.blockSize)) * BigInt(type.bytesPerBlock)
}
