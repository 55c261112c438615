/**
 * Split models, as llama.cpp's gguf-split makes them: GGUF files NAME-00001-of-000NN.gguf, where the first holds the
 * metadata and each its own tensors, with offsets from its own start. Read as one file, the parts end to end, so that
 * everything after it knows one file only. Format: https://github.com/ggml-org/llama.cpp/tree/master/tools/gguf-split
 */
import { InvalidFileError, UnsupportedModelError } from '../errors.ts'
import type { ByteSource } from './byte-source.ts'
import { type GgufHeader, type GgufMetadata, type GgufTensor, readGgufHeader } from './gguf.ts'
import { integer, optionalInteger, show } from './metadata.ts'

/** Each is an open file; the largest models in use come in about 200. */
export const MAX_PARTS = 512
/** Of all parts together, as of one file: gguf.ts. */
const MAX_TENSORS = 131_072

/**
 * File names of a split model's parts in order, from the name of any; `undefined` for another name.
 * @throws UnsupportedModelError for more parts than Shoal opens, InvalidFileError for a number beyond its count
 */
export function partNames(name: string): string[] | undefined {
  const match = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/s.exec(name)
  if (match === null) return undefined
  const [number, count] = [Number(match[2]), Number(match[3])]
  if (number < 1 || number > count) throw new InvalidFileError(`${name}: there is no part ${number} of ${count}`)
  if (count > MAX_PARTS) throw new UnsupportedModelError(`${name}: ${count} parts, more than the ${MAX_PARTS} Shoal opens`)
  return Array.from({ length: count }, (_, i) => `${match[1]}-${String(i + 1).padStart(5, '0')}-of-${match[3]}.gguf`)
}

interface SplitFacts {
  /** From 0. */
  index: number
  count: number
  /** In all parts together. */
  tensors: number
}

/** `undefined` where the file is whole. @throws InvalidFileError naming the field */
function splitFacts(metadata: GgufMetadata): SplitFacts | undefined {
  const count = optionalInteger(metadata, 'split.count', { least: 0, most: 65_535 }) ?? 0
  if (count < 2) return undefined
  return {
    count,
    index: integer(metadata, 'split.no', { least: 0, most: count - 1 }),
    tensors: integer(metadata, 'split.tensors.count', { least: 0, most: MAX_TENSORS })
  }
}

/**
 * Metadata and tensor table of the model that `parts`, in the order of their names, hold end to end: offsets count from
 * the start of the first. One part is a whole file.
 * @throws as `readGgufHeader`; InvalidFileError naming the part that is no part of this model
 */
export async function readModelHeader(parts: readonly ByteSource[], signal?: AbortSignal): Promise<GgufHeader> {
  const [first] = parts
  if (first === undefined) throw new InvalidFileError('a model of no files')
  if (parts.length === 1) return await readWhole(first, signal)
  let joined: GgufHeader | undefined
  const tensors = new Map<string, GgufTensor & { part: string }>()
  let stated = 0
  let start = 0
  for (const [index, part] of parts.entries()) {
    const header = await within(part.name, readGgufHeader(part, signal))
    const facts = checkPart(part.name, header.metadata, index, parts.length)
    joined ??= header
    if (index === 0) stated = facts.tensors
    if (facts.tensors !== stated)
      throw new InvalidFileError(`${part.name}: split.tensors.count is ${facts.tensors}, but ${stated} in ${first.name}`)
    checkSameFacts(part.name, header.metadata, joined.metadata, first.name)
    for (const tensor of header.tensors) {
      const twin = tensors.get(tensor.name)
      if (twin !== undefined) throw new InvalidFileError(`${part.name}: tensor '${tensor.name}' is in ${twin.part} too`)
      if (tensors.size === stated)
        throw new InvalidFileError(`${part.name}: more tensors than the ${stated} of split.tensors.count`)
      tensors.set(tensor.name, { ...tensor, offset: start + tensor.offset, part: part.name })
    }
    start += part.size
  }
  if (tensors.size !== stated)
    throw new InvalidFileError(
      `${first.name}: split.tensors.count is ${stated}, but the ${parts.length} parts hold ${tensors.size} tensors`
    )
  return { ...joined!, tensors: Array.from(tensors.values(), ({ part: _, ...tensor }) => tensor), fileSize: start }
}

async function readWhole(source: ByteSource, signal: AbortSignal | undefined): Promise<GgufHeader> {
  const header = await readGgufHeader(source, signal)
  const facts = splitFacts(header.metadata)
  if (facts !== undefined)
    throw new UnsupportedModelError(
      `${source.name}: part ${facts.index + 1} of ${facts.count} of a split model; it needs the others beside it as files ` +
        'named NAME-00001-of-000NN.gguf'
    )
  return header
}

function checkPart(name: string, metadata: GgufMetadata, index: number, count: number): SplitFacts {
  let facts: SplitFacts | undefined
  try {
    facts = splitFacts(metadata)
  } catch (thrown) {
    throw naming(name, thrown)
  }
  if (facts === undefined) throw new InvalidFileError(`${name}: not a part of a split model (split.count is missing or below 2)`)
  if (facts.count !== count) throw new InvalidFileError(`${name}: split.count is ${facts.count}, its name says ${count}`)
  if (facts.index !== index)
    throw new InvalidFileError(`${name}: split.no is ${facts.index}, its name says ${index} (counted from 0)`)
  return facts
}

/** A later part says nothing of the model, or the same: anything else would be ignored, or is another model's. */
function checkSameFacts(name: string, metadata: GgufMetadata, first: GgufMetadata, firstName: string): void {
  for (const [key, value] of metadata) {
    if (key.startsWith('split.') || key === 'general.alignment' || metadata === first) continue
    if (typeof value === 'object' || value !== first.get(key))
      throw new InvalidFileError(`${name}: metadata '${key}': ${show(value)}, not as in ${firstName}`)
  }
}

async function within<T>(name: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading
  } catch (thrown) {
    throw naming(name, thrown)
  }
}

/** The same error with the part's name before it: only one of many files is wrong. */
function naming(name: string, thrown: unknown): unknown {
  if (thrown instanceof InvalidFileError) return new InvalidFileError(`${name}: ${thrown.message}`, {}, { cause: thrown })
  if (thrown instanceof UnsupportedModelError)
    return new UnsupportedModelError(`${name}: ${thrown.message}`, {}, { cause: thrown })
  return thrown
}
