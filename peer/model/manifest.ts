/**
 * Makes, names and reads manifests: hashing a file's tensors, canonical bytes and their digest, and the way back from bytes
 * of any origin.
 */
import { InvalidFileError, UnsupportedModelError } from '../errors.ts'
import type { ByteSource } from './byte-source.ts'
import type { GgufHeader } from './gguf.ts'
import { hyperparametersFrom } from './hyperparameters.ts'
import { checkManifest } from './manifest-checks.ts'
import { CHUNK_BYTES, MANIFEST_VERSION, MAX_MANIFEST_BYTES, type Manifest, type ManifestTensor } from './manifest-format.ts'
import { optionalString } from './metadata.ts'
import { sha256Hex } from './sha256.ts'
import { checkTensorTable } from './span-tensors.ts'
import { readModelHeader } from './split.ts'
import { tokenizerFactsFrom } from './tokenizer-facts.ts'
import type { Hyperparameters } from './types.ts'

/** A manifest with its canonical bytes and their digest (64 hex digits). */
export interface NamedManifest {
  manifest: Manifest
  bytes: Uint8Array<ArrayBuffer>
  digest: string
}

export interface HashProgress {
  bytesDone: number
  bytesTotal: number
}

/** Everything of a manifest that the header alone tells. @throws InvalidFileError, UnsupportedModelError */
export function describeHeader(header: GgufHeader): Omit<Manifest, 'tensors'> {
  const names = header.tensors.map(tensor => tensor.name)
  const hyperparameters = hyperparametersFrom(header.metadata, names)
  checkTensorTable(hyperparameters, new Map(header.tensors.map(tensor => [tensor.name, tensor])))
  return {
    version: MANIFEST_VERSION,
    name: optionalString(header.metadata, 'general.name') ?? hyperparameters.architecture,
    fileSize: header.fileSize,
    hyperparameters,
    tokenizer: tokenizerFactsFrom(header.metadata),
    chatTemplate: optionalString(header.metadata, 'tokenizer.chat_template')
  }
}

/**
 * Reads and hashes every tensor of the file once, a chunk in memory at a time.
 * @throws InvalidFileError, UnsupportedModelError (also for a tensor of a type whose size is unknown), SourceError
 */
export async function buildManifest(
  header: GgufHeader,
  source: ByteSource,
  onProgress?: (progress: HashProgress) => void,
  signal?: AbortSignal
): Promise<NamedManifest> {
  const described = describeHeader(header)
  const sized = header.tensors.map(tensor => {
    if (tensor.bytes === undefined)
      throw new UnsupportedModelError(`tensor '${tensor.name}': ${tensor.typeName} is of unknown size`)
    return { ...tensor, bytes: tensor.bytes }
  })
  const bytesTotal = sized.reduce((sum, tensor) => sum + tensor.bytes, 0)
  let bytesDone = 0
  const tensors: ManifestTensor[] = []
  for (const { name, typeName, dims, offset, bytes } of sized) {
    const chunks: string[] = []
    for (const range of chunkRanges(offset, bytes)) {
      chunks.push(await sha256Hex(await source.read(range.offset, range.length, signal)))
      bytesDone += range.length
      onProgress?.({ bytesDone, bytesTotal })
    }
    tensors.push({ name, typeName, dims, offset, bytes, chunks })
  }
  const manifest: Manifest = { ...described, tensors }
  checkManifest(manifest)
  return await nameManifest(manifest)
}

/** Header, then manifest, of the GGUF file behind `source`. @throws as `readModelHeader` and `buildManifest` */
export async function manifestOf(
  source: ByteSource,
  onProgress?: (progress: HashProgress) => void,
  signal?: AbortSignal
): Promise<NamedManifest> {
  return await buildManifest(await readModelHeader([source], signal), source, onProgress, signal)
}

/** Where the chunks of a tensor lie in the file, in order. */
export function chunkRanges(offset: number, bytes: number): { offset: number; length: number }[] {
  const count = Math.ceil(bytes / CHUNK_BYTES)
  return Array.from({ length: count }, (_, i) => ({
    offset: offset + i * CHUNK_BYTES,
    length: Math.min(CHUNK_BYTES, bytes - i * CHUNK_BYTES)
  }))
}

