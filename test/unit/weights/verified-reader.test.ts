import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { InvalidRequestError, SourceError, UnsupportedModelError, WeightsCorruptError } from '../../../peer/errors.ts'
import { manifestOf } from '../../../peer/model/manifest.ts'
import { openChunkCache } from '../../../peer/weights/cache.ts'
import { noCache } from '../../../peer/weights/chunk-cache.ts'
import { type ByteSource, bytesSource } from '../../../peer/weights/source.ts'
import { openSpanReader, type ReadProgress } from '../../../peer/weights/verified-reader.ts'
import { goldenModelPath } from '../../oracle/goldens.ts'

const file = readFileSync(goldenModelPath())
const { manifest } = await manifestOf(bytesSource(file, 'psalter'))
const tensor = (name: string) => manifest.tensors.find(entry => entry.name === name)!
const expected = (name: string) => new Uint8Array(file.subarray(tensor(name).offset, tensor(name).offset + tensor(name).bytes))

interface Watched extends ByteSource {
  reads: { offset: number; length: number }[]
  atOnce: number
}

/** Notes what is read, and may change the answer. */
function watched(
  name: string,
  answer: (bytes: Uint8Array<ArrayBuffer>, offset: number) => Uint8Array<ArrayBuffer> = bytes => bytes
): Watched {
  const inner = bytesSource(file, name)
  let running = 0
  const source: Watched = {
    ...inner,
    reads: [],
    atOnce: 0,
    read: async (offset, length, signal) => {
      source.reads.push({ offset, length })
      source.atOnce = Math.max(source.atOnce, ++running)
      try {
        await new Promise(resolve => setImmediate(resolve))
        return answer(await inner.read(offset, length, signal), offset)
      } finally {
        running--
      }
    }
  }
  return source
}
const corrupt = (bytes: Uint8Array<ArrayBuffer>) => {
  bytes[bytes.length - 1]! ^= 1
  return bytes
}
const fails = (): never => {
  throw new SourceError('broken')
}
const first = { first: 0, end: 1 }

