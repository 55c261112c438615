/**
 * What Shoal knows of each architecture, as a table: which metadata fields it reads, which change nothing at which value,
 * and the facts that no field states. From llama.cpp's src/models/*.cpp and conversion/*.py.
 */
import type { GgufValue } from './gguf.ts'
import type { Hyperparameters, RopeFactors, RopeScaling } from './types.ts'

export interface ArchitectureFacts {
  ropePairing: Hyperparameters['ropePairing']
  /** Facts that are the architecture's own: the same in each of its models. */
  fixed: Pick<Hyperparameters, 'activation' | 'qkvBias' | 'headNorms' | 'postNorms' | 'fused'>
  scalings: readonly RopeScaling['kind'][]
  /** Tensors of rotation factors a file may hold. */
  ropeFactors: readonly RopeFactors[]
  /** Of each `windowPeriod` layers the last sees everything; 0: all layers have the window. Where the file gives no pattern. */
  windowPeriod: number
  /** Used by llama.cpp when the file does not say. */
  defaults: { ropeBase: number; window?: number; windowRopeBase?: number; attentionSoftCap?: number; logitSoftCap?: number }
  /** Every so manieth layer does not rotate. */
  unrotatedPeriod?: number
  /** The embedding is multiplied by √width. */
  rootEmbeddingScale?: true
  /** A model of so many layers scales scores by √(width / heads) in place of √headDim (llama.cpp's LLM_TYPE_27B). */
  widthScaledLayers?: number
  /** The head never has a tensor of its own. */
  alwaysTied?: true
  /** Fields, without the architecture's prefix, that `hyperparametersFrom` reads. */
  fields: ReadonlySet<string>
  /** Fields that change nothing at one value (or at any), and that value's test. Every other field is refused. */
  neutral: ReadonlyMap<string, (value: GgufValue) => boolean>
}

const always = () => true
const is = (wanted: GgufValue) => (value: GgufValue) => value === wanted || (value === 0n && wanted === 0)

const commonFields = [
  'context_length',
  'embedding_length',
  'block_count',
  'feed_forward_length',
  'attention.head_count',
  'attention.head_count_kv',
  'attention.key_length',
  'attention.value_length',
  'attention.layer_norm_rms_epsilon',
  'rope.freq_base',
  'rope.dimension_count',
  'rope.scaling.type',
  'rope.scaling.factor',
  'rope.scale_linear',
  'rope.scaling.attn_factor',
  'rope.scaling.original_context_length',
  'vocab_size'
]

const commonNeutral: [string, (value: GgufValue) => boolean][] = [
  ['rope.scaling.finetuned', always],
  // What llama.cpp takes when a file does not say; other values it reads for other architectures only.
  ['rope.scaling.yarn_ext_factor', is(1)],
  ['rope.scaling.yarn_attn_factor', is(1)],
  ['rope.scaling.yarn_beta_fast', is(32)],
  ['rope.scaling.yarn_beta_slow', is(1)],
  ['rope.scaling.yarn_log_multiplier', is(0)],
  ['expert_count', is(0)],
  ['expert_used_count', is(0)],
  ['attention.sliding_window', is(0)],
  ['attention.causal', is(true)],
  ['use_parallel_residual', is(false)],
  ['logit_scale', is(1)],
  ['embedding_scale', is(1)],
  ['residual_scale', is(1)],
  ['attention.max_alibi_bias', is(0)],
  ['attention.clamp_kqv', is(0)],
  ['attn_logit_softcapping', is(0)],
  ['final_logit_softcapping', is(0)],
  // How the Q and K rows were ordered when the file was made; GGUF files of this architecture hold them in one way only.
  ['tensor_data_layout', is('Meta AI original pth')]
]

interface Described extends Partial<Omit<ArchitectureFacts, 'fields' | 'neutral' | 'defaults'>> {
  defaults?: Partial<ArchitectureFacts['defaults']>
  /** Beyond the common ones. */
  fields?: readonly string[]
}

/** An architecture that differs from llama in what is given. */
const architecture = ({ fields = [], defaults, ...facts }: Described): ArchitectureFacts => ({
  ropePairing: 'interleaved',
  fixed: {},
  scalings: ['linear', 'yarn'],
  ropeFactors: [],
  windowPeriod: 0,
  ...facts,
  defaults: { ropeBase: 10_000, ...defaults },
  fields: new Set([...commonFields, ...fields]),
  neutral: new Map(commonNeutral)
})

const gemma: Described = {
  ropePairing: 'half-split',
  scalings: ['linear'],
  rootEmbeddingScale: true,
  alwaysTied: true
}
const gemmaWindow = ['attention.sliding_window', 'attention.sliding_window_pattern']

export const ARCHITECTURES: ReadonlyMap<string, ArchitectureFacts> = new Map([
  // Mistral's files are llama's with a window in every layer.
  ['llama', architecture({ ropeFactors: ['rope_freqs.weight'], fields: ['attention.sliding_window'] })],
  ['qwen2', architecture({ ropePairing: 'half-split', fixed: { qkvBias: true } })],
  ['qwen3', architecture({ ropePairing: 'half-split', fixed: { headNorms: true } })],
  [
    'gemma2',
    architecture({
      ...gemma,
      fixed: { activation: 'gelu', postNorms: true },
      windowPeriod: 2,
      widthScaledLayers: 46,
      defaults: { window: 4096, attentionSoftCap: 50, logitSoftCap: 30 },
      fields: [...gemmaWindow, 'attn_logit_softcapping', 'final_logit_softcapping']
    })
  ],
  [
    'gemma3',
    architecture({
      ...gemma,
      fixed: { activation: 'gelu', headNorms: true, postNorms: true },
      windowPeriod: 6,
      widthScaledLayers: 62,
      defaults: { windowRopeBase: 10_000 },
      fields: [...gemmaWindow, 'rope.freq_base_swa', 'final_logit_softcapping']
    })
  ],
  [
    'phi3',
    architecture({
      ropePairing: 'half-split',
      fixed: { fused: true },
      scalings: ['linear'],
      ropeFactors: ['rope_factors_long.weight', 'rope_factors_short.weight'],
      fields: ['attention.sliding_window']
    })
  ],
  ['smollm3', architecture({ unrotatedPeriod: 4 })],
  [
    'granite',
    architecture({
      ropeFactors: ['rope_freqs.weight'],
      fields: ['logit_scale', 'residual_scale', 'embedding_scale', 'attention.scale', 'rope.scaling.finetuned']
    })
  ]
])
