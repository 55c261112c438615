// `npm run oracle`: installs the oracle's package when it is missing, computes the goldens anew and compares them with the
// committed ones; `npm run oracle -- --write` replaces them.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const here = import.meta.dirname

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: here, stdio: 'inherit' })
  if (error !== undefined) throw error
  if (status !== 0) process.exit(status ?? 1)
}

if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.error('oracle: the pinned llama.cpp build is for Linux on x64 only')
  process.exit(1)
}
if (!existsSync(join(here, 'node_modules', 'node-llama-cpp'))) run('npm', ['ci', '--omit=optional', '--ignore-scripts'])
for (const script of [
  'make-goldens.mjs',
  'make-sampling-goldens.mjs',
  'make-type-goldens.mjs',
  'make-tokenizer-goldens.mjs',
  'make-architecture-goldens.mjs'
])
  run(process.execPath, [script, ...(process.argv.includes('--write') ? [] : ['--check'])])
