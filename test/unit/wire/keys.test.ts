import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { InvalidFileError } from '../../../peer/errors.ts'
import { loadKey } from '../../../peer/wire/keys.ts'

test('a key is made once, private to its owner, and stays the same', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'shoal-'))
  try {
    const path = join(folder, 'deep', 'peer.key')
    const [first, racing] = await Promise.all([loadKey(path), loadKey(path)])
    const again = await loadKey(path)
    assert.equal(first.publicKey.toString(), again.publicKey.toString())
    assert.equal(racing.publicKey.toString(), again.publicKey.toString())
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    assert.deepEqual(await readdir(join(folder, 'deep')), ['peer.key'])
    await writeFile(path, 'not a key')
    await assert.rejects(loadKey(path), error => error instanceof InvalidFileError && error.message.includes(path))
  } finally {
    await rm(folder, { recursive: true })
  }
})
