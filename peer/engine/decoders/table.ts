/** The decoder of every tensor type the engine computes with. */
import type { TensorType } from '../../model/types.ts'
import { halfScaleWgsl, halvesWgsl, type WeightDecoder } from './decoder.ts'
import { f16Decoder } from './f16.ts'
import { f32Decoder } from './f32.ts'
import { q4_0Decoder } from './q4-0.ts'
import { q8_0Decoder } from './q8-0.ts'

const decoders: Record<TensorType, WeightDecoder> = {
  F32: f32Decoder,
  F16: f16Decoder,
  Q8_0: q8_0Decoder,
  Q4_0: q4_0Decoder
}

/** Undefined for a type that only a newer engine knows. */
export function decoderFor(type: TensorType): WeightDecoder | undefined {
  return Object.hasOwn(decoders, type) ? decoders[type] : undefined
}

/** WGSL that declares `quad_TYPE` and `scale_TYPE` for each of the types; expects a binding `weights: array<vec4u>`. */
export function decodersWgsl(used: readonly WeightDecoder[]): string {
  return [halvesWgsl, halfScaleWgsl, ...new Set(used.map(decoder => decoder.wgsl))].join('')
}
