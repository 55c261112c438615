/**
 * Small models of every architecture, drawn from seeds: whole GGUF files in F32 or mixed as llama.cpp's quantiser mixes, the
 * same bytes everywhere, made when a test or the oracle wants them. Values come from integer arithmetic and f32 rounding, of
 * mixed matrices from random bits under drawn scales.
 */
import { factsOf } from '../../peer/model/tensor-types.ts'
import { f32, i32s, text, texts, u32, type WrittenTensor, type WrittenValue, writeGguf } from '../unit/model/gguf-writer.ts'
import { type Mix, typeInMix } from './mixes.ts'
import { drawTensor } from './synthetic-types.ts'

interface Recipe {
  architecture: string
  /** Of the matrices; default all in F32. */
  mix?: Mix
  /** Default 64, rows of two blocks of 32. */
  width?: number
  /** Default 96. */
  feedForward?: number
  /** Default 2. */
  layers?: number
  /** Default 256, the least llama.cpp gives a sequence. */
  context?: number
  /** Default width / heads. */
  headDim?: number
  tied?: boolean
  biases?: true
  headNorms?: true
  postNorms?: true
  fused?: true
  /** Metadata beyond sizes, without the architecture's prefix. */
  fields?: [string, WrittenValue][]
  /** Tensors of rotation factors, their elements from 1 to `most`. */
  factors?: { name: string; most: number }[]
  /** Elements of a head that rotate; default all. */
  ropeDimensions?: number
  /** Factor on the values of the embedding. */
  embedding?: number
}

const HEADS = 4
const KV_HEADS = 2
/** Printable ASCII in GPT-2's alphabet, the line feed and an end: odd on purpose. */
const TOKENS = [...Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)), 'Ġ', 'Ċ', '<|end|>']
export const SYNTHETIC_VOCABULARY = TOKENS.length
/** Shorter than the prompts, so that they go past it. */
const WINDOW = 12
const ORIGINAL_CONTEXT = 24

const recipes: Record<string, Recipe> = {
  llama: { architecture: 'llama' },
  'llama-untied-linear': {
    architecture: 'llama',
    tied: false,
    fields: [
      ['rope.scaling.type', text('linear')],
      ['rope.scaling.factor', f32(4)]
    ]
  },
  'llama-3': {
    architecture: 'llama',
    factors: [{ name: 'rope_freqs.weight', most: 8 }],
    fields: [['rope.freq_base', f32(500_000)]]
  },
  'llama-yarn': {
    architecture: 'llama',
    fields: [
      ['rope.scaling.type', text('yarn')],
      ['rope.scaling.factor', f32(8)],
      ['rope.scaling.original_context_length', u32(ORIGINAL_CONTEXT)]
    ]
  },
  qwen2: { architecture: 'qwen2', biases: true, fields: [['rope.freq_base', f32(1_000_000)]] },
  'qwen2-yarn': {
    architecture: 'qwen2',
    biases: true,
    tied: false,
    fields: [
      ['rope.scaling.type', text('yarn')],
      ['rope.scaling.factor', f32(4)],
      ['rope.scaling.original_context_length', u32(64)]
    ]
  },
  qwen3: { architecture: 'qwen3', headDim: 32, headNorms: true, fields: [['rope.freq_base', f32(1_000_000)]] },
  gemma2: {
    architecture: 'gemma2',
    layers: 4,
    headDim: 32,
    postNorms: true,
    fields: [
      ['attention.sliding_window', u32(WINDOW)],
      ['attn_logit_softcapping', f32(3)],
      ['final_logit_softcapping', f32(5)]
    ]
  },
  'gemma2-all-windowed': {
    architecture: 'gemma2',
    postNorms: true,
    fields: [
      ['attention.sliding_window', u32(WINDOW)],
      ['attention.sliding_window_pattern', u32(0)]
    ]
  },
  gemma3: {
    architecture: 'gemma3',
    layers: 4,
    headDim: 32,
    headNorms: true,
    postNorms: true,
    fields: [
      ['attention.sliding_window', u32(WINDOW)],
      ['attention.sliding_window_pattern', u32(3)],
      ['rope.freq_base', f32(1_000_000)],
      ['rope.scaling.type', text('linear')],
      ['rope.scaling.factor', f32(8)]
    ]
  },
  'phi3-long': {
    architecture: 'phi3',
    tied: false,
    fused: true,
    ropeDimensions: 8,
    fields: [
      ['rope.scaling.original_context_length', u32(ORIGINAL_CONTEXT)],
      ['rope.scaling.attn_factor', f32(1.19)],
      ['attention.sliding_window', u32(262_144)]
    ],
    factors: [
      { name: 'rope_factors_long.weight', most: 32 },
      { name: 'rope_factors_short.weight', most: 2 }
    ]
  },
  'phi3-short': {
    architecture: 'phi3',
    fused: true,
    fields: [
      ['rope.scaling.original_context_length', u32(256)],
      ['attention.sliding_window', u32(0)]
    ],
    factors: [
      { name: 'rope_factors_long.weight', most: 32 },
      { name: 'rope_factors_short.weight', most: 2 }
    ]
  },
  smollm3: { architecture: 'smollm3', layers: 4, fields: [['rope.freq_base', f32(5_000_000)]] },
  granite: {
    architecture: 'granite',
    fields: [
      ['logit_scale', f32(0.4)],
      ['residual_scale', f32(0.22)],
      ['embedding_scale', f32(12)],
      ['attention.scale', f32(0.125)]
    ],
    embedding: 0.25
  }
}

