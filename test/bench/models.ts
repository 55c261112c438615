/**
 * The models that engines are measured on: the embedded one, and llama models of seeded weights in the sizes people run on
 * small machines. Speed does not depend on the values. Made when asked for and kept in the cache folder.
 */
import { existsSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { factsOf } from '../../peer/model/tensor-types.ts'
import type { TensorType } from '../../peer/model/types.ts'
import { goldenModelPath } from '../oracle/goldens.ts'
import { type LlamaSize, llamaMetadata } from '../oracle/llama-metadata.ts'
import { drawTensor } from '../oracle/synthetic-types.ts'
import { random } from '../unit/engine/synthetic.ts'
import { type WrittenTensor, writeGguf } from '../unit/model/gguf-writer.ts'

type Size = Omit<LlamaSize, 'contextLength'>

const CONTEXT = 2048

/** Rows are multiples of 256, as K-quants want them; embedding and head are one matrix. */
const sizes = {
  '50M': { layers: 13, width: 512, heads: 8, kvHeads: 4, feedForward: 1536, vocabulary: 16_384 },
  '125M': { layers: 16, width: 768, heads: 12, kvHeads: 4, feedForward: 2048, vocabulary: 32_768 },
  '500M': { layers: 20, width: 1280, heads: 20, kvHeads: 4, feedForward: 4096, vocabulary: 65_536 },
  '1B': { layers: 16, width: 2048, heads: 32, kvHeads: 8, feedForward: 8192, vocabulary: 65_536 },
  '7B': { layers: 32, width: 4096, heads: 32, kvHeads: 8, feedForward: 14_336, vocabulary: 32_768 }
} satisfies Record<string, Size>

export type SizeName = keyof typeof sizes

export interface BenchModel {
  name: string
  /** Of the GGUF file. */
  path: string
}

export function psalter(): BenchModel {
  return { name: 'psalter Q8_0', path: goldenModelPath() }
}

export async function seededModel(size: SizeName, type: TensorType, cache: string): Promise<BenchModel> {
  const path = join(cache, `seeded-${size.toLowerCase()}-${type.toLowerCase()}.gguf`)
  if (!existsSync(path)) {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(`${path}.part`, seededGguf(sizes[size], type))
    await rename(`${path}.part`, path)
  }
  return { name: `${size} ${type}`, path }
}

function seededGguf(size: Size, type: TensorType): Uint8Array<ArrayBuffer> {
  const { layers, width, heads, kvHeads, feedForward, vocabulary } = size
  const headDim = width / heads
  const next = random(layers * width)
  const matrix = (name: string, columns: number, rows: number, gain = 1): WrittenTensor => ({
    name: `${name}.weight`,
    dims: [columns, rows],
    type: factsOf(type).id,
    data: drawTensor(type, { dims: [columns, rows], center: 0, spread: gain / Math.sqrt(columns) }, next)
  })
  const norm = (name: string): WrittenTensor => ({
    name: `${name}.weight`,
    dims: [width],
    type: factsOf('F32').id,
    data: drawTensor('F32', { dims: [width], center: 1, spread: 0.25 }, next)
  })
  const tensors = [
    matrix('token_embd', width, vocabulary, 2),
    ...Array.from({ length: layers }, (_, layer) => `blk.${layer}.`).flatMap(prefix => [
      norm(`${prefix}attn_norm`),
      matrix(`${prefix}attn_q`, width, heads * headDim),
      matrix(`${prefix}attn_k`, width, kvHeads * headDim),
      matrix(`${prefix}attn_v`, width, kvHeads * headDim),
      matrix(`${prefix}attn_output`, heads * headDim, width),
      norm(`${prefix}ffn_norm`),
      matrix(`${prefix}ffn_gate`, width, feedForward),
      matrix(`${prefix}ffn_up`, width, feedForward),
      matrix(`${prefix}ffn_down`, feedForward, width)
    ]),
    norm('output_norm')
  ]
  return writeGguf({ metadata: llamaMetadata({ contextLength: CONTEXT, ...size }), tensors })
}
