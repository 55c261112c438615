/**
 * Reads the header of a GGUF file (version 2 or 3): metadata and tensor table, from a source of any size, in a growing window.
 * A parser of our own because model files come from strangers: every count, length, nesting and offset is held against
 * the bytes that are really there before memory is taken for it, which @huggingface/gguf (the independent check in the
 * tests) leaves to the caller. Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
import { InvalidFileError, UnsupportedModelError } from '../errors.ts'
import type { ByteSource } from './byte-source.ts'
import { GgufCursor, WindowEnd } from './gguf-cursor.ts'
import { tensorBytes, tensorTypeById } from './tensor-types.ts'

/** 8- to 32-bit numbers and floats are numbers, 64-bit integers bigints; numeric arrays are typed arrays. */
export type GgufValue = number | bigint | boolean | string | GgufArray
export type GgufArray = GgufNumbers | readonly boolean[] | readonly string[] | readonly GgufArray[]
export type GgufNumbers =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigUint64Array
  | BigInt64Array

export type GgufMetadata = ReadonlyMap<string, GgufValue>

export interface GgufTensor {
  name: string
  typeId: number
  /** llama.cpp's name of the type, or `type 99` for an id nobody here knows. */
  typeName: string
  /** GGUF order: dims[0] is the contiguous dimension. */
  dims: readonly number[]
  /** Bytes from the start of the file. */
  offset: number
  /** Unknown for an unknown type: such a tensor matters only to a peer that must hold it. */
  bytes: number | undefined
}

export interface GgufHeader {
  metadata: GgufMetadata
  tensors: readonly GgufTensor[]
  alignment: number
  /** Where tensor data starts. */
  dataOffset: number
  fileSize: number
}

/** First read; holds the whole header of a small model and one round trip's worth over HTTP. */
const FIRST_WINDOW_BYTES = 256 * 1024
/** The largest headers in use (vocabularies of 260,000 with merges) are about 16 MiB; a file refused at its end takes this much. */
export const MAX_HEADER_BYTES = 24 * 1024 * 1024
/** Read at once: what the source hands over and the window are in memory together. */
const PIECE_BYTES = 2 * 1024 * 1024
/** Keys are bounded by the format itself (2^16 − 1); in use they stay below 100 bytes. */
const MAX_KEY_BYTES = 65_535
/** ggml's GGML_MAX_NAME is 64; room for longer names costs nothing. */
const MAX_TENSOR_NAME_BYTES = 256
/** A few dozen in use. */
const MAX_METADATA_ENTRIES = 4096
/** The largest models in use have about 1,100, since llama.cpp keeps a layer's experts in one tensor. */
const MAX_TENSORS = 16_384
/** ggml's GGML_MAX_DIMS. */
const MAX_DIMS = 4
/** ggml writes no nested arrays at all; the format allows them. */
const MAX_ARRAY_DEPTH = 4
/** Strings, bools and arrays in all arrays together; the largest tokens and merges in use are about 800,000. */
const MAX_ARRAY_ITEMS = 2 ** 20
/** An array takes a hundred times its 12 bytes in the file, and nobody writes arrays of arrays. */
const MAX_INNER_ARRAYS = 4096
/** 32 in use. Larger than a page of any system is a sign of a broken file. */
const MAX_ALIGNMENT = 65_536

const MAGIC = 0x46554747 // 'GGUF', little-endian
const BOOL = 7
const STRING = 8
const ARRAY = 9

interface NumberType {
  bytes: number
  wrap: (buffer: ArrayBuffer) => GgufNumbers
}
const numberTypes = new Map<number, NumberType>([
  [0, { bytes: 1, wrap: b => new Uint8Array(b) }],
  [1, { bytes: 1, wrap: b => new Int8Array(b) }],
  [2, { bytes: 2, wrap: b => new Uint16Array(b) }],
  [3, { bytes: 2, wrap: b => new Int16Array(b) }],
  [4, { bytes: 4, wrap: b => new Uint32Array(b) }],
  [5, { bytes: 4, wrap: b => new Int32Array(b) }],
  [6, { bytes: 4, wrap: b => new Float32Array(b) }],
  [10, { bytes: 8, wrap: b => new BigUint64Array(b) }],
  [11, { bytes: 8, wrap: b => new BigInt64Array(b) }],
  [12, { bytes: 8, wrap: b => new Float64Array(b) }]
])

/**
 * Metadata and tensor table of the GGUF file behind `source`. Reads the header only, checks all of it, then keeps its values:
 * a value takes up to a hundred times its bytes in the file, and a file that is refused must not.
 * @throws InvalidFileError naming the field or tensor and its value; UnsupportedModelError for another GGUF version or
 * byte order; SourceError from the source
 */
