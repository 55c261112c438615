/**
 * From a GGUF header to `Hyperparameters`, through a table of facts per architecture. A field that is not known to leave
 * the maths as it is here is refused by name: a model computed almost right is worse than none.
 */
import { InvalidFileError, UnsupportedModelError } from '../errors.ts'
import { ARCHITECTURES, type ArchitectureFacts } from './architectures.ts'
import { derivedFacts } from './derived-facts.ts'
import { checkFacts } from './fact-checks.ts'
import type { GgufMetadata } from './gguf.ts'
import { integer, optionalInteger, optionalPositive, positive, show, string } from './metadata.ts'
import type { Hyperparameters } from './types.ts'

/** Generous bounds around every model in use, so that products of them stay exact and an absurd field is caught here. */
export const MAX_LAYERS = 1024
const MAX_WIDTH = 65_536
const MAX_HEADS = 1024
const MAX_HEAD_DIM = 1024
const MAX_FEED_FORWARD = 1_048_576
export const MAX_VOCABULARY = 1_048_576
const MAX_CONTEXT = 16_777_216

/**
 * What the numbers of the model mean.
 * @param tensorNames of the whole file: they tell whether the head is tied
 * @throws InvalidFileError for a field that is missing, out of bounds or contradicts another; UnsupportedModelError for an
 * architecture or a field whose maths is not computed here
 */
export function hyperparametersFrom(metadata: GgufMetadata, tensorNames: Iterable<string>): Hyperparameters {
  const architecture = string(metadata, 'general.architecture')
  const facts = ARCHITECTURES.get(architecture)
  if (facts === undefined) {
    throw new UnsupportedModelError(`architecture ${show(architecture)}: Shoal computes ${[...ARCHITECTURES.keys()].join(', ')}`)
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
  const names = new Set(tensorNames)
  const plain: Hyperparameters = {
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
    ropeBase: optionalPositive(metadata, key('rope.freq_base')) ?? facts.defaults.ropeBase,
    ropeDimensions,
    ropePairing: facts.ropePairing,
    tied: !names.has('output.weight')
  }
  if (valueDim !== headDim) {
    throw new UnsupportedModelError(
      `metadata '${key('attention.value_length')}': ${valueDim}, other than the key length ${headDim}`
    )
  }
  const hyperparameters = { ...plain, ...derivedFacts(metadata, plain, facts, names) }
  checkHyperparameters(hyperparameters)
  return hyperparameters
}

/**
 * Relations and bounds that hold whatever the source of the numbers: a GGUF header or a manifest from a stranger.
 * @throws InvalidFileError, UnsupportedModelError
 */
export function checkHyperparameters(h: Hyperparameters): void {
  const facts = ARCHITECTURES.get(h.architecture)
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
  checkFacts(h, facts)
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
