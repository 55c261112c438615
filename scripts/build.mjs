/**
 * `npm run build`: dist/ becomes the package (JavaScript, types, the embedded model, the `shoal` command) and dist/web the
 * page; `npm pack` does the same first and packs that. `--page` builds the page alone, `--package FOLDER` the package without
 * page into another folder.
 */
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { projectNode, root, run } from './set-up/machine.mjs'
import { ensurePackages } from './set-up/packages.mjs'

const dist = join(root, 'dist')

function buildPackage(out) {
  const copy = path => {
    mkdirSync(dirname(join(out, path)), { recursive: true })
    cpSync(join(root, path), join(out, path))
  }
  tool('typescript/bin/tsc', '--project', 'tsconfig.build.json', '--outDir', out)
  // What tsc reads but does not emit: generated code that is JavaScript with types beside it.
  for (const folder of ['peer', 'bootstrap'])
    for (const path of readdirSync(join(root, folder), { recursive: true }))
      if (/\.pb\.(js|d\.ts)$/.test(path)) copy(join(folder, path))
  copy('models/psalter-6m.q8_0.gguf')
  copy('models/README.md')
  for (const path of readdirSync(root)) if (/^(README|LICENSE)/.test(path)) copy(path)
  chmodSync(join(out, 'peer/cli/main.js'), 0o755)
  writeFileSync(join(out, 'package.json'), `${JSON.stringify(publishedManifest(), null, 2)}\n`)
}

function buildPage() {
  tool('vite/bin/vite.js', 'build', '--config', 'web/vite.config.ts', '--logLevel', 'warn')
}

/**
 * package.json as dist/ has it: without what only the checkout needs, and with emitted files in place of sources. Packed from
 * the checkout, dist/ lies in the package as a folder with this manifest, whose `imports` are those that its files go by.
 */
function publishedManifest() {
  const source = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const { name, version, description, license, type, engines, dependencies } = source
  const here = value => JSON.parse(JSON.stringify(value).replaceAll(/"(\.\/)?dist\//g, '"./'))
  const imports = JSON.parse(JSON.stringify(source.imports).replaceAll(/\.ts"/g, '.js"'))
  return {
    name,
    version,
    description,
    license,
    type,
    engines,
    bin: here(source.bin),
    exports: here(source.exports),
    imports,
    dependencies
  }
}

function tool(script, ...args) {
  const { ok, reason } = run(projectNode, [join(root, 'node_modules', script), ...args], { shell: false })
  if (!ok) throw new Error(`${script} failed (${reason})`)
}

try {
  ensurePackages()
  const [mode, folder] = process.argv.slice(2)
  if (mode === '--page') buildPage()
  else if (mode === '--package') buildPackage(resolve(folder))
  else {
    rmSync(dist, { recursive: true, force: true })
    buildPackage(dist)
    buildPage()
  }
} catch (error) {
  console.error(`build: ${error.message}`)
  process.exitCode = 1
}