export async function readGgufHeader(source: ByteSource, signal?: AbortSignal): Promise<GgufHeader> {
  const limit = Math.min(source.size, MAX_HEADER_BYTES)
  const limitName =
    source.size > MAX_HEADER_BYTES ? `the ${MAX_HEADER_BYTES} bytes a header may have` : `the file (${source.size} bytes)`
  let window = new Uint8Array(0)
  let wanted = Math.min(FIRST_WINDOW_BYTES, limit)
  for (;;) {
    window = await growWindow(window, wanted, source, signal)
    try {
      parseHeader(new GgufCursor(window, limit, limitName, false), source.size)
      break
    } catch (thrown) {
      if (!(thrown instanceof WindowEnd)) throw thrown
      // Doubling keeps the bytes parsed again below those of the last window. The last is as large as can be: two large ones
      // would be in memory together.
      const next = Math.max(2 * wanted, thrown.needed)
      wanted = next > limit / 2 ? limit : next
    }
  }
  return parseHeader(new GgufCursor(window, limit, limitName, true), source.size)
}

/** Takes the memory of the window given. */
async function growWindow(
  window: Uint8Array<ArrayBuffer>,
  wanted: number,
  source: ByteSource,
  signal?: AbortSignal
): Promise<Uint8Array<ArrayBuffer>> {
  const start = window.byteLength
  const grown = new Uint8Array(window.buffer.transfer(wanted))
  for (let at = start; at < wanted; at += PIECE_BYTES) {
    const piece = await source.read(at, Math.min(PIECE_BYTES, wanted - at), signal)
    grown.set(piece, at)
    // It is nobody else's, and the collector comes too late for buffers of this size.
    if (piece.byteLength === PIECE_BYTES && piece.buffer.byteLength === PIECE_BYTES) piece.buffer.transfer(0)
  }
  return grown
}

function parseHeader(cursor: GgufCursor, fileSize: number): GgufHeader {
  const magic = cursor.u32('magic')
  if (magic !== MAGIC) throw new InvalidFileError(`magic: 0x${magic.toString(16).padStart(8, '0')} is not 'GGUF'`)
  const version = cursor.u32('version')
  if (version === 0x02000000 || version === 0x03000000) throw new UnsupportedModelError('version: a big-endian GGUF file')
  // Version 3 only added big-endian files; 1 had 32-bit lengths.
  if (version !== 2 && version !== 3) throw new UnsupportedModelError(`version: GGUF ${version}; Shoal reads versions 2 and 3`)
  const tensorCount = cursor.count('tensors', 32, MAX_TENSORS)
  const metadataCount = cursor.count('metadata entries', 13, MAX_METADATA_ENTRIES)
  const metadata = new Map<string, GgufValue>()
  for (let i = 0; i < metadataCount; i++) {
    const key = cursor.string(`metadata key ${i}`, MAX_KEY_BYTES)
    if (metadata.has(key)) throw new InvalidFileError(`metadata '${key}': given twice`)
    metadata.set(key, readValue(cursor, `metadata '${key}'`))
  }
  const alignment = readAlignment(metadata)
  const stated: StatedTensor[] = []
  for (let i = 0; i < tensorCount; i++) stated.push(readTensorInfo(cursor, i))
  const dataOffset = Math.ceil(cursor.position / alignment) * alignment
  const tensors = stated.map(tensor => placeTensor(tensor, dataOffset, alignment, fileSize))
  checkDistinct(tensors)
  return { metadata, tensors, alignment, dataOffset, fileSize }
}

function readValue(cursor: GgufCursor, field: string): GgufValue {
  const type = cursor.u32(`${field} (type)`)
  if (type === STRING) return cursor.string(field)
  if (type === ARRAY) return readArray(cursor, field, 1)
  if (type === BOOL) return readBools(cursor, 1, field)[0]!
  const numbers = numberTypes.get(type)
  if (numbers === undefined) throw new InvalidFileError(`${field}: unknown value type ${type}`)
  return numbers.wrap(cursor.copy(1, numbers.bytes, field))[0]!
}

function readArray(cursor: GgufCursor, field: string, depth: number): GgufArray {
  if (depth > MAX_ARRAY_DEPTH) throw new InvalidFileError(`${field}: arrays nested more than ${MAX_ARRAY_DEPTH} deep`)
  const type = cursor.u32(`${field} (element type)`)
  const numbers = numberTypes.get(type)
  const leastBytes = numbers?.bytes ?? (type === BOOL ? 1 : type === STRING ? 8 : 12)
  const most = numbers !== undefined ? Number.MAX_SAFE_INTEGER : type === ARRAY ? MAX_INNER_ARRAYS : MAX_ARRAY_ITEMS
  const count = cursor.count(field, leastBytes, most)
  if (numbers === undefined)
    cursor.spendItems(count * (type === ARRAY ? MAX_ARRAY_ITEMS / MAX_INNER_ARRAYS : 1), field, MAX_ARRAY_ITEMS)
  if (numbers !== undefined) {
    if (cursor.keeps) return numbers.wrap(cursor.copy(count, numbers.bytes, field))
    cursor.bytesInPlace(count * numbers.bytes, field)
    return []
  }
  if (type === BOOL) return readBools(cursor, count, field)
  const inner = () => readArray(cursor, field, depth + 1)
  if (type === STRING)
    return cursor.keeps ? readMany(count, () => cursor.string(field)) : skipMany(count, () => cursor.skipString(field))
  if (type === ARRAY) return cursor.keeps ? readMany(count, inner) : skipMany(count, inner)
  throw new InvalidFileError(`${field}: unknown element type ${type}`)
}

