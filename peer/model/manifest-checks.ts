/**
 * Holds a value that claims to be a manifest against what a manifest is: shapes of fields first, then every relation
 * between them. A manifest arrives from strangers, and everything after it trusts its numbers.
 */
import { InvalidFileError, UnsupportedModelError } from '../errors.ts'
import { checkHyperparameters, MAX_LAYERS } from './hyperparameters.ts'
import { CHUNK_BYTES, MANIFEST_VERSION, MAX_TEMPLATE_LENGTH, type Manifest, type ManifestTensor } from './manifest-format.ts'
import { show } from './metadata.ts'
import { checkTensorTable } from './span-tensors.ts'
import { tensorBytes, tensorTypeByName } from './tensor-types.ts'
import { checkTokenizerFacts } from './tokenizer-facts.ts'

type Check = (value: unknown, field: string) => void
/** For people to read; longer is an attempt at something else. */
const MAX_NAME_LENGTH = 256
/** As gguf.ts reads them. */
const MAX_TENSORS = 16_384
const MAX_TENSOR_NAME_LENGTH = 256

function fail(field: string, value: unknown, wanted: string): never {
  throw new InvalidFileError(`manifest, ${field}: ${show(value)} is not ${wanted}`)
}

const number: Check = (value, field) => {
  if (typeof value !== 'number') fail(field, value, 'a number')
}
const whole: Check = (value, field) => {
  if (!Number.isSafeInteger(value) || (value as number) < 0) fail(field, value, 'a whole number')
}
const boolean: Check = (value, field) => {
  if (typeof value !== 'boolean') fail(field, value, 'true or false')
}
const string =
  (most: number): Check =>
  (value, field) => {
    if (typeof value !== 'string' || value.length > most) fail(field, value, `a string of at most ${most} characters`)
  }
const digest: Check = (value, field) => {
  if (typeof value !== 'string' || !/^[0-9a-f]{64}$/.test(value)) fail(field, value, 'a SHA-256 in hex')
}
const optional =
  (check: Check): Check =>
  (value, field) => {
    if (value !== undefined) check(value, field)
  }
const list =
  (check: Check, most: number): Check =>
  (value, field) => {
    if (!Array.isArray(value) || value.length > most) fail(field, value, `a list of at most ${most}`)
    for (let i = 0; i < value.length; i++) check(value[i], `${field}[${i}]`)
  }
const record =
  (fields: Record<string, Check>): Check =>
  (value, field) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(field, value, 'an object')
    for (const [name, check] of Object.entries(fields)) check((value as Record<string, unknown>)[name], `${field}.${name}`)
  }

/** Strings and lists without a bound of their own are bounded by the manifest's size. */
const ANY_LENGTH = Number.MAX_SAFE_INTEGER

const shape = record({
  version: whole,
  name: string(MAX_NAME_LENGTH),
  fileSize: whole,
  hyperparameters: record({
    architecture: string(64),
    layers: whole,
    width: whole,
    heads: whole,
    kvHeads: whole,
    headDim: whole,
    feedForward: whole,
    vocabulary: whole,
    contextLength: whole,
    normEpsilon: number,
    ropeBase: number,
    ropeDimensions: whole,
    ropePairing: string(64),
    tied: boolean,
    ropeScaling: optional(
      record({ kind: string(64), factor: number, originalContext: optional(whole), magnitude: optional(number) })
    ),
    ropeFactors: optional(string(64)),
    window: optional(record({ size: whole, layers: list(whole, MAX_LAYERS), ropeBase: optional(number) })),
    unrotated: optional(list(whole, MAX_LAYERS)),
    activation: optional(string(64)),
    qkvBias: optional(boolean),
    headNorms: optional(boolean),
    postNorms: optional(boolean),
    fused: optional(boolean),
    embeddingScale: optional(number),
    residualScale: optional(number),
    logitScale: optional(number),
    attentionScale: optional(number),
    attentionSoftCap: optional(number),
    logitSoftCap: optional(number)
  }),
  tokenizer: record({
    model: string(64),
    preTokenizer: string(64),
    tokens: list(string(ANY_LENGTH), ANY_LENGTH),
    kinds: list(whole, ANY_LENGTH),
    merges: list(string(ANY_LENGTH), ANY_LENGTH),
    bos: optional(whole),
    addsBos: boolean,
    eos: optional(whole),
    endOfGeneration: list(whole, 64),
    sentencePiece: optional(
      record({
        scores: list(number, ANY_LENGTH),
        addsSpacePrefix: boolean,
        unknown: optional(whole),
        trimsAfterMarkers: boolean
      })
    )
  }),
  chatTemplate: optional(string(MAX_TEMPLATE_LENGTH)),
  tensors: list(
    record({
      name: string(MAX_TENSOR_NAME_LENGTH),
      typeName: string(64),
      dims: list(whole, 4),
      offset: whole,
      bytes: whole,
      chunks: list(digest, ANY_LENGTH)
    }),
    MAX_TENSORS
  )
})

