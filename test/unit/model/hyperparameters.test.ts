import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InvalidFileError, InvalidRequestError, type ShoalError, UnsupportedModelError } from '../../../peer/errors.ts'
import { readGgufHeader } from '../../../peer/model/gguf.ts'
import { hyperparametersFrom } from '../../../peer/model/hyperparameters.ts'
import { describeHeader } from '../../../peer/model/manifest.ts'
import { spanTensorInfos, tensorsOfSpan } from '../../../peer/model/span-tensors.ts'
import { openFileSource } from '../../../peer/weights/file-source.ts'
import { bytesSource } from '../../../peer/weights/source.ts'
import { goldenModelPath } from '../../oracle/goldens.ts'
import { f32, text, tinyMetadata, tinyTensors, u32, type WrittenTensor, type WrittenValue, writeGguf } from './gguf-writer.ts'

const header = (metadata: [string, WrittenValue][], tensors: WrittenTensor[] = tinyTensors()) =>
  readGgufHeader(bytesSource(writeGguf({ metadata, tensors }), 'tiny'))
const withField = (key: string, value: WrittenValue) => [
  ...tinyMetadata().filter(([k]) => k !== key),
  [key, value] as [string, WrittenValue]
]
const rejects = (promise: Promise<unknown>, type: new (message: string) => ShoalError, message: RegExp) =>
  assert.rejects(promise, thrown => thrown instanceof type && message.test(thrown.message))

