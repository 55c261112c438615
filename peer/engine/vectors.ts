/**
 * Tensors of one row as the kernels take them: gains, biases and rotation factors, in F32, in one buffer what one launch
 * reads, with the elements of a head in the order in which rotation pairs are adjacent.
 */
import { InvalidFileError } from '../errors.ts'
import type { TensorInfo } from '../model/types.ts'

export interface VectorPart {
  /** One after the other; `sourceElement` reorders, identity if absent. */
  sources: readonly { info: TensorInfo; sourceElement?: (element: number) => number }[]
  bytes: number
}

export function vectorOf(...sources: VectorPart['sources']): VectorPart {
  return { sources, bytes: sources.reduce((sum, { info }) => sum + info.bytes, 0) }
}

/** The elements of a vector tensor. @throws InvalidFileError for a NaN or an infinity */
export function vectorElements(info: TensorInfo, bytes: Uint8Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  const elements = new Float32Array(bytes.slice().buffer)
  if (elements.some(element => !Number.isFinite(element)))
    throw new InvalidFileError(`Tensor ${info.name} holds a NaN or an infinity`)
  return elements
}

/** Fills a part's buffer from its tensors' elements. */
export function fillVector(part: VectorPart, elementsOf: (info: TensorInfo) => Float32Array, target: Float32Array): void {
  let at = 0
  for (const { info, sourceElement } of part.sources) {
    const elements = elementsOf(info)
    for (let i = 0; i < elements.length; i++) target[at + i] = elements[sourceElement?.(i) ?? i]!
    at += elements.length
  }
}