/** @throws InvalidFileError or UnsupportedModelError naming the field or tensor */
export function checkManifest(value: unknown): asserts value is Manifest {
  const version = typeof value === 'object' && value !== null && 'version' in value ? value.version : undefined
  if (typeof version === 'number' && version !== MANIFEST_VERSION) {
    throw new UnsupportedModelError(`manifest, version: ${show(version)}; Shoal reads ${MANIFEST_VERSION}`)
  }
  shape(value, 'manifest')
  const manifest = value as Manifest
  checkHyperparameters(manifest.hyperparameters)
  checkTokenizerFacts(manifest.tokenizer)
  if (manifest.tokenizer.tokens.length !== manifest.hyperparameters.vocabulary) {
    throw new InvalidFileError(
      `manifest: ${manifest.tokenizer.tokens.length} tokens for a vocabulary of ${manifest.hyperparameters.vocabulary}`
    )
  }
  for (const tensor of manifest.tensors) checkTensor(tensor, manifest.fileSize)
  checkPlaces(manifest.tensors)
  checkTensorTable(manifest.hyperparameters, new Map(manifest.tensors.map(tensor => [tensor.name, tensor])))
}

function checkTensor({ name, typeName, dims, offset, bytes, chunks }: ManifestTensor, fileSize: number): void {
  const type = tensorTypeByName(typeName)
  if (type === undefined) throw new UnsupportedModelError(`manifest, tensor '${name}': unknown type ${show(typeName)}`)
  if (dims.length === 0 || dims.includes(0) || tensorBytes(type, dims) !== BigInt(bytes)) {
    throw new InvalidFileError(`manifest, tensor '${name}': ${bytes} bytes for ${typeName} of [${dims.join(', ')}]`)
  }
  if (BigInt(offset) + BigInt(bytes) > BigInt(fileSize)) {
    throw new InvalidFileError(`manifest, tensor '${name}': ${bytes} bytes at ${offset} run past the file's ${fileSize}`)
  }
  if (chunks.length !== Math.ceil(bytes / CHUNK_BYTES)) {
    throw new InvalidFileError(`manifest, tensor '${name}': ${chunks.length} chunks for ${bytes} bytes`)
  }
}

function checkPlaces(tensors: readonly ManifestTensor[]): void {
  const names = new Set<string>()
  for (const { name } of tensors) {
    if (names.has(name)) throw new InvalidFileError(`manifest, tensor '${name}': given twice`)
    names.add(name)
  }
  const byOffset = [...tensors].sort((a, b) => a.offset - b.offset)
  for (let i = 1; i < byOffset.length; i++) {
    const before = byOffset[i - 1]!
    if (byOffset[i]!.offset < before.offset + before.bytes) {
      throw new InvalidFileError(`manifest, tensor '${byOffset[i]!.name}': lies inside tensor '${before.name}'`)
    }
  }
}
