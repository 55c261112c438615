import assert from 'node:assert/strict'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { SourceError } from '../../../peer/errors.ts'
import { blobSource } from '../../../peer/weights/blob-source.ts'
import { openFileSource } from '../../../peer/weights/file-source.ts'
import { type ByteSource, bytesSource } from '../../../peer/weights/source.ts'

const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 256)

describe('local sources', () => {
  it('read the ranges inside them and no others', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'shoal-source-'))
    try {
      await writeFile(join(folder, 'file'), bytes)
      const sources: ByteSource[] = [
        bytesSource(bytes, 'bytes'),
        blobSource(new Blob([bytes]), 'blob'),
        await openFileSource(join(folder, 'file'))
      ]
      for (const source of sources) {
        assert.equal(source.size, 1000)
        assert.deepEqual(await source.read(10, 500), bytes.slice(10, 510))
        assert.deepEqual(await source.read(1000, 0), new Uint8Array(0))
        for (const [offset, length] of [
          [999, 2],
          [-1, 1],
          [0, -1],
          [0.5, 1],
          [Number.MAX_SAFE_INTEGER, 1]
        ] as const) {
          await assert.rejects(source.read(offset, length), SourceError)
        }
        await assert.rejects(source.read(0, 10, AbortSignal.abort()), { name: 'AbortError' })
        await source.close?.()
      }
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('gives memory of its own', async () => {
    const source = bytesSource(bytes, 'bytes')
    const read = await source.read(0, 4)
    read[0]! ^= 255
    assert.deepEqual(await source.read(0, 4), bytes.slice(0, 4))
    assert.equal(read.buffer.byteLength, 4)
  })

  it('tell a file that is missing, no file, or cut since', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'shoal-source-'))
    try {
      await assert.rejects(openFileSource(join(folder, 'absent')), SourceError)
      await assert.rejects(openFileSource(folder), SourceError)
      const path = join(folder, 'file')
      await writeFile(path, bytes)
      const source = await openFileSource(path)
      await truncate(path, 400)
      await assert.rejects(source.read(300, 200), /ends at 400, before its 1000 bytes/)
      await source.close?.()
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
