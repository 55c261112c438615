// Rewrites a GGUF file with every tensor dequantised to F32: llama.cpp's CPU code rounds activations to match quantised
// weights, the twin makes it compute in F32 on the very same weights. Shares no code with the product: the table is read
// by @huggingface/gguf, the blocks are decoded here from the definitions in ggml-common.h.
import { readFileSync, writeFileSync } from 'node:fs'
import { gguf } from '@huggingface/gguf'

const F32 = 0
const ALIGNMENT = 32

const halfToNumber = bits => {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) throw new Error('a scale that is not finite')
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

// Each: (view, first byte, number of values) → Float32Array.
const decoders = {
  0: (view, at, count) => Float32Array.from({ length: count }, (_, i) => view.getFloat32(at + 4 * i, true)),
  1: (view, at, count) => Float32Array.from({ length: count }, (_, i) => halfToNumber(view.getUint16(at + 2 * i, true))),
  // block_q4_0: f16 scale, 16 bytes: low nibbles are values 0–15, high nibbles 16–31; value = (q − 8)·scale
  2: (view, at, count) =>
    Float32Array.from({ length: count }, (_, i) => {
      const block = at + 18 * Math.floor(i / 32)
      const j = i % 32
      const byte = view.getUint8(block + 2 + (j % 16))
      return ((j < 16 ? byte & 15 : byte >> 4) - 8) * halfToNumber(view.getUint16(block, true))
    }),
  // block_q8_0: f16 scale, 32 signed bytes
  8: (view, at, count) =>
    Float32Array.from({ length: count }, (_, i) => {
      const block = at + 34 * Math.floor(i / 32)
      return view.getInt8(block + 2 + (i % 32)) * halfToNumber(view.getUint16(block, true))
    })
}

const u32 = value => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
const u64 = value => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}
const infoBytes = (tensor, type, offset) =>
  Buffer.concat([
    u64(Buffer.byteLength(tensor.name)),
    Buffer.from(tensor.name),
    u32(tensor.shape.length),
    ...tensor.shape.map(u64),
    u32(type),
    u64(offset)
  ])
const padded = length => Math.ceil(length / ALIGNMENT) * ALIGNMENT

/** Writes the twin of `from` to `to`. */
export async function writeF32Twin(from, to) {
  const file = readFileSync(from)
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const { tensorInfos, tensorDataOffset } = await gguf(from, { allowLocalFile: true })
  // The metadata is kept byte for byte: it ends where the first tensor's info starts.
  const infosAt = file.indexOf(infoBytes(tensorInfos[0], tensorInfos[0].dtype, tensorInfos[0].offset))
  const infos = []
  const data = []
  let offset = 0
  for (const tensor of tensorInfos) {
    const count = tensor.shape.reduce((product, dim) => product * Number(dim), 1)
    const decode = decoders[tensor.dtype]
    if (decode === undefined) throw new Error(`${tensor.name}: type ${tensor.dtype} has no decoder here`)
    const values = decode(view, Number(tensorDataOffset) + Number(tensor.offset), count)
    infos.push(infoBytes(tensor, F32, offset))
    data.push(Buffer.from(values.buffer), Buffer.alloc(padded(values.byteLength) - values.byteLength))
    offset += padded(values.byteLength)
  }
  const header = Buffer.concat([file.subarray(0, infosAt), ...infos])
  writeFileSync(to, Buffer.concat([header, Buffer.alloc(padded(header.length) - header.length), ...data]))
}
