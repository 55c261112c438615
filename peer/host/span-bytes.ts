import type { Manifest } from '../model/manifest-format.ts'
import { tensorsOfSpan } from '../model/span-tensors.ts'
import type { Span } from '../model/types.ts'

/** A key or value element in the KV pool at its largest, f32. */
const KV_ELEMENT_BYTES = 4

/** What a span takes of a peer's memory: its tensors as they are in the file, and KV for `kvTokens` positions. */
export function spanBytes({ hyperparameters, tensors }: Manifest, span: Span, kvTokens: number): number {
  const sizes = new Map(tensors.map(({ name, bytes }) => [name, bytes]))
  const weights = tensorsOfSpan(hyperparameters, span).reduce((sum, { name }) => sum + (sizes.get(name) ?? 0), 0)
  const { kvHeads, headDim } = hyperparameters
  return weights + 2 * (span.end - span.first) * kvTokens * kvHeads * headDim * KV_ELEMENT_BYTES
}
