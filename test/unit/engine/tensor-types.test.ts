/**
 * Every tensor type against llama.cpp and against a dequantiser the engine does not share: single rows bit by bit, whole
 * models of one type and of mixes within the bound README states.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { decoderFor } from '../../../peer/engine/decoders/table.ts'
import type { EngineDevice } from '../../../peer/engine/device.ts'
import type { SpanEngine } from '../../../peer/engine/engine.ts'
import { createSpanEngine, type SpanEngineOptions } from '../../../peer/engine/span.ts'
import { planSpanTensors } from '../../../peer/engine/span-tensors.ts'
import { readGgufHeader } from '../../../peer/model/gguf.ts'
import { hyperparametersFrom } from '../../../peer/model/hyperparameters.ts'
import { factsOf } from '../../../peer/model/tensor-types.ts'
import type { Hyperparameters, TensorInfo, TensorReader, TensorType } from '../../../peer/model/types.ts'
import { dequantise } from '../../oracle/dequantise.ts'
import { EMBEDDING_MODELS, TYPES_MODELS, TYPES_VOCABULARY, type TypesModel, typesGguf } from '../../oracle/synthetic-types.ts'
import { headRequest, hiddenOf, runChain, testDevice, testVariants } from './fixture.ts'
import { loadTypeGoldens } from './type-goldens.ts'

/** |Δ ln p| for p ≥ 1e-6 with KV in f32. */
const BOUND = 1e-3
/** All but the smallest matrices take several parts, and the prompt's two KV blocks still fit. */
const SMALL_BINDING = 20_000
const ODD_CHUNKS = [7, 1, 5, 3, 1, 10]

const goldens = loadTypeGoldens()
let device: EngineDevice
let smallDevice: EngineDevice
before(async () => {
  device = await testDevice()
  smallDevice = await testDevice({ bindingLimit: SMALL_BINDING })
})
after(() => {
  device.close()
  smallDevice.close()
})

interface Opened {
  hyperparameters: Hyperparameters
  reader: TensorReader
  infos: Map<string, TensorInfo>
  file: Uint8Array
}

async function open(model: TypesModel, sha256: string): Promise<Opened> {
  const file = typesGguf(model)
  assert.equal(createHash('sha256').update(file).digest('hex'), sha256, `the goldens belong to another ${model.name}`)
  const read = async (offset: number, length: number) => file.slice(offset, offset + length)
  const header = await readGgufHeader({ size: file.length, name: model.name, read })
  const infos = new Map(header.tensors.map(({ typeName, ...rest }) => [rest.name, { ...rest, type: typeName } as TensorInfo]))
  return {
    hyperparameters: hyperparametersFrom(header.metadata, infos.keys()),
    infos,
    file,
    reader: { info: name => infos.get(name), read: name => read(infos.get(name)!.offset, infos.get(name)!.bytes) }
  }
}

async function load(opened: Opened, cuts: number[], options: Partial<SpanEngineOptions> = {}): Promise<SpanEngine[]> {
  const { hyperparameters, reader } = opened
  const ends = [...cuts, hyperparameters.layers]
  const engines: SpanEngine[] = []
  for (const [index, end] of ends.entries()) {
    const span = { first: ends[index - 1] ?? 0, end }
    const fixed = { hyperparameters, tensors: reader, kvTokens: 128, maxBatchTokens: 128, kv: 'f32' as const }
    engines.push(await createSpanEngine({ device, ...fixed, span, ...options }))
  }
  return engines
}

/** Largest |Δ ln p| for p ≥ 1e-6 over all positions, the prompt fed in chunks. */
async function worst(engines: SpanEngine[], golden: { ids: number[]; rows: Float32Array[] }, chunks: number[]): Promise<number> {
  const sequences = await Promise.all(engines.map(engine => engine.reserve(golden.ids.length)))
  let largest = 0
  let position = 0
  for (const count of chunks) {
    for (const logits of await runChain(engines, sequences, position, golden.ids.slice(position, position + count))) {
      const top = Math.max(...logits)
      const logSumExp = top + Math.log(logits.reduce((sum, value) => sum + Math.exp(value - top), 0))
      const row = golden.rows[position++]!
      assert.equal(logits.length, row.length)
      for (const [id, expected] of row.entries())
        if (expected >= Math.log(1e-6)) largest = Math.max(largest, Math.abs(logits[id]! - logSumExp - expected))
    }
  }
  assert.equal(position, golden.ids.length)
  for (const [index, engine] of engines.entries()) await engine.release(sequences[index]!)
  return largest
}

const closeAll = (engines: SpanEngine[]) => Promise.all(engines.map(engine => engine.close()))

