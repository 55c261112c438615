// Rewrites a GGUF file with every tensor dequantised to F32: llama.cpp's CPU code rounds activations to match quantised
// weights, the twin makes it compute in F32 on the very same weights. Shares no code with the product: the table is read
// by @huggingface/gguf, the blocks are decoded by dequantise.ts.
import { readFileSync, writeFileSync } from 'node:fs'
import { gguf } from '@huggingface/gguf'
import { dequantise } from './dequantise.ts'

const F32 = 0
const ALIGNMENT = 32

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
  const { tensorInfos, tensorDataOffset } = await gguf(from, { allowLocalFile: true })
  // The metadata is kept byte for byte: it ends where the first tensor's info starts.
  const infosAt = file.indexOf(infoBytes(tensorInfos[0], tensorInfos[0].dtype, tensorInfos[0].offset))
  const infos = []
  const data = []
  let offset = 0
  for (const tensor of tensorInfos) {
    const count = tensor.shape.reduce((product, dim) => product * Number(dim), 1)
    const values = dequantise(tensor.dtype, file, Number(tensorDataOffset) + Number(tensor.offset), count)
    infos.push(infoBytes(tensor, F32, offset))
    data.push(Buffer.from(values.buffer), Buffer.alloc(padded(values.byteLength) - values.byteLength))
    offset += padded(values.byteLength)
  }
  const header = Buffer.concat([file.subarray(0, infosAt), ...infos])
  writeFileSync(to, Buffer.concat([header, Buffer.alloc(padded(header.length) - header.length), ...data]))
}