/** Canonical bytes: UTF-8 JSON without spaces, fields in the order written here, absent ones left out. */
export function encodeManifest(manifest: Manifest): Uint8Array<ArrayBuffer> {
  const { hyperparameters: h, tokenizer: t } = manifest
  const ordered = {
    version: manifest.version,
    name: manifest.name,
    fileSize: manifest.fileSize,
    hyperparameters: {
      architecture: h.architecture,
      layers: h.layers,
      width: h.width,
      heads: h.heads,
      kvHeads: h.kvHeads,
      headDim: h.headDim,
      feedForward: h.feedForward,
      vocabulary: h.vocabulary,
      contextLength: h.contextLength,
      normEpsilon: h.normEpsilon,
      ropeBase: h.ropeBase,
      ropeDimensions: h.ropeDimensions,
      ropePairing: h.ropePairing,
      tied: h.tied,
      ...orderedFacts(h)
    },
    tokenizer: {
      model: t.model,
      preTokenizer: t.preTokenizer,
      tokens: t.tokens,
      kinds: t.kinds,
      merges: t.merges,
      bos: t.bos,
      addsBos: t.addsBos,
      eos: t.eos,
      endOfGeneration: t.endOfGeneration,
      sentencePiece: t.sentencePiece && {
        scores: t.sentencePiece.scores,
        addsSpacePrefix: t.sentencePiece.addsSpacePrefix,
        unknown: t.sentencePiece.unknown,
        trimsAfterMarkers: t.sentencePiece.trimsAfterMarkers
      }
    },
    chatTemplate: manifest.chatTemplate,
    tensors: manifest.tensors.map(({ name, typeName, dims, offset, bytes, chunks }) => ({
      name,
      typeName,
      dims,
      offset,
      bytes,
      chunks
    }))
  }
  return new TextEncoder().encode(JSON.stringify(ordered))
}

/** Facts beyond a plain llama's; absent ones are left out, so a model without them keeps the bytes and the name it had. */
function orderedFacts({ ropeScaling: r, window: w, ...h }: Hyperparameters): Partial<Hyperparameters> {
  return {
    ropeScaling: r && { kind: r.kind, factor: r.factor, originalContext: r.originalContext, magnitude: r.magnitude },
    ropeFactors: h.ropeFactors,
    window: w && { size: w.size, layers: w.layers, ropeBase: w.ropeBase },
    unrotated: h.unrotated,
    activation: h.activation,
    qkvBias: h.qkvBias,
    headNorms: h.headNorms,
    postNorms: h.postNorms,
    fused: h.fused,
    embeddingScale: h.embeddingScale,
    residualScale: h.residualScale,
    logitScale: h.logitScale,
    attentionScale: h.attentionScale,
    attentionSoftCap: h.attentionSoftCap,
    logitSoftCap: h.logitSoftCap
  }
}

export async function nameManifest(manifest: Manifest): Promise<NamedManifest> {
  const bytes = encodeManifest(manifest)
  if (bytes.byteLength > MAX_MANIFEST_BYTES) {
    throw new UnsupportedModelError(`manifest: ${bytes.byteLength} bytes, over ${MAX_MANIFEST_BYTES}`)
  }
  return { manifest, bytes, digest: await sha256Hex(bytes) }
}

/**
 * A manifest from bytes of any origin. Only canonical bytes pass, so one model has one digest.
 * @throws InvalidFileError naming the field, UnsupportedModelError
 */
export async function parseManifest(bytes: Uint8Array<ArrayBuffer>): Promise<NamedManifest> {
  if (bytes.byteLength > MAX_MANIFEST_BYTES)
    throw new InvalidFileError(`manifest: ${bytes.byteLength} bytes, over ${MAX_MANIFEST_BYTES}`)
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (thrown) {
    throw new InvalidFileError('manifest: not JSON in UTF-8', {}, { cause: thrown })
  }
  checkManifest(json)
  const named = await nameManifest(json)
  if (named.bytes.byteLength !== bytes.byteLength || named.digest !== (await sha256Hex(bytes))) {
    throw new InvalidFileError('manifest: not in canonical form (unknown fields, another order or spelling)')
  }
  return { ...named, bytes: bytes.slice() }
}
