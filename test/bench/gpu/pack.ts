/**
 * `node test/bench/gpu/pack.ts FOLDER`: writes all that `gpu` needs on a bare Linux machine with a GPU and a Vulkan driver:
 * `run`, a shell script, the Node binary compressed, and one file of sources, packages and the embedded model.
 */
import { execFile } from 'node:child_process'
import { createReadStream, createWriteStream } from 'node:fs'
import { chmod, copyFile, glob, mkdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { brotliCompressSync, constants, createGzip } from 'node:zlib'
import { goldenModelPath } from '../../oracle/goldens.ts'

const ROOT = join(import.meta.dirname, '../../..')

/** What is run or imported by name; what these import comes along. */
export const ENTRIES = ['main.ts', 'gpu/gpu.ts', 'engine/shoal-child.ts', 'engine/onnxruntime-child.mjs'].map(name =>
  join(ROOT, 'test/bench', name)
)

const DATA = ['package.json', 'test/bench/package.json', 'test/oracle/golden/prompts.json', relative(ROOT, goldenModelPath())]

/** Packages for this platform only, where they hold builds for several. */
const PLATFORM = `${process.platform}-${process.arch}`
const PACKAGES = [
  `node_modules/webgpu/{package.json,index.js,dist/${PLATFORM}/**}`,
  `test/bench/node_modules/onnxruntime-node/{package.json,dist/**/*.js,bin/*/${process.platform}/${process.arch}/**}`,
  'test/bench/node_modules/onnxruntime-common/{package.json,dist/cjs/**/*.{js,json},dist/esm/**/*.{js,json}}'
]

/** Static imports only: what a benchmark imports when it is run belongs to that benchmark. */
const IMPORTS = /^(?:import|export)\b[^'"]*?\bfrom\s+'(\.[^']+)'/gm

/** Paths of the modules that `entries` are made of. */
export async function modulesOf(entries: readonly string[]): Promise<Set<string>> {
  const found = new Set<string>()
  const visit = async (path: string): Promise<void> => {
    if (found.has(path)) return
    found.add(path)
    const text = await readFile(path, 'utf8')
    for (const [, target] of text.matchAll(IMPORTS)) await visit(resolve(dirname(path), target!))
  }
  for (const entry of entries) await visit(entry)
  return found
}

/** Decompresses the one file; plain JavaScript in one module, for it runs before anything else is there. */
const UNPACK = `import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
const [archive, folder] = process.argv.slice(2)
const bytes = brotliDecompressSync(readFileSync(archive))
let at = 4 + bytes.readUInt32LE(0)
for (const { path, length } of JSON.parse(bytes.toString('utf8', 4, at))) {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), bytes.subarray(at, at + length))
  at += length
}
`

const RUN = `#!/bin/sh
# Measures Shoal on this machine's GPU. Needs a Vulkan driver and 20 GB of disk for models; writes gpu.json here.
set -e
cd "$(dirname "$0")"
[ -x node ] || { gunzip -c node.gz > node.part && chmod +x node.part && mv node.part node; }
[ -d files ] || { ./node unpack.mjs files.br files.part && mv files.part files; }
exec ./node files/test/bench/main.ts gpu --json gpu.json "$@"
`

/** The Node binary without its symbols, a seventh of it, where binutils are there to remove them. */
async function strippedNode(folder: string): Promise<{ path: string; remove: () => Promise<void> }> {
  const own = await realpath(process.execPath)
  const path = join(folder, 'node.stripped')
  try {
    await promisify(execFile)('strip', ['-o', path, own])
    return { path, remove: () => rm(path) }
  } catch {
    return { path: own, remove: async () => undefined }
  }
}

async function pack(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const paths = [...(await modulesOf(ENTRIES)), ...DATA.map(path => join(ROOT, path))]
  for (const pattern of PACKAGES) {
    const before = paths.length
    for await (const path of glob(pattern, { cwd: ROOT }))
      if ((await stat(join(ROOT, path))).isFile()) paths.push(join(ROOT, path))
    if (paths.length === before) throw new Error(`nothing installed matches ${pattern}`)
  }
  const contents = await Promise.all(paths.map(path => readFile(path)))
  const list = paths.map((path, index) => ({ path: relative(ROOT, path), length: contents[index]!.length }))
  const header = Buffer.from(JSON.stringify(list))
  const size = Buffer.alloc(4)
  size.writeUInt32LE(header.length)
  // Quality 9 takes five times as long for a thirtieth less.
  const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_LGWIN]: 24 } }
  await writeFile(join(folder, 'files.br'), brotliCompressSync(Buffer.concat([size, header, ...contents]), options))
  const node = await strippedNode(folder)
  await pipeline(createReadStream(node.path), createGzip({ level: 9 }), createWriteStream(join(folder, 'node.gz')))
  await node.remove()
  await writeFile(join(folder, 'unpack.mjs'), UNPACK)
  await writeFile(join(folder, 'run'), RUN)
  await chmod(join(folder, 'run'), 0o755)
  await copyFile(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'))
  for (const name of ['node.gz', 'files.br'])
    console.log(`${name}: ${((await stat(join(folder, name))).size / 2 ** 20).toFixed(1)} MiB`)
}

if (import.meta.main) {
  const folder = process.argv[2]
  if (folder === undefined) {
    console.error('usage: node test/bench/gpu/pack.ts FOLDER')
    process.exitCode = 2
  } else await pack(resolve(folder))
}
