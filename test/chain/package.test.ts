/**
 * The publishable package as its users get it: installed under its name, imported, type-checked, run as a command.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { NODE_FLAGS } from '../../peer/cli/service-memory.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
// Inside node_modules, so that the package finds its dependencies as an installed one does.
const user = join(root, 'node_modules/.cache/shoal/package-user')
const installed = join(user, 'node_modules/shoal')
const node = (...args: string[]) =>
  execFileSync(process.execPath, args, { cwd: user, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

before(() => {
  rmSync(user, { recursive: true, force: true })
  mkdirSync(user, { recursive: true })
  writeFileSync(join(user, 'package.json'), JSON.stringify({ name: 'user', type: 'module' }))
  node(join(root, 'scripts/build.mjs'), '--package', installed)
})

after(() => rmSync(user, { recursive: true, force: true }))

test('it says what it is and brings the model and the command', () => {
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
  assert.equal(manifest.private, undefined)
  assert.equal(manifest.devDependencies, undefined)
  assert.equal(manifest.scripts, undefined)
  const path = join(installed, manifest.bin.shoal)
  assert.equal(readFileSync(path, 'utf8').split('\n')[0], `#!/usr/bin/env -S node ${NODE_FLAGS.join(' ')}`)
  assert.match(node(path, '--help'), /^Usage: shoal /)
  assert.match(node(path, 'publish', join(installed, 'models/psalter-6m.q8_0.gguf'), '--out', 'manifest.json'), /^[0-9a-f]{64} /)
})

test('what npm packs of the checkout leads to the same files', () => {
  const packed = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const inner = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
  assert.equal(packed.private, undefined)
  assert.equal(packed.scripts.prepack, packed.scripts.build)
  assert.ok(packed.files.includes('dist'))
  const paths = (manifest: object) => JSON.stringify(manifest).match(/(?<=:")[^"]+\.(js|d\.ts)(?=")/g)!
  const outer = paths([packed.bin, packed.exports])
  assert.ok(outer.length > 5)
  for (const path of outer) {
    assert.match(path, /^(\.\/)?dist\//)
    assert.ok(readFileSync(join(installed, path.replace(/^(\.\/)?dist\//, ''))).byteLength > 0, path)
  }
  assert.deepEqual(packed.dependencies, inner.dependencies)
  assert.equal(packed.version, inner.version)
})

test('its entries name emitted files only', () => {
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
  const paths = JSON.stringify([manifest.exports, manifest.imports]).match(/(?<=:")\.\/[^"]+/g)!
  for (const path of paths.filter(path => path !== './package.json')) {
    assert.match(path, /\.(js|d\.ts)$/)
    assert.ok(readFileSync(join(installed, path)).byteLength > 0)
  }
})

test('it can be imported, and its parts for Node too', () => {
  const code = `
    const shoal = await import('shoal')
    const { startGateway } = await import('shoal/gateway')
    const { startBootstrap } = await import('shoal/bootstrap')
    console.log([shoal.join, shoal.openCompletionService, shoal.startDonation, startGateway, startBootstrap].map(value => typeof value).join())
    process.exit()`
  assert.equal(node('--input-type=module', '--eval', code), 'function,function,function,function,function\n')
})

test('its types stand by themselves', () => {
  writeFileSync(
    join(user, 'use.ts'),
    `import { BusyError, createNode, join, neutralSampling, type CompletionEvent, type CompletionService } from 'shoal'
     export async function first(service: CompletionService): Promise<CompletionEvent | undefined> {
       const request = { input: { text: 'In' }, sampling: { ...neutralSampling, temperature: 0 }, stop: [] }
       for await (const event of service.complete(request)) return event
       throw new BusyError('nothing came')
     }
     // @ts-expect-error a node needs a key
     void createNode({ directoryNodes: (await join(['http://localhost'])).directoryNodes })`
  )
  const check = (...options: string[]) =>
    node(
      join(root, 'node_modules/typescript/bin/tsc'),
      '--ignoreConfig',
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--target',
      'es2024',
      ...options,
      'use.ts'
    )
  check('--module', 'nodenext')
  check('--module', 'esnext', '--moduleResolution', 'bundler', '--customConditions', 'browser', '--lib', 'esnext,dom')
})
