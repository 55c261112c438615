/**
 * Writes GGUF files for tests, right ones and wrong ones: every number is written as given. Independent of the reader.
 */
export type WrittenValue =
  | { type: 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'f32' | 'bool' | 'f64'; value: number }
  | { type: 'u64' | 'i64'; value: bigint }
  | { type: 'string'; value: string | Uint8Array }
  | { type: 'array'; of: number; count?: bigint; items: WrittenValue[] }
  | { type: 'raw'; id: number; bytes: Uint8Array }

export interface WrittenTensor {
  name: string
  dims: (number | bigint)[]
  type: number
  /** From the start of tensor data; default: one after the other. */
  offset?: bigint
  data?: Uint8Array
}

export interface WrittenFile {
  magic?: string
  version?: number
  tensorCount?: bigint
  metadataCount?: bigint
  metadata?: [string, WrittenValue][]
  tensors?: WrittenTensor[]
  alignment?: number
  /** Bytes of tensor data at least. */
  dataBytes?: number
}

const IDS = {
  u8: 0,
  i8: 1,
  u16: 2,
  i16: 3,
  u32: 4,
  i32: 5,
  f32: 6,
  bool: 7,
  string: 8,
  array: 9,
  u64: 10,
  i64: 11,
  f64: 12
} as const

export const u32 = (value: number): WrittenValue => ({ type: 'u32', value })
export const f32 = (value: number): WrittenValue => ({ type: 'f32', value })
export const text = (value: string): WrittenValue => ({ type: 'string', value })
export const texts = (values: string[]): WrittenValue => ({ type: 'array', of: IDS.string, items: values.map(text) })
export const i32s = (values: number[]): WrittenValue => ({
  type: 'array',
  of: IDS.i32,
  items: values.map(value => ({ type: 'i32', value }))
})
export const f32s = (values: number[]): WrittenValue => ({ type: 'array', of: IDS.f32, items: values.map(f32) })
export const flag = (value: boolean): WrittenValue => ({ type: 'bool', value: Number(value) })
export const nested = (depth: number): WrittenValue =>
  depth === 0 ? { type: 'array', of: IDS.u8, items: [] } : { type: 'array', of: IDS.array, items: [nested(depth - 1)] }

export function writeGguf(file: WrittenFile): Uint8Array<ArrayBuffer> {
  const { metadata = [], tensors = [], alignment = 32 } = file
  const padded = (length: number) => Math.ceil(length / alignment) * alignment
  const out: Uint8Array[] = [Buffer.from(file.magic ?? 'GGUF', 'latin1'), int(file.version ?? 3, 4)]
  out.push(int(file.tensorCount ?? BigInt(tensors.length), 8), int(file.metadataCount ?? BigInt(metadata.length), 8))
  for (const [key, value] of metadata) {
    out.push(string(key), int(value.type === 'raw' ? value.id : IDS[value.type], 4), valueBytes(value))
  }
  const data: Uint8Array[] = []
  let at = 0
  for (const { name, dims, type, offset, data: bytes = new Uint8Array(0) } of tensors) {
    out.push(string(name), int(dims.length, 4), ...dims.map(dim => int(dim, 8)), int(type, 4), int(offset ?? BigInt(at), 8))
    data.push(bytes, new Uint8Array(padded(bytes.length) - bytes.length))
    at += padded(bytes.length)
  }
  const header = Buffer.concat(out)
  const body = Buffer.concat([header, new Uint8Array(padded(header.length) - header.length), ...data])
  return new Uint8Array(Buffer.concat([body, new Uint8Array(Math.max(0, (file.dataBytes ?? 0) - at))]))
}

function valueBytes(value: WrittenValue): Uint8Array {
  switch (value.type) {
    case 'raw':
      return value.bytes
    case 'string':
      return string(value.value)
    case 'array':
      return Buffer.concat([int(value.of, 4), int(value.count ?? BigInt(value.items.length), 8), ...value.items.map(valueBytes)])
    case 'f32':
      return new Uint8Array(new Float32Array([value.value]).buffer)
    case 'f64':
      return new Uint8Array(new Float64Array([value.value]).buffer)
    case 'bool':
      return int(value.value, 1)
    default:
      return int(value.value, Number(/\d+/.exec(value.type)![0]) / 8)
  }
}

