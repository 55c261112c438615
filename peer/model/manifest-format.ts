/**
 * The manifest: everything that makes a model this model and no other. Hyperparameters, tokenizer, chat template, and for
 * every tensor where its bytes lie and the SHA-256 of each of its chunks. Its canonical bytes' SHA-256, the digest, is the
 * model's name in the swarm.
 */
import type { TokenizerFacts } from './tokenizer-facts.ts'
import type { Hyperparameters } from './types.ts'

/**
 * Bytes of a tensor hashed together, except its last chunk. A mebibyte keeps a bad or lost piece cheap to fetch again and a
 * range request worth its round trip, while 64 hex digits per chunk stay below a ten-thousandth of the model.
 */
export const CHUNK_BYTES = 1024 * 1024

/** Bumped when the meaning of a field changes: another version is another model to every peer. */
export const MANIFEST_VERSION = 1

/** Characters; the longest chat template in use is 20 KiB. */
export const MAX_TEMPLATE_LENGTH = 256 * 1024

/** A vocabulary of 260,000 with merges takes 12 MB, the hashes of a 600 GB model 40 MB. */
export const MAX_MANIFEST_BYTES = 64 * 1024 * 1024

export interface ManifestTensor {
  name: string
  /** As llama.cpp prints it; may be one that no engine here decodes. */
  typeName: string
  /** GGUF order. */
  dims: readonly number[]
  /** Bytes from the start of the file. */
  offset: number
  bytes: number
  /** SHA-256 in hex of each chunk of CHUNK_BYTES. Chunks never span tensors, so that a tensor is verified alone. */
  chunks: readonly string[]
}

export interface Manifest {
  version: number
  /** For people; the digest is what names the model. */
  name: string
  fileSize: number
  hyperparameters: Hyperparameters
  tokenizer: TokenizerFacts
  chatTemplate: string | undefined
  tensors: readonly ManifestTensor[]
}