describe('verified reader', () => {
  it('reads a span’s tensors, and nothing else of the file', async () => {
    const source = watched('good')
    const progress: number[] = []
    const span = { first: 3, end: 5 }
    const reader = openSpanReader({
      manifest,
      span,
      sources: [source],
      onProgress: ({ bytesDone, bytesTotal }) => progress.push(bytesDone / bytesTotal)
    })
    const names = manifest.tensors.map(entry => entry.name).filter(name => /^blk\.[34]\./.test(name))
    for (const name of names) assert.deepEqual(await reader.read(name), expected(name), name)
    const bytes = names.reduce((sum, name) => sum + tensor(name).bytes, 0)
    assert.equal(
      source.reads.reduce((sum, { length }) => sum + length, 0),
      bytes
    )
    assert.equal(progress.at(-1), 1)
    assert.ok(progress.every((value, i) => i === 0 || value > progress[i - 1]!))
    assert.equal(reader.info('token_embd.weight'), undefined)
    await assert.rejects(reader.read('token_embd.weight'), InvalidRequestError)
  })

  it('reads tensors of several chunks, few at once', async () => {
    const source = watched('good')
    const reader = openSpanReader({ manifest, span: { first: 0, end: 8 }, sources: [source] })
    const names = manifest.tensors.map(entry => entry.name)
    const tensors = await Promise.all(names.map(name => reader.read(name)))
    for (const [i, name] of names.entries()) assert.deepEqual(tensors[i], expected(name), name)
    assert.ok(tensor('token_embd.weight').chunks.length > 1)
    assert.ok(source.atOnce > 1 && source.atOnce <= 4, `${source.atOnce} at once`)
  })

  it('takes the next source when one lies, and never asks the liar again', async () => {
    const [liar, good] = [watched('liar', corrupt), watched('good')]
    const reader = openSpanReader({ manifest, span: first, sources: [liar, good] })
    for (const name of ['blk.0.attn_norm.weight', 'blk.0.attn_q.weight'])
      assert.deepEqual(await reader.read(name), expected(name))
    assert.equal(liar.reads.length, 1)
  })

  it('takes the next source when one fails, and asks it again only behind the others', async () => {
    let failures = 2
    const shaky = watched('shaky', bytes => (failures-- > 0 ? fails() : bytes))
    const good = watched('good')
    const reader = openSpanReader({ manifest, span: first, sources: [shaky, good] })
    for (const name of ['blk.0.attn_norm.weight', 'blk.0.ffn_norm.weight'])
      assert.deepEqual(await reader.read(name), expected(name))
    assert.equal(shaky.reads.length, 1)
    assert.equal(good.reads.length, 2)
  })

  it('says which tensor when no source is left, and why', async () => {
    const lies = openSpanReader({ manifest, span: first, sources: [watched('liar', corrupt), watched('broken', fails)] })
    await assert.rejects(
      lies.read('blk.0.attn_q.weight'),
      thrown =>
        thrown instanceof WeightsCorruptError && /'blk.0.attn_q.weight', chunk 0: the bytes from liar/.test(thrown.message)
    )
    const broken = openSpanReader({ manifest, span: first, sources: [watched('broken', fails)] })
    await assert.rejects(
      broken.read('blk.0.attn_q.weight'),
      thrown => thrown instanceof SourceError && /broken/.test(thrown.message)
    )
    const other = openSpanReader({ manifest, span: first, sources: [bytesSource(file.subarray(1), 'other')] })
    await assert.rejects(other.read('blk.0.attn_q.weight'), /other: \d+ bytes, but the model's file has/)
    const none = openSpanReader({ manifest, span: first, sources: [] })
    await assert.rejects(none.read('blk.0.attn_q.weight'), SourceError)
  })

  it('refuses a type it cannot compute before it reads a byte', () => {
    const tensors = manifest.tensors.map(entry => (entry.name === 'blk.0.attn_q.weight' ? { ...entry, typeName: 'Q2_K' } : entry))
    const source = watched('good')
    assert.throws(
      () => openSpanReader({ manifest: { ...manifest, tensors }, span: first, sources: [source] }),
      thrown => thrown instanceof UnsupportedModelError && /'blk.0.attn_q.weight': Q2_K/.test(thrown.message)
    )
    openSpanReader({ manifest: { ...manifest, tensors }, span: { first: 1, end: 8 }, sources: [source] })
    assert.equal(source.reads.length, 0)
  })

  it('reads from the cache, and heals an entry that went bad there', async () => {
    const path = await mkdtemp(join(tmpdir(), 'shoal-cache-'))
    try {
      const name = 'token_embd.weight'
      let [cached, unkept] = [0, 0]
      const read = async (source: ByteSource, keeps = true) => {
        const onProgress = ({ bytesCached, bytesUnkept }: ReadProgress) => {
          ;[cached, unkept] = [bytesCached, bytesUnkept]
        }
        const cache = keeps ? await openChunkCache({ path }) : noCache
        return await openSpanReader({ manifest, span: first, sources: [source], cache, onProgress }).read(name)
      }
      await read(watched('good'), false)
      assert.deepEqual([cached, unkept], [0, tensor(name).bytes])
      await read(watched('good'))
      assert.deepEqual([cached, unkept], [0, 0])
      assert.deepEqual((await readdir(path)).sort(), [...tensor(name).chunks].sort())
      const idle = watched('idle')
      assert.deepEqual(await read(idle), expected(name))
      assert.equal(idle.reads.length, 0)
      assert.equal(cached, tensor(name).bytes)
      const [changed, cut] = tensor(name).chunks.map(digest => join(path, digest))
      await writeFile(changed!, corrupt(new Uint8Array(await readFile(changed!))))
      await writeFile(cut!, 'x')
      const healing = watched('healing')
      assert.deepEqual(await read(healing), expected(name))
      assert.equal(healing.reads.length, 2)
      assert.equal(cached, 0)
      assert.deepEqual(await read(idle), expected(name))
      assert.equal(idle.reads.length, 0)
    } finally {
      await rm(path, { recursive: true })
    }
  })

  it('stops when asked, and works on afterwards', async () => {
    const stop = new AbortController()
    const source = watched('good', bytes => {
      stop.abort()
      return bytes
    })
    const reader = openSpanReader({ manifest, span: { first: 0, end: 8 }, sources: [source] })
    const reads = manifest.tensors.map(({ name }) => reader.read(name, stop.signal))
    for (const outcome of await Promise.allSettled(reads)) {
      assert.equal(outcome.status === 'rejected' && outcome.reason.name, 'AbortError')
    }
    assert.ok(source.reads.length <= 4, `${source.reads.length} reads`)
    assert.deepEqual(await reader.read('blk.0.attn_norm.weight'), expected('blk.0.attn_norm.weight'))
  })
})
