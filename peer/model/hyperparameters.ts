/**
 * From a GGUF header to `Hyperparameters`, through a table of facts per architecture. A field that is not known to leave
 * the maths as it is here is refused by name: a model computed almost right is worse than none.
 */
import { InvalidFileError, UnsupportedModelError } from '../errors.ts'
import type { GgufMetadata, GgufValue } from './gguf.ts'
import { integer, optionalInteger, optionalPositive, positive, show, string } from './metadata.ts'
import type { Hyperparameters } from './types.ts'

/** Generous bounds around every model in use, so that products of them stay exact and an absurd field is caught here. */
const MAX_LAYERS = 1024
const MAX_WIDTH = 65_536
const MAX_HEADS = 1024
const MAX_HEAD_DIM = 1024
const MAX_FEED_FORWARD = 1_048_576
export const MAX_VOCABULARY = 1_048_576
const MAX_CONTEXT = 16_777_216

interface ArchitectureFacts {
  ropePairing: Hyperparameters['ropePairing']
  /** Used by llama.cpp when the file does not say. */
  defaultRopeBase: number
  /** Fields, without the architecture's prefix, that `hyperparametersFrom` reads. */
  fields: ReadonlySet<string>
  /** Fields that change nothing at one value (or at any), and that value's test. Every other field is refused. */
  neutral: ReadonlyMap<string, (value: GgufValue) => boolean>
}

const always = () => true
const is = (wanted: GgufValue) => (value: GgufValue) => value === wanted || (value === 0n && wanted === 0)

const llama: ArchitectureFacts = {
  ropePairing: 'interleaved',
  defaultRopeBase: 10_000,
  fields: new Set([
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
    'vocab_size'
  ]),
  neutral: new Map([
    ['rope.scaling.type', is('none')],
    ['rope.scaling.factor', is(1)],
    ['rope.scale_linear', is(1)],
    ['rope.scaling.attn_factor', is(1)],
    ['rope.scaling.original_context_length', always],
    ['rope.scaling.finetuned', always],
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
  ])
}

/** The seam for other architectures. */
const architectures: ReadonlyMap<string, ArchitectureFacts> = new Map([['llama', llama]])

/**
 * What the numbers of the model mean.
 * @param tensorNames of the whole file: they tell whether the head is tied
 * @throws InvalidFileError for a field that is missing, out of bounds or contradicts another; UnsupportedModelError for an
 * architecture or a field whose maths is not computed here
 */
export function hyperparametersFrom(metadata: GgufMetadata, tensorNames: Iterable<string>): Hyperparameters {
  const architecture = string(metadata, 'general.architecture')
  const facts = architectures.get(architecture)
  if (facts === undefined) {
    throw new UnsupportedModelError(`architecture ${show(architecture)}: Shoal computes ${[...architectures.keys()].join(', ')}`)
  }
  refuseUnknownFields(metadata, architecture, facts)
  const key = (field: string) => `${architecture}.${field}`
  const width = integer(metadata, key('embedding_length'), { least: 1, most: MAX_WIDTH })
  const heads = integer(metadata, key('attention.head_count'), { least: 1, most: MAX_HEADS })
  const kvHeads = optionalInteger(metadata, key('attention.head_count_kv'), { least: 1, most: MAX_HEADS }) ?? heads
  const stated = optionalInteger(metadata, key('attention.key_length'), { least: 2, most: MAX_HEAD_DIM })
  const headDim = stated ?? width / heads
  const valueDim = optionalInteger(metadata, key('attention.value_length'), { least: 2, most: MAX_HEAD_DIM }) ?? headDim
  const ropeDimensions = optionalInteger(metadata, key('rope.dimension_count'), { least: 2, most: MAX_HEAD_DIM }) ?? headDim
  const tokens = metadata.get('tokenizer.ggml.tokens')
  const tokenCount = Array.isArray(tokens) ? tokens.length : undefined
  const vocabulary = optionalInteger(metadata, key('vocab_size'), { least: 1, most: MAX_VOCABULARY }) ?? tokenCount
  if (vocabulary === undefined) throw new InvalidFileError(`metadata '${key('vocab_size')}': missing, and so are the tokens`)
  if (vocabulary > MAX_VOCABULARY)
    throw new InvalidFileError(`metadata 'tokenizer.ggml.tokens': ${vocabulary} tokens, over ${MAX_VOCABULARY}`)
  const hyperparameters: Hyperparameters = {
    architecture,
    layers: integer(metadata, key('block_count'), { least: 1, most: MAX_LAYERS }),
    width,
    heads,
    kvHeads,
    headDim,
    feedForward: integer(metadata, key('feed_forward_length'), { least: 1, most: MAX_FEED_FORWARD }),
    vocabulary,
    contextLength: integer(metadata, key('context_length'), { least: 1, most: MAX_CONTEXT }),
    normEpsilon: positive(metadata, key('attention.layer_norm_rms_epsilon')),
    ropeBase: optionalPositive(metadata, key('rope.freq_base')) ?? facts.defaultRopeBase,
    ropeDimensions,
    ropePairing: facts.ropePairing,
    tied: ![...tensorNames].includes('output.weight')
  }
  if (valueDim !== headDim) {
    throw new UnsupportedModelError(
      `metadata '${key('attention.value_length')}': ${valueDim}, other than the key length ${headDim}`
    )
  }
  checkHyperparameters(hyperparameters)
  return hyperparameters
}

