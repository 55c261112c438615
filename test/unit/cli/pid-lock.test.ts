import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { freeLock, takeLock } from '../../../peer/cli/pid-lock.ts'

const folder = mkdtempSync(join(tmpdir(), 'shoal-lock-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('a lock is held by one at a time, in this process too', async () => {
  const lock = join(folder, 'one.pid')
  assert.equal(await takeLock(lock), true)
  assert.equal(await takeLock(lock), false)
  assert.equal(await takeLock(join(folder, '.', 'one.pid')), false)
  await freeLock(lock)
  assert.equal(await takeLock(lock), true)
})

test('what a process that is gone left behind is taken over, also when it had the id that this one has', async () => {
  for (const pid of ['', 'none', '-1', String(2 ** 22 + 1), String(process.pid)]) {
    const lock = join(folder, 'left.pid')
    writeFileSync(lock, pid)
    assert.equal(await takeLock(lock), true, pid)
    await freeLock(lock)
  }
  writeFileSync(join(folder, 'other.pid'), String(process.ppid))
  assert.equal(await takeLock(join(folder, 'other.pid')), false)
})
