/** What is carried to a bare machine is whole: every module, and no package but those that are packed. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ENTRIES, modulesOf } from '../../bench/gpu/pack.ts'

const PACKED = ['webgpu', 'onnxruntime-node']

test('the packed modules import nothing that stays behind', async () => {
  const modules = await modulesOf(ENTRIES)
  for (const needed of [
    'peer/engine/span.ts',
    'test/bench/kernels/kernels.ts',
    'test/bench/onnx/export.ts',
    'peer/engine/decoders/q4-0.ts'
  ])
    assert.ok(
      [...modules].some(path => path.endsWith(needed)),
      `${needed} is packed`
    )
  for (const path of modules) {
    const text = readFileSync(path, 'utf8')
    const packages = [...text.matchAll(/^(?:import|export)\b(?! type)[^'"]*?\bfrom\s+'([^.'][^']*)'/gm)].map(([, name]) => name!)
    for (const name of packages) assert.ok(name.startsWith('node:') || PACKED.includes(name), `${path} imports ${name}`)
  }
})