function string(value: string | Uint8Array): Uint8Array {
  const bytes = Buffer.from(value)
  return Buffer.concat([int(bytes.length, 8), bytes])
}

/** Little-endian, two's complement. */
function int(value: number | bigint, bytes: number): Uint8Array {
  const wide = new DataView(new ArrayBuffer(8))
  wide.setBigInt64(0, BigInt.asIntN(64, BigInt(value)), true)
  return new Uint8Array(wide.buffer, 0, bytes)
}

/** Metadata of a whole llama model of two layers, small enough to read in a message. */
export function tinyMetadata(): [string, WrittenValue][] {
  return [
    ['general.architecture', text('llama')],
    ['general.name', text('tiny')],
    ['llama.context_length', u32(32)],
    ['llama.embedding_length', u32(64)],
    ['llama.block_count', u32(2)],
    ['llama.feed_forward_length', u32(96)],
    ['llama.attention.head_count', u32(4)],
    ['llama.attention.head_count_kv', u32(2)],
    ['llama.attention.layer_norm_rms_epsilon', f32(1e-5)],
    ['tokenizer.ggml.model', text('gpt2')],
    ['tokenizer.ggml.pre', text('gpt-2')],
    ['tokenizer.ggml.tokens', texts(['a', 'b', 'ab', '<|end|>'])],
    ['tokenizer.ggml.token_type', i32s([1, 1, 1, 3])],
    ['tokenizer.ggml.merges', texts(['a b'])],
    ['tokenizer.ggml.bos_token_id', u32(3)],
    ['tokenizer.ggml.eos_token_id', u32(3)]
  ]
}

/** The tensors of that model, F32 and zero. */
export function tinyTensors(): WrittenTensor[] {
  const tensor = (name: string, ...dims: number[]): WrittenTensor => ({
    name,
    dims,
    type: 0,
    data: new Uint8Array(4 * dims.reduce((product, dim) => product * dim, 1))
  })
  const layer = (i: number) => [
    tensor(`blk.${i}.attn_norm.weight`, 64),
    tensor(`blk.${i}.attn_q.weight`, 64, 64),
    tensor(`blk.${i}.attn_k.weight`, 64, 32),
    tensor(`blk.${i}.attn_v.weight`, 64, 32),
    tensor(`blk.${i}.attn_output.weight`, 64, 64),
    tensor(`blk.${i}.ffn_norm.weight`, 64),
    tensor(`blk.${i}.ffn_gate.weight`, 64, 96),
    tensor(`blk.${i}.ffn_up.weight`, 64, 96),
    tensor(`blk.${i}.ffn_down.weight`, 96, 64)
  ]
  return [tensor('token_embd.weight', 64, 4), ...layer(0), ...layer(1), tensor('output_norm.weight', 64)]
}

/**
 * The same file in parts, as llama.cpp's gguf-split writes it: the first holds the metadata, `cuts` says before which
 * tensors a new one begins. `change` makes parts wrong.
 */
export function writeSplit(
  file: WrittenFile,
  cuts: readonly number[],
  change: (part: WrittenFile, index: number) => WrittenFile = part => part
): Uint8Array<ArrayBuffer>[] {
  const { metadata = [], tensors = [], ...rest } = file
  const count = cuts.length + 1
  return Array.from({ length: count }, (_, index) => {
    const facts: [string, WrittenValue][] = [
      ['split.no', { type: 'u16', value: index }],
      ['split.count', { type: 'u16', value: count }],
      ['split.tensors.count', { type: 'i32', value: tensors.length }]
    ]
    const own = tensors.slice(cuts[index - 1] ?? 0, cuts[index] ?? tensors.length)
    return writeGguf(change({ ...rest, metadata: index === 0 ? [...metadata, ...facts] : facts, tensors: own }, index))
  })
}

/** As gguf-split names them. */
export function splitName(name: string, index: number, count: number): string {
  return `${name}-${String(index + 1).padStart(5, '0')}-of-${String(count).padStart(5, '0')}.gguf`
}