describe('hyperparameters', () => {
  it('are those of the embedded model’s card', async () => {
    const source = await openFileSource(goldenModelPath())
    try {
      const { metadata, tensors } = await readGgufHeader(source)
      const hyperparameters = hyperparametersFrom(
        metadata,
        tensors.map(tensor => tensor.name)
      )
      assert.deepEqual(hyperparameters, {
        architecture: 'llama',
        layers: 8,
        width: 256,
        heads: 4,
        kvHeads: 2,
        headDim: 64,
        feedForward: 512,
        vocabulary: 4096,
        contextLength: 256,
        normEpsilon: Math.fround(1e-5),
        ropeBase: 10_000,
        ropeDimensions: 64,
        ropePairing: 'interleaved',
        tied: true
      })
    } finally {
      await source.close?.()
    }
  })

  it('takes llama.cpp’s defaults for fields a file may leave out', async () => {
    const { metadata } = await header(tinyMetadata().filter(([key]) => key !== 'llama.attention.head_count_kv'))
    const { kvHeads, headDim, ropeDimensions, ropeBase, vocabulary, tied } = hyperparametersFrom(metadata, ['output.weight'])
    assert.deepEqual(
      { kvHeads, headDim, ropeDimensions, ropeBase, vocabulary, tied },
      {
        kvHeads: 4,
        headDim: 16,
        ropeDimensions: 16,
        ropeBase: 10_000,
        vocabulary: 4,
        tied: false
      }
    )
  })

  const unsupported: [string, WrittenValue, RegExp][] = [
    ['general.architecture', text('mamba'), /architecture "mamba"/],
    ['llama.rope.scaling.type', text('longrope'), /'llama.rope.scaling.type': "longrope"/],
    ['llama.rope.scaling.yarn_beta_fast', f32(16), /'llama.rope.scaling.yarn_beta_fast': 16/],
    ['llama.attn_logit_softcapping', f32(50), /'llama.attn_logit_softcapping': 50/],
    ['llama.expert_count', u32(8), /'llama.expert_count': 8/],
    ['llama.attention.sliding_window_pattern', u32(2), /sliding_window_pattern/],
    ['llama.something_new', u32(1), /'llama.something_new': 1/],
    ['general.quantization_version', u32(3), /quantization_version': 3/],
    ['tokenizer.ggml.model', text('bert'), /tokenizer.ggml.model': "bert"/],
    ['tokenizer.ggml.pre', text('qwen9'), /pre-tokenizer "qwen9"/]
  ]
  for (const [key, value, message] of unsupported) {
    it(`refuses ${key} = ${JSON.stringify((value as { value: unknown }).value)} by name`, async () => {
      await rejects(header(withField(key, value)).then(describeHeader), UnsupportedModelError, message)
    })
  }

  it('accepts fields that change nothing', async () => {
    describeHeader(await header([...tinyMetadata(), ['llama.rope.scaling.type', text('none')], ['llama.expert_count', u32(0)]]))
  })

  const invalid: [string, WrittenValue | undefined, RegExp][] = [
    ['llama.block_count', undefined, /'llama.block_count': missing/],
    ['llama.block_count', u32(0), /'llama.block_count': 0/],
    ['llama.block_count', u32(4_000_000_000), /'llama.block_count': 4000000000/],
    ['llama.block_count', text('2'), /'llama.block_count': "2"/],
    ['llama.embedding_length', f32(64.5), /64.5/],
    ['llama.attention.head_count', u32(3), /headDim: 21.3/],
    ['llama.attention.head_count_kv', u32(3), /kvHeads: 3 does not divide the 4 heads/],
    ['llama.attention.layer_norm_rms_epsilon', f32(Number.NaN), /rms_epsilon': NaN/],
    ['llama.rope.dimension_count', u32(7), /ropeDimensions: 7/],
    ['llama.feed_forward_length', u32(97), /'blk.0.ffn_gate.weight': dimensions \[64, 96\]/],
    ['llama.vocab_size', u32(5), /'token_embd.weight': dimensions/],
    ['tokenizer.ggml.eos_token_id', u32(4), /eos_token_id': 4/],
    ['tokenizer.ggml.add_bos_token', u32(1), /add_bos_token': 1 is not a bool/]
  ]
  for (const [key, value, message] of invalid) {
    it(`refuses ${key} ${value === undefined ? 'missing' : `= ${(value as { value: unknown }).value}`}`, async () => {
      const metadata = value === undefined ? tinyMetadata().filter(([k]) => k !== key) : withField(key, value)
      await rejects(header(metadata).then(describeHeader), InvalidFileError, message)
    })
  }
})

describe('tensors of a span', () => {
  const tiny = async (tensors = tinyTensors()) => {
    const read = await header(tinyMetadata(), tensors)
    return {
      hyperparameters: hyperparametersFrom(
        read.metadata,
        read.tensors.map(tensor => tensor.name)
      ),
      table: new Map(read.tensors.map(tensor => [tensor.name, tensor])),
      header: read
    }
  }

  it('split the model without loss; the tied embedding is on both ends', async () => {
    const { hyperparameters: h } = await tiny()
    const names = (first: number, end: number) => tensorsOfSpan(h, { first, end }).map(tensor => tensor.name)
    assert.deepEqual(new Set([...names(0, 1), ...names(1, 2)]), new Set(names(0, 2)))
    assert.equal(names(0, 2).length, 20)
    assert.ok(names(0, 1).includes('token_embd.weight') && !names(0, 1).includes('output_norm.weight'))
    assert.ok(names(1, 2).includes('token_embd.weight') && names(1, 2).includes('output_norm.weight'))
    const untied = tensorsOfSpan({ ...h, tied: false }, { first: 1, end: 2 }).map(tensor => tensor.name)
    assert.ok(untied.includes('output.weight') && !untied.includes('token_embd.weight'))
    for (const [first, end] of [
      [-1, 1],
      [1, 1],
      [0, 3],
      [0.5, 2]
    ] as const)
      assert.throws(() => names(first, end), InvalidRequestError)
  })

  it('of an unknown type matter only to a peer that needs them', async () => {
    const tensors = tinyTensors().map(tensor => (tensor.name === 'blk.1.ffn_up.weight' ? { ...tensor, type: 77 } : tensor))
    const { hyperparameters, table, header: read } = await tiny(tensors)
    describeHeader(read)
    assert.equal(spanTensorInfos(hyperparameters, { first: 0, end: 1 }, table).length, 10)
    assert.throws(
      () => spanTensorInfos(hyperparameters, { first: 1, end: 2 }, table),
      thrown => thrown instanceof UnsupportedModelError && /'blk.1.ffn_up.weight': type 77/.test(thrown.message)
    )
  })

  it('must be there, and none beside them', async () => {
    const missing = await header(
      tinyMetadata(),
      tinyTensors().filter(tensor => tensor.name !== 'blk.1.attn_k.weight')
    )
    assert.throws(() => describeHeader(missing), /'blk.1.attn_k.weight': missing/)
    const factors = await header(tinyMetadata(), [
      ...tinyTensors(),
      { name: 'rope_factors_long.weight', dims: [8], type: 0, data: new Uint8Array(32) }
    ])
    assert.throws(() => describeHeader(factors), UnsupportedModelError)
    assert.throws(() => describeHeader(factors), /'rope_factors_long.weight'/)
  })
})
