/** The file that keeps what was learned: one writer, whole or not at all, and no reason not to start. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openStateFile } from '../../../peer/cli/state-file.ts'
import { BusyError, InvalidFileError } from '../../../peer/errors.ts'

const folder = mkdtempSync(join(tmpdir(), 'shoal-state-'))
after(() => rmSync(folder, { recursive: true }))

function fileOf(name: string) {
  const warnings: string[] = []
  const log = (_: object, message?: string) => void warnings.push(message ?? '')
  const value = { text: 'a', changes: 0 }
  const restored: string[] = []
  const path = join(folder, 'deep', name)
  const open = (restore = (text: string) => void restored.push(text)) =>
    openStateFile({
      path,
      text: () => value.text,
      changes: () => value.changes,
      restore,
      logger: { debug: log, info: log, warn: log }
    })
  return { path, open, value, restored, warnings }
}

test('what is kept is there before keep resolves, and comes back after a restart', async () => {
  const { path, open, value, restored } = fileOf('kept.json')
  const file = await open()
  await file.keep()
  assert.equal(readFileSync(path, 'utf8'), 'a')
  // The second waits for a write of its own, since the first may have begun before the change.
  const first = file.keep()
  value.text = 'b'
  await Promise.all([first, file.keep()])
  await file.keep()
  assert.equal(readFileSync(path, 'utf8'), 'b')
  value.text = 'c'
  await file.close()
  await (await open()).close()
  assert.deepEqual(restored, ['c'])
  assert.deepEqual(readdirSync(join(folder, 'deep')), ['kept.json'])
})

test('a second writer is refused while the first lives', async () => {
  const { open } = fileOf('one.json')
  const file = await open()
  await assert.rejects(open(), BusyError)
  await file.close()
  await (await open()).close()
})

test('a state that can’t be used is put aside with a warning', async () => {
  const { path, open, warnings } = fileOf('bad.json')
  const first = await open()
  await first.close()
  writeFileSync(path, 'nonsense')
  const file = await open(() => {
    throw new InvalidFileError('no good')
  })
  assert.deepEqual(warnings, ['the saved state is left out: no good'])
  assert.equal(readFileSync(`${path}.bad`, 'utf8'), 'nonsense')
  await file.close()
  assert.ok(existsSync(path))
})
