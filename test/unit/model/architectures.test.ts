/** What is read of each architecture’s header, and that its manifest says it again. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { InvalidFileError, UnsupportedModelError } from '../../../peer/errors.ts'
import { readGgufHeader } from '../../../peer/model/gguf.ts'
import { describeHeader, encodeManifest, manifestOf, parseManifest } from '../../../peer/model/manifest.ts'
import { checkManifest } from '../../../peer/model/manifest-checks.ts'
import { tensorsOfSpan } from '../../../peer/model/span-tensors.ts'
import type { Hyperparameters } from '../../../peer/model/types.ts'
import { bytesSource } from '../../../peer/weights/source.ts'
import { SYNTHETIC_MODELS, syntheticGguf } from '../../oracle/synthetic.ts'
import { f32, text, tinyMetadata, tinyTensors, u32, type WrittenValue, writeGguf } from './gguf-writer.ts'

const PLAIN = [
  'architecture',
  'layers',
  'width',
  'heads',
  'kvHeads',
  'headDim',
  'feedForward',
  'vocabulary',
  'contextLength',
  'normEpsilon',
  'ropeBase',
  'ropeDimensions',
  'ropePairing',
  'tied'
]

/** From llama.cpp's src/models and the metadata that synthetic.ts writes. */
const facts: Record<string, Partial<Hyperparameters>> = {
  llama: {},
  'llama-untied-linear': { ropeScaling: { kind: 'linear', factor: 4 } },
  'llama-3': { ropeFactors: 'rope_freqs.weight' },
  'llama-yarn': { ropeScaling: { kind: 'yarn', factor: 8, originalContext: 24 } },
  qwen2: { qkvBias: true },
  'qwen2-yarn': { qkvBias: true, ropeScaling: { kind: 'yarn', factor: 4, originalContext: 64 } },
  qwen3: { headNorms: true },
  gemma2: {
    activation: 'gelu',
    postNorms: true,
    embeddingScale: 8,
    attentionSoftCap: 3,
    logitSoftCap: 5,
    window: { size: 12, layers: [0, 2] }
  },
  'gemma2-all-windowed': {
    activation: 'gelu',
    postNorms: true,
    embeddingScale: 8,
    attentionSoftCap: 50,
    logitSoftCap: 30,
    window: { size: 12, layers: [0, 1] }
  },
  gemma3: {
    activation: 'gelu',
    headNorms: true,
    postNorms: true,
    embeddingScale: 8,
    ropeScaling: { kind: 'linear', factor: 8 },
    window: { size: 12, layers: [0, 1, 3], ropeBase: 10_000 }
  },
  'phi3-long': {
    fused: true,
    ropeFactors: 'rope_factors_long.weight',
    ropeScaling: { kind: 'linear', factor: 1, magnitude: Math.fround(1.19) }
  },
  'phi3-short': { fused: true, ropeFactors: 'rope_factors_short.weight' },
  smollm3: { unrotated: [3] },
  granite: {
    embeddingScale: 12,
    residualScale: Math.fround(0.22),
    logitScale: 1 / Math.fround(0.4),
    attentionScale: 0.125
  }
}

