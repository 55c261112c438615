/** The self-test passes on a sound adapter and names the kernel on an unsound one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { selfTest } from '../../../peer/engine/self-test.ts'
import { SYNTHETIC_MODELS, syntheticGguf } from '../../oracle/synthetic.ts'
import { brokenDevice, testDevice, testVariants } from './fixture.ts'
import { modelFrom } from './psalter.ts'
import { syntheticModel } from './synthetic.ts'

const model = syntheticModel({
  layers: 3,
  tied: false,
  ropePairing: 'half-split',
  ropeDimensions: 8,
  types: { default: 'Q8_0', attn_k: 'F16', attn_v: 'Q4_0', ffn_up: 'Q4_0', ffn_down: 'F32', output: 'F16' }
})
const request = { hyperparameters: model.hyperparameters, tensors: model.reader }

const variants = await testVariants()

// The KV's type is no business of the products, in which alone variants of a kind differ.
for (const kv of ['f16', 'f32'] as const)
  for (const variant of kv === 'f16' ? variants.all : variants.usual)
    test(`passes with KV in ${kv} and ${variant} kernels`, async () => {
      const device = await testDevice()
      await selfTest({ ...request, device, span: { first: 0, end: 3 }, kv, variant })
      assert.equal(device.failure(), undefined)
      device.close()
    })

test('a middle span is tested without embedding and head', async () => {
  const device = await testDevice()
  await selfTest({ ...request, device, span: { first: 1, end: 2 } })
  device.close()
})

const faults: [string, RegExp, string, string][] = [
  ['flushed subnormal scales', /gate-up/, 'f32(magnitude) * 5.9604644775390625e-8', '0.0'],
  ['flushed subnormal halves', /qkv .* F16/, 'vec4f(magnitude) * 5.9604644775390625e-8', 'vec4f(0.0)'],
  ['a rotation the wrong way', /qkv/, 'value.x * r.y + value.y * r.x', 'value.y * r.x - value.x * r.y'],
  ['KV read without the block table', /attention/, 'let block = step[table + position / 16u]', 'let block = position / 16u'],
  ['attention to the token after', /attention/, 'let last = token.position;', 'let last = token.position - 1u;'],
  ['a norm with another epsilon', /rms-norm/, 'f32(shape.width) + shape.epsilon', 'f32(shape.width) + 0.01'],
  ['a product that forgets what was there', /residual-add/, '+= value', '= value'],
  ['nibbles in the wrong order', /embed Q4_0/, 'quad & 3u', '3u - (quad & 3u)']
]
for (const [what, kernel, right, wrong] of faults)
  test(`finds ${what}`, async () => {
    const device = await brokenDevice(kernel, right, wrong)
    const types = what.includes('nibbles')
      ? { tensors: syntheticModel({ layers: 3, tied: false, types: { default: 'Q4_0' } }).reader }
      : {}
    await assert.rejects(selfTest({ ...request, ...types, device, span: { first: 0, end: 3 }, kv: 'f32', variant: 'rows' }), {
      code: 'SELF_TEST_FAILED',
      message: kernel
    })
    device.close()
  })

for (const name of SYNTHETIC_MODELS)
  test(`passes for ${name}`, async () => {
    const { hyperparameters, reader } = await modelFrom(name, syntheticGguf(name))
    const device = await testDevice()
    const span = { first: 0, end: hyperparameters.layers }
    await selfTest({ device, hyperparameters, tensors: reader, span, variant: name === 'gemma3' ? 'workgroup' : 'rows' })
    device.close()
  })

const factFaults: [string, string, RegExp, string, string][] = [
  ['gemma3', 'a window one too long', /attention .* windowed/, 'position + 1u - shape.window', 'position - shape.window'],
  ['gemma3', 'a head normed with another’s gain', /head-norm/, 'select(HEAD_PAIRS, 0u, h.query)', '0u'],
  ['gemma2', 'scores without a soft-cap', /attention/, 'sign(value) * ', 'value; let unused = sign(value) * '],
  ['qwen2', 'a bias left out', /qkv/, 'product + biases[pair]', 'product + 0.0 * biases[pair]'],
  ['granite', 'a residual that is not scaled', /residual-add/, '+= value * ', '+= value + 0.0 * ']
]
for (const [name, what, kernel, right, wrong] of factFaults)
  test(`finds ${what}`, async () => {
    const { hyperparameters, reader } = await modelFrom(name, syntheticGguf(name))
    const device = await brokenDevice(kernel, right, wrong)
    const span = { first: 0, end: hyperparameters.layers }
    await assert.rejects(selfTest({ device, hyperparameters, tensors: reader, span, kv: 'f32', variant: 'rows' }), {
      code: 'SELF_TEST_FAILED',
      message: kernel
    })
    device.close()
  })
