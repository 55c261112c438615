import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { openChunkCache } from '../../../peer/weights/cache.ts'
import { noCache, RecencyIndex } from '../../../peer/weights/chunk-cache.ts'

const digest = (n: number) => n.toString(16).padStart(64, '0')
const chunk = (n: number, length = 100) => new Uint8Array(length).fill(n)

async function inFolder(use: (path: string) => Promise<void>): Promise<void> {
  const path = await mkdtemp(join(tmpdir(), 'shoal-cache-'))
  try {
    await use(path)
  } finally {
    await rm(path, { recursive: true })
  }
}

describe('chunk cache on disk', () => {
  it('keeps chunks over processes, the least recently used going first', async () => {
    await inFolder(async path => {
      const cache = await openChunkCache({ path, maxBytes: 300 })
      for (const n of [1, 2, 3]) await cache.put(digest(n), chunk(n))
      assert.deepEqual(await cache.get(digest(1)), chunk(1))
      await cache.put(digest(4), chunk(4))
      assert.equal(await cache.get(digest(2)), undefined)
      assert.deepEqual((await readdir(path)).sort(), [1, 3, 4].map(digest))
      const reopened = await openChunkCache({ path, maxBytes: 300 })
      assert.deepEqual(await reopened.get(digest(3)), chunk(3))
      await reopened.delete(digest(3))
      assert.equal(await reopened.get(digest(3)), undefined)
    })
  })

  it('evicts by the time of last use when it is opened smaller', async () => {
    await inFolder(async path => {
      for (const [n, day] of [
        [1, 3],
        [2, 1],
        [3, 2]
      ] as const) {
        await writeFile(join(path, digest(n)), chunk(n))
        await utimes(join(path, digest(n)), day * 86_400, day * 86_400)
      }
      await writeFile(join(path, 'unrelated'), 'x')
      await writeFile(join(path, `${digest(9)}.1.tmp`), 'x')
      await utimes(join(path, `${digest(9)}.1.tmp`), 1, 1)
      await openChunkCache({ path, maxBytes: 200 })
      assert.deepEqual((await readdir(path)).sort(), [digest(1), digest(3), 'unrelated'].sort())
    })
  })

  it('sees what another process writes and removes', async () => {
    await inFolder(async path => {
      const [one, other] = [await openChunkCache({ path }), await openChunkCache({ path })]
      assert.equal(await one.put(digest(1), chunk(1)), true)
      assert.deepEqual(await other.get(digest(1)), chunk(1))
      await other.delete(digest(1))
      assert.equal(await one.get(digest(1)), undefined)
      await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? one : other).put(digest(2), chunk(2, 50_000))))
      assert.deepEqual(await one.get(digest(2)), chunk(2, 50_000))
      assert.deepEqual(await readdir(path), [digest(2)])
    })
  })

  it('takes no name that is not a digest', async () => {
    await inFolder(async path => {
      const cache = await openChunkCache({ path })
      await cache.put('../escaped', chunk(1))
      assert.deepEqual(await readdir(path), [])
    })
  })

  it('works without a usable folder', async () => {
    await inFolder(async path => {
      await writeFile(join(path, 'file'), '')
      for (const cache of [await openChunkCache({ path: join(path, 'file', 'below') }), noCache]) {
        assert.equal(await cache.put(digest(1), chunk(1)), false)
        assert.equal(await cache.get(digest(1)), undefined)
        await cache.delete(digest(1))
      }
    })
  })

  it('never holds more than its bound, whatever is asked', () => {
    const command = fc.record({ kind: fc.constantFrom('add', 'touch', 'remove'), key: fc.nat(8), bytes: fc.nat(60) })
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), fc.nat(150), (commands, maxBytes) => {
        const index = new RecencyIndex(maxBytes)
        const model: [string, number][] = []
        for (const { kind, key, bytes } of commands) {
          const name = digest(key)
          const at = model.findIndex(([kept]) => kept === name)
          const [entry] = at < 0 ? [] : model.splice(at, 1)
          if (kind === 'touch') {
            assert.equal(index.touch(name), entry !== undefined)
            if (entry !== undefined) model.push(entry)
          } else if (kind === 'remove') {
            index.remove(name)
          } else {
            model.push([name, bytes])
            const gone: string[] = []
            while (model.reduce((sum, [, size]) => sum + size, 0) > maxBytes) gone.push(model.shift()![0])
            assert.deepEqual(index.add(name, bytes), gone)
          }
          assert.equal(
            index.bytes,
            model.reduce((sum, [, size]) => sum + size, 0)
          )
          assert.ok(index.bytes <= maxBytes)
        }
      })
    )
  })
})
