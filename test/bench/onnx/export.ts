/**
 * A llama model's GGUF file as an ONNX graph, as onnxruntime's own builder of generative models makes it: quantised products,
 * queries, keys and values in one, GroupQueryAttention with its rotation inside and KV that grows by each run, residual adds
 * fused with norms. The same weights, so that engines are compared and not models.
 */
import type { Hyperparameters } from '../../../peer/model/types.ts'
import { type LoadedModel, readModel } from '../../unit/engine/psalter.ts'
import { BLOCK, type BlockMatrix, blocksOf, stacked } from './blocks.ts'
import { type ElementType, type Encoded, encodeModel, type GraphNode, type Initializer, type ValueInfo } from './proto.ts'

/** 0: activations as they are; 4: may be rounded to 8-bit integers. https://github.com/microsoft/onnxruntime, MatMulNBits */
export type AccuracyLevel = 0 | 4

export interface ExportOptions {
  accuracyLevel: AccuracyLevel
  /** Of activations and KV; f16 needs the adapter's shader-f16. */
  floats: 'f32' | 'f16'
  /** Positions that can be rotated. */
  contextLength: number
}

export interface ExportedModel {
  encoded: Encoded
  layers: number
  /** Of a past_… input of no position yet. */
  kvDims: [1, number, 0, number]
}

/** @throws Error for what the graph has no form of: other architectures' maths, other tensor types */
export async function exportOnnx(path: string, options: ExportOptions): Promise<ExportedModel> {
  const { hyperparameters, reader } = await readModel(path)
  if (
    hyperparameters.architecture !== 'llama' ||
    hyperparameters.ropeScaling !== undefined ||
    hyperparameters.ropeFactors !== undefined
  )
    throw new Error(`no ONNX form of ${hyperparameters.architecture} with its rotation written here`)
  return await new Exporter(hyperparameters, reader, options).export()
}

class Exporter {
  readonly #h: Hyperparameters
  readonly #reader: LoadedModel['reader']
  readonly #options: ExportOptions
  readonly #nodes: GraphNode[] = []
  readonly #initializers: Initializer[] = []

  constructor(hyperparameters: Hyperparameters, reader: LoadedModel['reader'], options: ExportOptions) {
    this.#h = hyperparameters
    this.#reader = reader
    this.#options = options
  }

