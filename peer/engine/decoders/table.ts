/** The decoder of every tensor type the engine computes with. */
import type { TensorType } from '../../model/types.ts'
import { bf16Decoder } from './bf16.ts'
import { bitsWgsl, halvesWgsl, narrowPlanesWgsl, type WeightDecoder } from './decoder.ts'
import { f16Decoder } from './f16.ts'
import { f32Decoder } from './f32.ts'
import { kScalesWgsl } from './k-scales.ts'
import { q4_0Decoder } from './q4-0.ts'
import { q4_1Decoder } from './q4-1.ts'
import { q4_KDecoder } from './q4-k.ts'
import { q5_0Decoder } from './q5-0.ts'
import { q5_1Decoder } from './q5-1.ts'
import { q5_KDecoder } from './q5-k.ts'
import { q6_KDecoder } from './q6-k.ts'
import { q8_0Decoder } from './q8-0.ts'

const decoders: Record<TensorType, WeightDecoder> = {
  F32: f32Decoder,
  F16: f16Decoder,
  BF16: bf16Decoder,
  Q8_0: q8_0Decoder,
  Q4_0: q4_0Decoder,
  Q4_1: q4_1Decoder,
  Q5_0: q5_0Decoder,
  Q5_1: q5_1Decoder,
  Q4_K: q4_KDecoder,
  Q5_K: q5_KDecoder,
  Q6_K: q6_KDecoder
}

/** Undefined for a type that only a newer engine knows. */
export function decoderFor(type: TensorType): WeightDecoder | undefined {
  return Object.hasOwn(decoders, type) ? decoders[type] : undefined
}

/** WGSL that declares `quad_TYPE` and `scale_TYPE` for each of the types; expects `Planes` and a binding `weights: array<vec4u>`. */
export function decodersWgsl(used: readonly WeightDecoder[]): string {
  return [halvesWgsl, narrowPlanesWgsl, bitsWgsl, kScalesWgsl, ...new Set(used.map(decoder => decoder.wgsl))].join('')
}