/** Grows with what is really read: a count alone allocates nothing. */
function readMany<T>(count: number, read: (index: number) => T): T[] {
  const values: T[] = []
  for (let i = 0; i < count; i++) values.push(read(i))
  return values
}

function skipMany(count: number, skip: () => unknown): [] {
  for (let i = 0; i < count; i++) skip()
  return []
}

function readBools(cursor: GgufCursor, count: number, field: string): boolean[] {
  const bytes = cursor.bytesInPlace(count, field)
  const wrong = bytes.find(byte => byte > 1)
  if (wrong !== undefined) throw new InvalidFileError(`${field}: ${wrong} is not a bool`)
  return cursor.keeps ? readMany(count, i => bytes[i] === 1) : []
}

function readAlignment(metadata: GgufMetadata): number {
  const value = metadata.get('general.alignment') ?? 32
  if (
    typeof value !== 'number' ||
    !Number.isInteger(value) ||
    value < 8 ||
    value > MAX_ALIGNMENT ||
    (value & (value - 1)) !== 0
  ) {
    throw new InvalidFileError(`metadata 'general.alignment': ${value} is not a power of two from 8 to ${MAX_ALIGNMENT}`)
  }
  return value
}

interface StatedTensor {
  name: string
  typeId: number
  dims: bigint[]
  offset: bigint
}

function readTensorInfo(cursor: GgufCursor, index: number): StatedTensor {
  const name = cursor.string(`name of tensor ${index}`, MAX_TENSOR_NAME_BYTES)
  const dimCount = cursor.u32(`tensor '${name}' (dimensions)`)
  if (dimCount < 1 || dimCount > MAX_DIMS)
    throw new InvalidFileError(`tensor '${name}': ${dimCount} dimensions, not 1 to ${MAX_DIMS}`)
  const dims = readMany(dimCount, i => cursor.u64(`tensor '${name}' (dimension ${i})`))
  const typeId = cursor.u32(`tensor '${name}' (type)`)
  return { name, typeId, dims, offset: cursor.u64(`tensor '${name}' (offset)`) }
}

function placeTensor(stated: StatedTensor, dataOffset: number, alignment: number, fileSize: number): GgufTensor {
  const { name, typeId, dims } = stated
  const type = tensorTypeById(typeId)
  const shape = `[${dims.join(', ')}]`
  // A tensor has at most fileSize bytes, and no type packs more than 8 values a byte: larger is a lie, and inexact as a number.
  const mostValues = 8n * BigInt(fileSize)
  if (dims.some(dim => dim === 0n) || dims.reduce((product, dim) => product * dim, 1n) > mostValues) {
    throw new InvalidFileError(`tensor '${name}': dimensions ${shape} cannot be in a file of ${fileSize} bytes`)
  }
  const bytes = type === undefined ? undefined : tensorBytes(type, dims)
  if (type !== undefined && bytes === undefined) {
    throw new InvalidFileError(`tensor '${name}': a row of ${dims[0]} is not whole blocks of ${type.blockSize} (${type.name})`)
  }
  if (stated.offset % BigInt(alignment) !== 0n) {
    throw new InvalidFileError(`tensor '${name}': offset ${stated.offset} is not a multiple of the alignment ${alignment}`)
  }
  const start = BigInt(dataOffset) + stated.offset
  if (start + (bytes ?? 0n) > BigInt(fileSize)) {
    throw new InvalidFileError(
      `tensor '${name}': ${bytes ?? 'unknown'} bytes at ${start} run past the end of the file (${fileSize} bytes)`
    )
  }
  return {
    name,
    typeId,
    typeName: type?.name ?? `type ${typeId}`,
    dims: dims.map(Number),
    offset: Number(start),
    bytes: bytes === undefined ? undefined : Number(bytes)
  }
}

function checkDistinct(tensors: readonly GgufTensor[]): void {
  const names = new Set<string>()
  for (const { name } of tensors) {
    if (names.has(name)) throw new InvalidFileError(`tensor '${name}': given twice`)
    names.add(name)
  }
  const byOffset = [...tensors].sort((a, b) => a.offset - b.offset)
  for (let i = 1; i < byOffset.length; i++) {
    const before = byOffset[i - 1]!
    const tensor = byOffset[i]!
    if (tensor.offset < before.offset + (before.bytes ?? 1)) {
      throw new InvalidFileError(`tensor '${tensor.name}': offset ${tensor.offset} lies inside tensor '${before.name}'`)
    }
  }
}
