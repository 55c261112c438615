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
