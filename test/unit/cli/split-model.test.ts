/** A split model by its parts' paths: opened by any, published, and served end to end by a bootstrap. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, readdir, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { startBootstrap } from '../../../bootstrap/bootstrap.ts'
import { openModelSource } from '../../../peer/cli/model-source.ts'
import { publishedModel } from '../../../peer/cli/published-model.ts'
import { ShoalError } from '../../../peer/errors.ts'
import { readGgufHeader } from '../../../peer/model/gguf.ts'
import { parseManifest } from '../../../peer/model/manifest.ts'
import { openHttpSource } from '../../../peer/weights/http-source.ts'
import { bytesSource } from '../../../peer/weights/source.ts'
import { openSpanReader } from '../../../peer/weights/verified-reader.ts'
import { goldenModelPath } from '../../oracle/goldens.ts'
import { splitName, type WrittenFile, type WrittenValue, writeSplit } from '../model/gguf-writer.ts'

const never = new AbortController().signal
const psalter = readFileSync(goldenModelPath())

/** The embedded model as the writer takes it. */
async function writtenPsalter(): Promise<WrittenFile> {
  const header = await readGgufHeader(bytesSource(psalter, 'psalter'))
  const tensors = header.tensors.map(({ name, dims, typeId, offset, bytes }) => ({
    name,
    dims: [...dims],
    type: typeId,
    data: psalter.subarray(offset, offset + bytes!)
  }))
  return { metadata: [...header.metadata].map(([key, value]) => [key, written(value)]), tensors, alignment: header.alignment }
}

function written(value: unknown): WrittenValue {
  if (typeof value === 'string') return { type: 'string', value }
  if (typeof value === 'boolean') return { type: 'bool', value: Number(value) }
  if (typeof value === 'number') return Number.isInteger(value) ? { type: 'u32', value } : { type: 'f32', value }
  if (Array.isArray(value)) return { type: 'array', of: 8, items: value.map(written) }
  if (value instanceof Int32Array)
    return { type: 'array', of: 5, items: Array.from(value, item => ({ type: 'i32', value: item })) }
  throw new Error(`the embedded model has no ${value}`)
}

let folder: string
let paths: string[]

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shoal-split-'))
  const parts = writeSplit(await writtenPsalter(), [20, 50])
  paths = parts.map((_, index) => join(folder, splitName('psalter', index, 3)))
  for (const [index, path] of paths.entries()) await writeFile(path, parts[index]!)
})
after(() => rm(folder, { recursive: true, force: true }))

const openFiles = async () => (await readdir('/proc/self/fd')).length

describe('split model in files', () => {
  it('is one model whichever part is named', async () => {
    const models = []
    for (const path of paths) models.push(await publishedModel(path, undefined, never))
    for (const model of models) {
      assert.deepEqual(model.weightsParts, paths)
      assert.equal(model.digest, models[0]!.digest)
      assert.equal(model.weightsPath, undefined)
    }
  })

  it('is refused without one of its parts, which is named, and leaves no file open', async t => {
    const hidden = join(folder, 'hidden')
    const before = process.platform === 'linux' ? await openFiles() : 0
    for (const [index, path] of paths.entries()) {
      await rename(path, hidden)
      t.after(() => rename(hidden, path).catch(() => {}))
      await assert.rejects(openModelSource(paths[(index + 1) % 3]!, never), (thrown: ShoalError) => {
        assert.ok(thrown instanceof ShoalError)
        assert.match(thrown.message, new RegExp(`psalter-0000${index + 1}-of-00003\\.gguf.*ENOENT`))
        return true
      })
      const alone = publishedModel(hidden, undefined, never)
      await assert.rejects(alone, new RegExp(`hidden: part ${index + 1} of 3 of a split model`))
      await rename(hidden, path)
    }
    if (process.platform === 'linux') assert.equal(await openFiles(), before)
  })

  it('is served by a bootstrap as one file, every chunk as the manifest says', async () => {
    const model = await publishedModel(paths[1]!, undefined, never)
    const bootstrap = await startBootstrap({ host: '127.0.0.1', httpPort: 0, models: [model] })
    try {
      const url = `${bootstrap.httpUrl}/models/${model.digest}/weights`
      const { manifest } = await parseManifest(
        new Uint8Array(await (await fetch(url.replace('weights', 'manifest'))).arrayBuffer())
      )
      const source = await openHttpSource(url)
      assert.equal(source.size, manifest.fileSize)
      const reader = openSpanReader({ manifest, span: { first: 0, end: 8 }, sources: [source] })
      const single = await readGgufHeader(bytesSource(psalter, 'psalter'))
      assert.equal(manifest.tensors.length, single.tensors.length)
      for (const { name, offset, bytes } of single.tensors)
        assert.deepEqual(Buffer.from(await reader.read(name)), psalter.subarray(offset, offset + bytes!), name)

      const whole = Buffer.concat(paths.map(path => readFileSync(path)))
      const { size } = source
      const seam = readFileSync(paths[0]!).length
      for (const [range, status, from, to] of [
        [undefined, 200, 0, size],
        ['bytes=0-0', 206, 0, 1],
        [`bytes=${seam - 5}-${seam + 4}`, 206, seam - 5, seam + 5],
        ['bytes=-7', 206, size - 7, size],
        [`bytes=${size - 3}-`, 206, size - 3, size],
        [`bytes=${size - 3}-${size + 100}`, 206, size - 3, size],
        ['bytes=0-1,5-6', 200, 0, size],
        ['bytes=9-3', 200, 0, size]
      ] as const) {
        const answer = await fetch(url, range === undefined ? {} : { headers: { range } })
        assert.equal(answer.status, status, range)
        assert.equal(answer.headers.get('content-length'), String(to - from), range)
        assert.equal(answer.headers.get('accept-ranges'), 'bytes')
        assert.equal(answer.headers.get('content-range'), status === 206 ? `bytes ${from}-${to - 1}/${size}` : null, range)
        assert.ok(Buffer.from(await answer.arrayBuffer()).equals(whole.subarray(from, to)), range)
      }
      for (const range of [`bytes=${size}-`, 'bytes=-0']) {
        const outside = await fetch(url, { headers: { range } })
        assert.equal(outside.status, 416, range)
        assert.equal(outside.headers.get('content-range'), `bytes */${size}`)
      }
      const head = await fetch(url, { method: 'HEAD' })
      assert.equal(head.headers.get('content-length'), String(size))
      assert.equal((await fetch(url, { headers: { range: 'bytes=0-0', 'if-range': '"another"' } })).status, 200)
    } finally {
      await bootstrap.stop()
    }
  })

  it('ends the connection when a part was cut since', async () => {
    const model = await publishedModel(paths[0]!, undefined, never)
    const bootstrap = await startBootstrap({ host: '127.0.0.1', httpPort: 0, models: [model] })
    try {
      const { length } = readFileSync(paths[2]!)
      await truncate(paths[2]!, length - 100)
      const answer = await fetch(`${bootstrap.httpUrl}/models/${model.digest}/weights`)
      await assert.rejects(answer.arrayBuffer())
    } finally {
      await bootstrap.stop()
    }
  })
})
