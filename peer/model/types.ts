/**
 * The values that describe a model: what is in its file and what its numbers mean. Everything else in Shoal speaks
 * of models through these.
 */

/** GGML tensor types Shoal reads. Names as llama.cpp prints them; ids as in ggml.h. */
export type TensorType = 'F32' | 'F16' | 'BF16' | 'Q8_0' | 'Q4_0' | 'Q4_1' | 'Q5_0' | 'Q5_1' | 'Q4_K' | 'Q5_K' | 'Q6_K'

/** Layers [first, end) of a model. The embedding belongs to layer 0, output norm and head to the last layer. */
export interface Span {
  first: number
  end: number
}

export interface Hyperparameters {
  architecture: string
  layers: number
  /** Length of a hidden state (llama.cpp: embedding_length). */
  width: number
  heads: number
  kvHeads: number
  headDim: number
  feedForward: number
  vocabulary: number
  contextLength: number
  normEpsilon: number
  ropeBase: number
  /** How many of a head's dimensions rotate. */
  ropeDimensions: number
  /** Which elements of a head form a rotation pair: (2i, 2i+1) or (i, i + ropeDimensions/2). */
  ropePairing: 'interleaved' | 'half-split'
  /** The head reuses the embedding table. */
  tied: boolean

  // What follows is absent where the maths is that of llama: then it costs nothing, in a manifest or at run time.

  ropeScaling?: RopeScaling
  /** The tensor, outside any layer, that divides each rotation pair's frequency: every span needs it. */
  ropeFactors?: RopeFactors
  /** Layers that see the latest `size` positions only, their own included. */
  window?: AttentionWindow
  /** Layers that do not rotate queries and keys at all, ascending. */
  unrotated?: readonly number[]
  /** Gate's activation; SiLU when absent, else the tanh form of GELU. */
  activation?: 'gelu'
  /** Queries, keys and values have biases. */
  qkvBias?: true
  /** Each head of queries and keys is normed before it rotates. */
  headNorms?: true
  /** Attention's and feed-forward's outputs are normed before they are added to the residual stream. */
  postNorms?: true
  /** W_q, W_k and W_v are one tensor, and so are gate and up. */
  fused?: true
  /** Factor on the embedding. */
  embeddingScale?: number
  /** Factor on what attention and feed-forward add to the residual stream. */
  residualScale?: number
  /** Factor on the logits. */
  logitScale?: number
  /** Factor on attention scores; 1/√headDim when absent. */
  attentionScale?: number
  /** c in c · tanh(score / c), after the factor. */
  attentionSoftCap?: number
  /** c in c · tanh(logit / c). */
  logitSoftCap?: number
}

/** Names of GGUF tensors of rotation factors. */
export type RopeFactors = 'rope_freqs.weight' | 'rope_factors_long.weight' | 'rope_factors_short.weight'

export interface AttentionWindow {
  size: number
  /** Ascending. */
  layers: readonly number[]
  /** Rotation base of these layers, which then do without rope scaling; the model's own when absent. */
  ropeBase?: number
}

/** How angles are stretched to contexts longer than the one trained on. */
export interface RopeScaling {
  /** linear: every frequency through `factor`; yarn: the slow ones, fast ones not, a ramp between them. */
  kind: 'linear' | 'yarn'
  factor: number
  /** The context first trained on; what yarn's ramp is laid out over. */
  originalContext?: number
  /** Factor on the rotated elements of queries and keys, besides yarn's own. */
  magnitude?: number
}

export interface TensorInfo {
  name: string
  type: TensorType
  /** GGUF order: dims[0] is the contiguous (input) dimension. */
  dims: readonly number[]
  /** Bytes from the start of the file. */
  offset: number
  bytes: number
}

/** Reads whole tensors of one model, already verified against the manifest. */
export interface TensorReader {
  info: (name: string) => TensorInfo | undefined
  read: (name: string, signal?: AbortSignal) => Promise<Uint8Array<ArrayBuffer>>
}
