/**
 * Which type each matrix of a file gets from llama.cpp's quantiser under the name people ask for (Q4_K_M, Q4_0, …), so that
 * the synthetic models mix types as downloaded files do. The rules are those of llama_tensor_get_type in llama-quant.cpp,
 * without the exceptions for sizes that no synthetic model has.
 */
import type { TensorType } from '../../peer/model/types.ts'

export type Mix = 'Q4_0' | 'Q4_1' | 'Q4_K_M' | 'Q5_K_M'

const common: Record<Mix, TensorType> = { Q4_0: 'Q4_0', Q4_1: 'Q4_1', Q4_K_M: 'Q4_K', Q5_K_M: 'Q5_K' }

/** Instead of a type whose blocks of 256 do not make a row. */
const fallbacks: Partial<Record<TensorType, TensorType>> = { Q4_K: 'Q5_0', Q5_K: 'Q5_1', Q6_K: 'Q8_0' }

export interface MixedMatrix {
  /** With `.weight`. */
  name: string
  columns: number
  /** Of the model. */
  layers: number
  /** Whether the embedding is the output, too. */
  tied: boolean
}

export function typeInMix(mix: Mix, matrix: MixedMatrix): TensorType {
  const type = wanted(mix, matrix)
  return matrix.columns % 256 === 0 ? type : (fallbacks[type] ?? type)
}

function wanted(mix: Mix, { name, layers, tied }: MixedMatrix): TensorType {
  if (name === 'output.weight' || (tied && name === 'token_embd.weight')) return 'Q6_K'
  const [, layer, part] = name.split('.')
  if (mix === 'Q4_K_M' || mix === 'Q5_K_M') {
    if (part === 'attn_qkv') return mix === 'Q4_K_M' ? 'Q5_K' : 'Q6_K'
    if ((part === 'attn_v' || part === 'ffn_down') && hasMoreBits(Number(layer), layers)) return 'Q6_K'
  }
  return common[mix]
}

/** use_more_bits */
function hasMoreBits(layer: number, layers: number): boolean {
  const eighth = Math.floor(layers / 8)
  return layer < eighth || layer >= Math.floor((7 * layers) / 8) || (layer - eighth) % 3 === 2
}