/** Rows of one K-quant block. */
const WIDE = 256
/** Of each architecture one as files of it are mixed. Where rows are 64 wide, K-quants give way in all but the down matrix. */
const mixed: Record<string, Recipe> = {
  'llama-3 Q4_K_M': { ...recipes['llama-3']!, mix: 'Q4_K_M', width: WIDE, feedForward: 512 },
  'qwen2 Q4_K_M': { ...recipes.qwen2!, mix: 'Q4_K_M', feedForward: 256 },
  'qwen3 Q5_K_M': { ...recipes.qwen3!, mix: 'Q5_K_M', width: WIDE, feedForward: 256 },
  'gemma2 Q4_0': { ...recipes.gemma2!, mix: 'Q4_0' },
  'gemma3 Q4_K_M': { ...recipes.gemma3!, mix: 'Q4_K_M', feedForward: 256 },
  'phi3-long Q4_K_M': { ...recipes['phi3-long']!, mix: 'Q4_K_M' },
  'smollm3 Q4_K_M': { ...recipes.smollm3!, mix: 'Q4_K_M', width: WIDE, feedForward: 256 },
  'granite Q4_1': { ...recipes.granite!, mix: 'Q4_1', width: WIDE, feedForward: 256 }
}

/** In F32. */
export const SYNTHETIC_MODELS: readonly string[] = Object.keys(recipes)
export const MIXED_MODELS: readonly string[] = Object.keys(mixed)

/** Uniform in [0, 1), reproducible. https://github.com/bryc/code/blob/master/jshash/PRNGs.md#mulberry32 */
export function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const seedOf = (name: string) => [...name].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) >>> 0, 7)

/** `count` token ids, a prompt for the model of that name. */
export function syntheticPrompt(name: string, count: number): number[] {
  const next = random(seedOf(name) ^ 0x5eed)
  return Array.from({ length: count }, () => Math.floor(next() * SYNTHETIC_VOCABULARY))
}

/** The GGUF file of a synthetic model. */
export function syntheticGguf(name: string): Uint8Array<ArrayBuffer> {
  const recipe = recipes[name] ?? mixed[name]
  if (recipe === undefined) throw new Error(`no synthetic model is called ${name}`)
  const { architecture, context = 256 } = recipe
  const { layers, width, feedForward, headDim, ropeDimensions } = sizesOf(recipe)
  const metadata: [string, WrittenValue][] = [
    ['general.architecture', text(architecture)],
    // llama.cpp expects certain tokens of a model whose name has phi-3 in it.
    ['general.name', text('synthetic')],
    ...(
      [
        ['context_length', u32(context)],
        ['embedding_length', u32(width)],
        ['block_count', u32(layers)],
        ['feed_forward_length', u32(feedForward)],
        ['attention.head_count', u32(HEADS)],
        ['attention.head_count_kv', u32(KV_HEADS)],
        ['attention.key_length', u32(headDim)],
        ['attention.value_length', u32(headDim)],
        ['attention.layer_norm_rms_epsilon', f32(1e-5)],
        ['rope.dimension_count', u32(ropeDimensions)],
        ...(recipe.fields ?? [])
      ] as [string, WrittenValue][]
    ).map(([field, value]): [string, WrittenValue] => [`${architecture}.${field}`, value]),
    ['tokenizer.ggml.model', text('gpt2')],
    ['tokenizer.ggml.pre', text('gpt-2')],
    ['tokenizer.ggml.tokens', texts(TOKENS)],
    ['tokenizer.ggml.token_type', i32s(TOKENS.map(token => (token === '<|end|>' ? 3 : 1)))],
    ['tokenizer.ggml.merges', texts(['a b'])],
    ['tokenizer.ggml.bos_token_id', u32(SYNTHETIC_VOCABULARY - 1)],
    ['tokenizer.ggml.eos_token_id', u32(SYNTHETIC_VOCABULARY - 1)]
  ]
  return writeGguf({ metadata, tensors: tensorsOf(recipe, random(seedOf(name))) })
}

