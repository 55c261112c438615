/** The self-test runs the kernels of every tensor type, and finds what adapters may get wrong about each. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { selfTest } from '../../../peer/engine/self-test.ts'
import type { TensorInfo, TensorType } from '../../../peer/model/types.ts'
import { brokenDevice, testDevice } from './fixture.ts'
import { syntheticModel } from './synthetic.ts'

const { hyperparameters } = syntheticModel({
  layers: 2,
  tied: false,
  width: 256,
  heads: 4,
  headDim: 64,
  feedForward: 256,
  types: { default: 'F16' }
})

/** Tensor types by the middle part of the name. */
const types: Record<string, TensorType> = {
  token_embd: 'Q5_K',
  attn_q: 'BF16',
  attn_k: 'Q4_1',
  attn_v: 'Q5_0',
  attn_output: 'Q5_1',
  ffn_gate: 'Q4_K',
  ffn_up: 'Q5_K',
  ffn_down: 'Q6_K',
  output: 'Q4_K'
}
const info = (name: string): TensorInfo => {
  const type = types[name.split('.').at(-2)!] ?? 'F32'
  // The self-test asks for nothing but the type.
  return { name, type, dims: [], offset: 0, bytes: 0 }
}
const request = { hyperparameters, tensors: { info }, span: { first: 1, end: 2 }, kv: 'f32' as const }

for (const variant of ['rows', 'workgroup'] as const)
  test(`passes with ${variant} kernels`, async () => {
    const device = await testDevice()
    await selfTest({ ...request, span: { first: 0, end: 2 }, device, variant })
    assert.equal(device.failure(), undefined)
    device.close()
  })

// One type with offsets, since each takes the CPU's compiler seconds and the decoders are those of `rows`.
test('passes with exchange kernels', async () => {
  const device = await testDevice()
  const tensors = { info: (name: string): TensorInfo => ({ ...info(name), type: info(name).type === 'F32' ? 'F32' : 'Q4_K' }) }
  await selfTest({ ...request, tensors, span: { first: 0, end: 1 }, device, variant: 'exchange' })
  assert.equal(device.failure(), undefined)
  device.close()
})

const FLUSHED: [string, string] = ['f32(magnitude) * 5.9604644775390625e-8', '0.0']
const faults: [string, RegExp, string, string][] = [
  ['flushed subnormals of Q4_1', /mat-mul qkv .* Q4_1 Q4_1/, ...FLUSHED],
  ['flushed subnormals of Q5_0', /mat-mul qkv .* Q5_0 Q5_0/, ...FLUSHED],
  ['flushed subnormals of Q5_1', /mat-mul .* Q5_1 Q5_1/, ...FLUSHED],
  ['flushed subnormals of Q4_K and Q5_K', /mat-mul .* Q4_K Q5_K/, ...FLUSHED],
  ['flushed subnormals of Q6_K', /mat-mul .* Q6_K Q6_K/, ...FLUSHED],
  [
    'BF16 halves the wrong way round',
    /mat-mul qkv .* BF16 BF16/,
    'low << 16u, low & 0xffff0000u',
    'low & 0xffff0000u, low << 16u'
  ],
  ['a fifth bit of the wrong element', /mat-mul .* Q5_1 Q5_1/, '>> (quad * 4u)', '>> (quad * 4u + 1u)'],
  ['offsets left out', /mat-mul qkv .* Q4_1 Q4_1/, 'vec2f(sa0.y, sb0.y)', 'vec2f(0.0)'],
  ['minima added', /mat-mul .* Q4_K Q5_K/, 'vec2f(1.0, -1.0)', 'vec2f(1.0, 1.0)'],
  ['scales without the bits kept elsewhere', /mat-mul .* Q4_K Q5_K/, '((bytes.x >> 6u) << 4u)', '0u'],
  ['scales without a sign', /mat-mul .* Q6_K Q6_K/, '* f32(signed)', '* abs(f32(signed))']
]
for (const [what, kernel, right, wrong] of faults)
  test(`finds ${what}`, async () => {
    const device = await brokenDevice(kernel, right, wrong)
    await assert.rejects(selfTest({ ...request, device, variant: 'rows' }), { code: 'SELF_TEST_FAILED', message: kernel })
    device.close()
  })