describe('architectures', () => {
  for (const name of SYNTHETIC_MODELS) {
    it(`${name}: facts, the same after its manifest’s bytes, and tensors for every span`, async () => {
      const { manifest, bytes, digest } = await manifestOf(bytesSource(syntheticGguf(name), name))
      const h = manifest.hyperparameters
      const found = Object.fromEntries(Object.entries(h).filter(([key]) => !PLAIN.includes(key)))
      assert.deepEqual(found, facts[name])
      assert.equal(h.ropePairing, /llama|smollm3|granite/.test(name) ? 'interleaved' : 'half-split')
      const parsed = await parseManifest(bytes)
      assert.deepEqual(parsed.manifest.hyperparameters, h)
      assert.equal(parsed.digest, digest)
      for (let layer = 0; layer < h.layers; layer++) {
        const names = tensorsOfSpan(h, { first: layer, end: layer + 1 }).map(tensor => tensor.name)
        assert.equal(names.includes(h.ropeFactors ?? ''), h.ropeFactors !== undefined, 'rotation factors reach every hop')
        assert.equal(names.includes('token_embd.weight'), layer === 0 || (layer === h.layers - 1 && h.tied))
      }
    })
  }

  const wrong: [string, string, (h: Hyperparameters) => void, RegExp][] = [
    ['a llama with biases', 'llama', h => Object.assign(h, { qkvBias: true }), /qkvBias: true, but llama/],
    ['a qwen2 without', 'qwen2', h => delete h.qkvBias, /qkvBias: undefined, but qwen2/],
    ['another activation', 'gemma2', h => Object.assign(h, { activation: 'relu' }), /activation: "relu"/],
    ['a window of nothing', 'gemma2', h => Object.assign(h, { window: { size: 0, layers: [0] } }), /window.size: 0/],
    [
      'a layer that is not there',
      'gemma2',
      h => Object.assign(h, { window: { size: 4, layers: [0, 9] } }),
      /window.layers\[1\]: layer 9/
    ],
    ['layers out of order', 'smollm3', h => Object.assign(h, { unrotated: [3, 1] }), /unrotated\[1\]: layer 1/],
    ['a soft-cap below zero', 'gemma2', h => Object.assign(h, { logitSoftCap: -1 }), /logitSoftCap: -1/],
    ['a scale of infinity', 'granite', h => Object.assign(h, { residualScale: 1e300 }), /residualScale: 1e\+300/],
    ['another scaling', 'llama', h => Object.assign(h, { ropeScaling: { kind: 'ntk', factor: 2 } }), /ropeScaling: "ntk"/],
    [
      'yarn over no context',
      'llama',
      h => Object.assign(h, { ropeScaling: { kind: 'yarn', factor: 2 } }),
      /original context of undefined/
    ],
    ['foreign factors', 'qwen3', h => Object.assign(h, { ropeFactors: 'rope_freqs.weight' }), /ropeFactors: "rope_freqs.weight"/],
    ['tied beside an output', 'llama-untied-linear', h => Object.assign(h, { tied: true }), /'output.weight': there, although/],
    ['untied without one', 'llama', h => Object.assign(h, { tied: false }), /'output.weight': missing/],
    ['an untied gemma', 'gemma3', h => Object.assign(h, { tied: false }), /gemma3 reuses the embedding/]
  ]
  for (const [what, name, change, message] of wrong) {
    it(`refuses a manifest with ${what}`, async () => {
      const { manifest } = await manifestOf(bytesSource(syntheticGguf(name), name))
      const changed = JSON.parse(new TextDecoder().decode(encodeManifest(manifest))) as { hyperparameters: Hyperparameters }
      change(changed.hyperparameters)
      assert.throws(
        () => checkManifest(changed),
        thrown => (thrown instanceof InvalidFileError || thrown instanceof UnsupportedModelError) && message.test(thrown.message)
      )
    })
  }

  const described = async (...fields: [string, WrittenValue][]) =>
    describeHeader(
      await readGgufHeader(bytesSource(writeGguf({ metadata: [...tinyMetadata(), ...fields], tensors: tinyTensors() }), 'tiny'))
    )

  it('gives Mistral’s window to every layer, unless it hides nothing', async () => {
    const windowed = await described(['llama.attention.sliding_window', u32(8)])
    assert.deepEqual(windowed.hyperparameters.window, { size: 8, layers: [0, 1] })
    const all = await described(['llama.attention.sliding_window', u32(4096)])
    assert.equal(all.hyperparameters.window, undefined)
  })

  it('takes no scaling for what it is not', async () => {
    const none = await described(['llama.rope.scaling.type', text('none')], ['llama.rope.scaling.factor', f32(8)])
    assert.equal(none.hyperparameters.ropeScaling, undefined)
    await assert.rejects(
      described(['llama.rope.scaling.type', text('yarn')], ['llama.rope.scaling.factor', f32(0.5)]),
      InvalidFileError
    )
  })
})