function sizesOf(recipe: Recipe) {
  const { layers = 2, width = 64, feedForward = 96, headDim = width / HEADS, ropeDimensions = headDim } = recipe
  return { layers, width, feedForward, headDim, ropeDimensions }
}

function tensorsOf(recipe: Recipe, next: () => number): WrittenTensor[] {
  const { layers, width, feedForward, headDim, ropeDimensions } = sizesOf(recipe)
  const tensors: WrittenTensor[] = []
  const add = (name: string, dims: number[], draw: () => number) => {
    const values = Float32Array.from({ length: dims.reduce((product, dim) => product * dim, 1) }, draw)
    tensors.push({ name, dims, type: 0, data: new Uint8Array(values.buffer) })
  }
  /** Rows that make of a unit vector one of about `gain`. */
  const matrix = (name: string, columns: number, rows: number, gain: number) => {
    if (recipe.mix === undefined) return add(name, [columns, rows], () => ((2 * next() - 1) * 1.75 * gain) / Math.sqrt(columns))
    const type = typeInMix(recipe.mix, { name, columns, layers, tied: recipe.tied !== false })
    const dims = [columns, rows]
    const data = drawTensor(type, { dims, center: 0, spread: gain / Math.sqrt(columns) }, next)
    tensors.push({ name, dims, type: factsOf(type).id, data })
  }
  const gains = (name: string, length: number, least = 0.5, factor = 1) => add(name, [length], () => factor * (least + next()))
  // llama.cpp looks GELU up in a table of f16 (ggml_vec_gelu_f32): where it is used, what it adds to the stream and the logits
  // stay small enough for that rounding to be well below the bound.
  const damped = recipe.postNorms ? 0.5 : 1
  const [queries, keys] = [HEADS * headDim, KV_HEADS * headDim]
  matrix('token_embd.weight', width, TOKENS.length, 2 * (recipe.embedding ?? 1))
  for (const { name, most } of recipe.factors ?? []) add(name, [ropeDimensions / 2], () => 1 + next() * (most - 1))
  for (let layer = 0; layer < layers; layer++) {
    const name = (part: string) => `blk.${layer}.${part}`
    gains(name('attn_norm.weight'), width)
    if (recipe.fused) matrix(name('attn_qkv.weight'), width, queries + 2 * keys, 1.5)
    else {
      matrix(name('attn_q.weight'), width, queries, 1.5)
      matrix(name('attn_k.weight'), width, keys, 1.5)
      matrix(name('attn_v.weight'), width, keys, 1.5)
    }
    if (recipe.biases)
      for (const [part, length] of [
        ['attn_q', queries],
        ['attn_k', keys],
        ['attn_v', keys]
      ] as const)
        add(name(`${part}.bias`), [length], () => 2 * next() - 1)
    if (recipe.headNorms) for (const part of ['attn_q_norm', 'attn_k_norm']) gains(name(`${part}.weight`), headDim)
    matrix(name('attn_output.weight'), queries, width, 0.5)
    if (recipe.postNorms) gains(name('post_attention_norm.weight'), width, 0)
    gains(name('ffn_norm.weight'), width)
    if (recipe.fused) matrix(name('ffn_up.weight'), width, 2 * feedForward, 1.5)
    else for (const part of ['ffn_gate', 'ffn_up']) matrix(name(`${part}.weight`), width, feedForward, 1.5)
    matrix(name('ffn_down.weight'), feedForward, width, 0.5)
    if (recipe.postNorms) gains(name('post_ffw_norm.weight'), width, 0, damped)
  }
  gains('output_norm.weight', width, 0.5, damped)
  if (recipe.tied === false) matrix('output.weight', width, TOKENS.length, 2)
  return tensors
}
