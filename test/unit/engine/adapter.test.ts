/** What an adapter is called, and what is said where there is none. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { requestGpu } from '#engine/adapter'
import { requestGpu as requestInBrowser } from '../../../peer/engine/adapter.browser.ts'
import { describeAdapter } from '../../../peer/engine/adapter-description.ts'
import type { KernelVariant } from '../../../peer/engine/kernels/shared.ts'
import { styleFor } from '../../../peer/engine/style.ts'

const limits = { maxBufferSize: 10, maxStorageBufferBindingSize: 5 }
const adapter = (info: Partial<GPUAdapterInfo>, features: string[] = []) =>
  ({
    info: { vendor: '', architecture: '', device: '', description: '', ...info },
    features: new Set(features),
    limits
  }) as unknown as GPUAdapter

test('software adapters are told from GPUs', () => {
  const kind = (info: Partial<GPUAdapterInfo>) => describeAdapter(adapter(info)).kind
  assert.equal(kind({ vendor: 'mesa', description: 'llvmpipe (LLVM 15.0.6, 256 bits)' }), 'software')
  assert.equal(kind({ vendor: 'google', architecture: 'swiftshader' }), 'software')
  assert.equal(kind({ description: 'Microsoft Basic Render Driver' }), 'software')
  assert.equal(kind({ isFallbackAdapter: true }), 'software')
  assert.equal(kind({ vendor: 'nvidia', architecture: 'ampere', isFallbackAdapter: false }), 'gpu')
  assert.deepEqual(describeAdapter(adapter({ vendor: 'apple', architecture: 'metal-3' }, ['shader-f16'])), {
    name: 'apple metal-3',
    vendor: 'apple',
    architecture: 'metal-3',
    kind: 'gpu',
    features: { f16: true, subgroups: false, leastSubgroup: 0, timestamps: false },
    maxBufferBytes: 10,
    maxBindingBytes: 5
  })
})

test('variants go to adapters that have what they need', () => {
  const software = { vendor: 'mesa', description: 'llvmpipe (LLVM 15.0.6, 256 bits)' }
  const style = (info: Partial<GPUAdapterInfo>, features: string[], variant?: KernelVariant) =>
    styleFor({ adapter: describeAdapter(adapter(info, features)) }, variant).variant
  assert.equal(style({ ...software, subgroupMinSize: 8 }, ['subgroups']), 'exchange')
  assert.equal(style({ ...software, subgroupMinSize: 4 }, ['subgroups']), 'rows')
  assert.equal(style({ ...software, subgroupMinSize: 8 }, []), 'rows')
  assert.equal(style({ vendor: 'nvidia', subgroupMinSize: 32 }, ['subgroups']), 'workgroup')
  assert.equal(style({ vendor: 'nvidia', subgroupMinSize: 32 }, ['subgroups'], 'subgroup'), 'subgroup')
  for (const variant of ['exchange', 'subgroup'] as const)
    assert.throws(() => style({ vendor: 'nvidia', subgroupMinSize: 32 }, [], variant), { code: 'INVALID_REQUEST' })
})

test('this machine’s adapter has a name and room', async () => {
  const description = describeAdapter(await requestGpu())
  assert.notEqual(description.name, '')
  assert.ok(description.maxBindingBytes >= 128 * 1024 * 1024)
})

test('a Node without a Vulkan driver is told what to install', async () => {
  const script = `import { requestGpu } from '#engine/adapter'
    requestGpu().then(() => console.log('found'), error => console.log(error.code, error.message))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: new URL('../../..', import.meta.url),
    // A driver list that names no file leaves the Vulkan loader without drivers; other platforms find their adapter regardless.
    env: { ...process.env, VK_ICD_FILENAMES: '/nonexistent.json', VK_DRIVER_FILES: '/nonexistent.json' }
  })
  if (process.platform === 'linux') assert.match(stdout, /NO_ADAPTER .*Vulkan driver.*bookworm-backports/)
  else assert.match(stdout, /found|NO_ADAPTER/)
})

test('a page without a secure context, without WebGPU or without adapter says which', async t => {
  const define = (name: 'isSecureContext' | 'navigator', value: unknown) => {
    const before = Object.getOwnPropertyDescriptor(globalThis, name)
    Object.defineProperty(globalThis, name, { value, configurable: true })
    t.after(() =>
      before === undefined
        ? delete (globalThis as Record<string, unknown>)[name]
        : Object.defineProperty(globalThis, name, before)
    )
  }
  define('isSecureContext', false)
  await assert.rejects(requestInBrowser(), { code: 'NO_ADAPTER', message: /HTTPS/ })
  define('isSecureContext', true)
  define('navigator', {})
  await assert.rejects(requestInBrowser(), { code: 'NO_ADAPTER', message: /has no WebGPU/ })
  define('navigator', { gpu: { requestAdapter: async () => null } })
  await assert.rejects(requestInBrowser(), { code: 'NO_ADAPTER', message: /no adapter/ })
})