/**
 * Relations and bounds that hold whatever the source of the numbers: a GGUF header or a manifest from a stranger.
 * @throws InvalidFileError, UnsupportedModelError
 */
export function checkHyperparameters(h: Hyperparameters): void {
  const facts = architectures.get(h.architecture)
  if (facts === undefined) throw new UnsupportedModelError(`architecture ${show(h.architecture)}`)
  const wholes: [keyof Hyperparameters, number, number][] = [
    ['layers', 1, MAX_LAYERS],
    ['width', 1, MAX_WIDTH],
    ['heads', 1, MAX_HEADS],
    ['kvHeads', 1, h.heads],
    ['headDim', 2, MAX_HEAD_DIM],
    ['feedForward', 1, MAX_FEED_FORWARD],
    ['vocabulary', 1, MAX_VOCABULARY],
    ['contextLength', 1, MAX_CONTEXT],
    ['ropeDimensions', 2, h.headDim]
  ]
  for (const [name, least, most] of wholes) {
    const value = h[name]
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
      throw new InvalidFileError(`${name}: ${show(value)} is not a whole number from ${least} to ${most}`)
    }
  }
  for (const name of ['normEpsilon', 'ropeBase'] as const) {
    if (!Number.isFinite(h[name]) || h[name] <= 0) throw new InvalidFileError(`${name}: ${h[name]} is not a positive number`)
  }
  if (h.heads % h.kvHeads !== 0) throw new InvalidFileError(`kvHeads: ${h.kvHeads} does not divide the ${h.heads} heads`)
  if (h.ropeDimensions % 2 !== 0) throw new InvalidFileError(`ropeDimensions: ${h.ropeDimensions} is odd`)
  if (h.headDim % 2 !== 0) throw new InvalidFileError(`headDim: ${h.headDim} is odd`)
  if (h.ropePairing !== facts.ropePairing) {
    throw new UnsupportedModelError(
      `ropePairing: ${show(h.ropePairing)}, but ${h.architecture} rotates ${facts.ropePairing} pairs`
    )
  }
}

function refuseUnknownFields(metadata: GgufMetadata, architecture: string, facts: ArchitectureFacts): void {
  const prefix = `${architecture}.`
  for (const [key, value] of metadata) {
    if (!key.startsWith(prefix)) continue
    const field = key.slice(prefix.length)
    if (facts.fields.has(field) || facts.neutral.get(field)?.(value) === true) continue
    throw new UnsupportedModelError(`metadata '${key}': ${show(value)} would change the maths and is not computed here`)
  }
  const version = metadata.get('general.quantization_version')
  if (version !== undefined && version !== 2) {
    throw new UnsupportedModelError(
      `metadata 'general.quantization_version': ${show(version)}; block layouts are those of version 2`
    )
  }
}