for (const model of EMBEDDING_MODELS)
  test(`${model.name}: every row, subnormal scales included, is llama.cpp's bit by bit`, async () => {
    const golden = goldens.embeddings.find(({ name }) => name === model.name)!
    assert.equal(golden.bitEqualRows, TYPES_VOCABULARY)
    const opened = await open(model, golden.sha256)
    const { width } = opened.hyperparameters
    const info = opened.infos.get('token_embd.weight')!
    const expected = dequantise(factsOf(info.type).id, opened.file, info.offset, width * TYPES_VOCABULARY)

    const decoder = decoderFor(info.type)!
    const table = opened.file.subarray(info.offset, info.offset + info.bytes)
    for (let block = 0; block < expected.length / decoder.blockElements; block++) {
      const decoded = Float32Array.from(decoder.decodeBlock(table, block * decoder.fileBlockBytes))
      assert.deepEqual(decoded, expected.slice(block * decoder.blockElements, (block + 1) * decoder.blockElements))
    }

    // A layer that adds nothing hands the embedding on.
    const silent: TensorReader = {
      info: opened.reader.info,
      read: async (name, signal) => {
        const bytes = await opened.reader.read(name, signal)
        return /attn_output|ffn_down/.test(name) ? bytes.fill(0) : bytes
      }
    }
    const span = { first: 0, end: 1 }
    const [engine] = await load(opened, [], { span, tensors: silent, device: smallDevice })
    const batch = 32
    const sequence = await engine!.reserve(batch)
    for (let first = 0; first < TYPES_VOCABULARY; first += batch) {
      const count = Math.min(batch, TYPES_VOCABULARY - first)
      const tokens = Uint32Array.from({ length: count }, (_, row) => first + row)
      const [output] = await engine!.run([{ sequence, position: 0, input: { tokens }, head: headRequest(0) }])
      // Adding the layer's zero makes a negative zero positive.
      const rows = expected.slice(first * width, (first + count) * width).map(value => value + 0)
      assert.deepEqual(hiddenOf(output!), rows)
    }
    await engine!.close()
  })

const { usual: variants } = await testVariants()

for (const [index, model] of TYPES_MODELS.entries()) {
  const golden = goldens.models.find(({ name }) => name === model.name)!
  const cuts = Array.from({ length: model.layers - 1 }, (_, cut) => cut + 1)
  for (const [which, variant] of variants.entries())
    test(`${model.name}, ${variant} kernels: within the bound of llama.cpp, whole and split, in one and in odd chunks`, async t => {
      assert.ok(golden.quantisedMeanKl <= 1e-2)
      const opened = await open(model, golden.sha256)
      const whole = await load(opened, [], { variant })
      const differences = [await worst(whole, golden, [golden.ids.length]), await worst(whole, golden, ODD_CHUNKS)]
      await closeAll(whole)
      // Each boundary once between both variants, with tensors that split.
      for (const cut of cuts.filter(cut => cuts.length === 1 || (cut + index + which) % 2 === 0)) {
        const split = await load(opened, [cut], { variant, device: smallDevice })
        differences.push(await worst(split, golden, ODD_CHUNKS))
        await closeAll(split)
      }
      t.diagnostic(`largest |Δ ln p| for p ≥ 1e-6: ${Math.max(...differences).toExponential(1)}`)
      for (const difference of differences) assert.ok(difference <= BOUND, `|Δ ln p| reaches ${difference}`)
    })
}

test('a row that is not whole blocks is refused by the tensor’s name', async () => {
  const opened = await open(TYPES_MODELS[0]!, goldens.models[0]!.sha256)
  const hyperparameters = { ...opened.hyperparameters, feedForward: 544 }
  for (const type of ['Q4_K', 'Q5_K', 'Q6_K'] satisfies TensorType[]) {
    const info = (name: string): TensorInfo | undefined => {
      const stated = opened.infos.get(name)
      if (stated !== undefined && name.includes('ffn_down')) return { ...stated, type, dims: [544, 256] }
      return stated !== undefined && /ffn_(gate|up)/.test(name) ? { ...stated, dims: [256, 544], bytes: 256 * 544 * 4 } : stated
    }
    assert.throws(() => planSpanTensors(hyperparameters, { first: 0, end: 2 }, { info }), {
      code: 'INVALID_FILE',
      message: new RegExp(`blk\\.0\\.ffn_down\\.weight.*544 is not whole blocks of 256 \\(${type}\\)`)
    })
  }
})

test('a NaN or an infinite scale is found in every type', () => {
  for (const model of EMBEDDING_MODELS) {
    const type = model.typeOf('token_embd')
    const decoder = decoderFor(type)!
    const bytes = new Uint8Array(decoder.fileBlockBytes)
    const blank = () => {
      const { quants, high, scales } = decoder.planeBlockBytes
      return { quants: new Uint8Array(quants), high: new Uint8Array(high), scales: new Uint8Array(scales) }
    }
    assert.equal(decoder.repackRow(bytes, 0, 1, blank()), true, type)
    const scaleAts = type === 'Q6_K' ? [208] : decoder.offsets ? [0, 2] : [0]
    for (const at of scaleAts)
      for (const half of [0x7c00, 0xfc01]) {
        const bad = bytes.slice()
        // The upper byte of a BF16 infinity differs from an f16's.
        new DataView(bad.buffer).setUint16(at, type === 'BF16' ? half | 0x7f80 : half, true)
        assert.equal(decoder.repackRow(bad, 0, 1, blank()), false, `${type}, ${half} at ${at}`)
      }
  }
})