  async export(): Promise<ExportedModel> {
    const { layers, kvHeads, headDim, vocabulary } = this.#h
    const { floats } = this.#options
    this.#rotations()
    const embedding = await this.#matrix('token_embd.weight')
    const embeddingName = this.#blockInitializers('embedding', embedding)
    this.#node('GatherBlockQuantized', 'embed', gatherInputs(embeddingName, embedding), ['stream_0'], {
      block_size: BLOCK,
      bits: embedding.bits,
      gather_axis: 0,
      quantize_axis: 1
    })
    const epsilon = { float: this.#h.normEpsilon }
    await this.#vector('blk.0.attn_norm.weight')
    this.#node(
      'SimplifiedLayerNormalization',
      'first_norm',
      ['stream_0', 'blk.0.attn_norm.weight'],
      ['normed_0'],
      { epsilon },
      ''
    )
    for (let layer = 0; layer < layers; layer++) await this.#layer(layer)
    // The head sees the last token only, as a server's would.
    this.#node('Gather', 'last', [`normed_${layers}`, 'last_index'], ['last_normed'], { axis: 1 }, '')
    if (this.#h.tied) this.#product('head', embedding, 'last_normed', 'logits', embeddingName)
    else this.#product('head', await this.#matrix('output.weight'), 'last_normed', 'logits')
    const kvOf = (prefix: 'past' | 'present') =>
      Array.from({ length: layers }, (_, layer) =>
        ['key', 'value'].map((part): ValueInfo => {
          const dims = [1, kvHeads, `${prefix}_length`, headDim]
          return { name: `${prefix}_${part}_${layer}`, type: floats, dims }
        })
      ).flat()
    const inputs: ValueInfo[] = [
      { name: 'tokens', type: 'i32', dims: [1, 'count'] },
      { name: 'last_index', type: 'i32', dims: [1] },
      { name: 'last_position', type: 'i32', dims: [1] },
      { name: 'total', type: 'i32', dims: [1] },
      ...kvOf('past')
    ]
    const outputs: ValueInfo[] = [{ name: 'logits', type: floats, dims: [1, 1, vocabulary] }, ...kvOf('present')]
    const encoded = encodeModel({ nodes: this.#nodes, initializers: this.#initializers, inputs, outputs })
    return { encoded, layers, kvDims: [1, kvHeads, 0, headDim] }
  }

  async #layer(layer: number): Promise<void> {
    const { heads, kvHeads, headDim, layers, normEpsilon } = this.#h
    const name = (part: string) => `${part}_${layer}`
    const tensor = (part: string) => `blk.${layer}.${part}.weight`
    const halves = this.#h.ropePairing === 'interleaved' ? halfSplitRow(headDim) : undefined
    const qkv = stacked([
      await this.#matrix(tensor('attn_q'), halves),
      await this.#matrix(tensor('attn_k'), halves),
      await this.#matrix(tensor('attn_v'))
    ])
    this.#product(name('qkv'), qkv, `normed_${layer}`, name('qkv'))
    this.#node(
      'GroupQueryAttention',
      name('attention'),
      [name('qkv'), '', '', name('past_key'), name('past_value'), 'last_position', 'total', 'cosines', 'sines'],
      [name('attention'), name('present_key'), name('present_value')],
      { num_heads: heads, kv_num_heads: kvHeads, do_rotary: 1, rotary_interleaved: 0 }
    )
    this.#product(name('attention_output'), await this.#matrix(tensor('attn_output')), name('attention'), name('attended'))
    const epsilon = { float: normEpsilon }
    await this.#vector(tensor('ffn_norm'))
    this.#node(
      'SkipSimplifiedLayerNormalization',
      name('feed_forward_norm'),
      [`stream_${layer}`, name('attended'), tensor('ffn_norm')],
      [name('feed_forward_in'), '', '', name('middle')],
      { epsilon }
    )
    for (const part of ['gate', 'up'])
      this.#product(name(part), await this.#matrix(tensor(`ffn_${part}`)), name('feed_forward_in'), name(part))
    this.#node('Sigmoid', name('sigmoid'), [name('gate')], [name('sigmoid')], {}, '')
    this.#node('Mul', name('activate'), [name('gate'), name('sigmoid')], [name('activated')], {}, '')
    this.#node('Mul', name('gated'), [name('activated'), name('up')], [name('gated')], {}, '')
    this.#product(name('down'), await this.#matrix(tensor('ffn_down')), name('gated'), name('fed'))
    const last = layer === layers - 1
    const next = last ? 'output_norm.weight' : `blk.${layer + 1}.attn_norm.weight`
    await this.#vector(next)
    this.#node(
      'SkipSimplifiedLayerNormalization',
      name('norm'),
      [name('middle'), name('fed'), next],
      [`normed_${layer + 1}`, '', '', ...(last ? [] : [`stream_${layer + 1}`])],
      { epsilon }
    )
  }

  #node(
    operator: string,
    name: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: GraphNode['attributes'] = {},
    domain: GraphNode['domain'] = 'com.microsoft'
  ): void {
    const trimmed = [...outputs]
    while (trimmed.at(-1) === '') trimmed.pop()
    this.#nodes.push({ operator, domain, name, inputs, outputs: trimmed, attributes })
  }

  #product(name: string, matrix: BlockMatrix, input: string, output: string, given?: string): void {
    const weights = given ?? this.#blockInitializers(`${name}_weights`, matrix)
    const inputs = [
      input,
      `${weights}_quants`,
      `${weights}_scales`,
      ...(matrix.zeroPoints === undefined ? [] : [`${weights}_zeros`])
    ]
    this.#node('MatMulNBits', name, inputs, [output], {
      K: matrix.columns,
      N: matrix.rows,
      bits: matrix.bits,
      block_size: BLOCK,
      accuracy_level: this.#options.accuracyLevel
    })
  }

  /** As MatMulNBits wants them; GatherBlockQuantized's table has the same bytes in two dimensions. */
  #blockInitializers(name: string, { rows, columns, bits, quants, scales, zeroPoints }: BlockMatrix): string {
    const blocks = columns / BLOCK
    const tied = name === 'embedding'
    const add = (suffix: string, type: ElementType, dims: number[], data: Uint8Array<ArrayBuffer>) =>
      this.#initializers.push({ name: `${name}_${suffix}`, type, dims, data })
    add('quants', 'u8', [rows, blocks, (BLOCK * bits) / 8], quants)
    if (tied) add('table', 'u8', [rows, (columns * bits) / 8], quants)
    add('scales', this.#options.floats, [rows, blocks], this.#floats(scales))
    if (zeroPoints !== undefined) add('zeros', 'u8', [rows, Math.ceil(blocks / 2)], zeroPoints)
    return name
  }

  async #matrix(name: string, sourceRow?: (row: number) => number): Promise<BlockMatrix> {
    const info = this.#reader.info(name)!
    const [columns, rows] = info.dims as [number, number]
    return blocksOf(info.type, await this.#reader.read(name), rows, columns, sourceRow)
  }

  async #vector(name: string): Promise<void> {
    const { dims } = this.#reader.info(name)!
    const { buffer } = await this.#reader.read(name)
    this.#initializers.push({ name, type: this.#options.floats, dims, data: this.#floats(new Float32Array(buffer)) })
  }

  /** [positions, rotated pairs]. */
  #rotations(): void {
    const { ropeBase, headDim } = this.#h
    const { contextLength, floats } = this.#options
    const pairs = headDim / 2
    const table = (of: (angle: number) => number) =>
      Float32Array.from({ length: contextLength * pairs }, (_, index) =>
        of(Math.floor(index / pairs) * ropeBase ** ((-2 * (index % pairs)) / headDim))
      )
    for (const [name, of] of [
      ['cosines', Math.cos],
      ['sines', Math.sin]
    ] as const)
      this.#initializers.push({ name, type: floats, dims: [contextLength, pairs], data: this.#floats(table(of)) })
  }

  #floats(values: Float32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#options.floats === 'f32' ? values.buffer : Float16Array.from(values).buffer)
  }
}

function gatherInputs(name: string, { zeroPoints }: BlockMatrix): string[] {
  return [`${name}_table`, 'tokens', `${name}_scales`, ...(zeroPoints === undefined ? [] : [`${name}_zeros`])]
}

/** Where row `row` of queries or keys with pairs (i, i + headDim/2) is among rows with pairs (2i, 2i + 1). */
function halfSplitRow(headDim: number): (row: number) => number {
  return row => {
    const at = row % headDim
    return row - at + (at < headDim / 2 ? 2 * at : 2 * (at - headDim / 2) + 1)
  }
}
