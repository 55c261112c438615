import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { changeKeys, loadKeys, watchKeys } from '../../../peer/cli/key-file.ts'
import { BusyError, InvalidFileError, SourceError } from '../../../peer/errors.ts'
import { makeKey } from '../../../peer/gateway/api-keys.ts'
import { KEYS_LOOK_MS } from '../../../peer/gateway/limits.ts'

const folder = mkdtempSync(join(tmpdir(), 'shoal-keys-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('keys are added to the file and taken from it, which nobody else may read', async () => {
  const path = join(folder, 'new', 'keys.json')
  assert.deepEqual(loadKeys(path), [])
  const one = makeKey('one', {}, new Date(0))
  await changeKeys(path, keys => [...keys, one.stored])
  assert.deepEqual(loadKeys(path), [one.stored])
  assert.equal(statSync(path).mode & 0o777, 0o600)
  await changeKeys(path, () => [])
  assert.deepEqual(loadKeys(path), [])
})

test('what can’t be read is not written over, and one command changes it at a time', async () => {
  const path = join(folder, 'broken.json')
  writeFileSync(path, '{"keys": [')
  await assert.rejects(
    changeKeys(path, keys => keys),
    InvalidFileError
  )
  assert.equal(readFileSync(path, 'utf8'), '{"keys": [')
  writeFileSync(`${path}.pid`, String(process.ppid))
  await assert.rejects(
    changeKeys(path, () => []),
    BusyError
  )
})

test('a running gateway sees a key taken back, keeps its keys while the file is broken, and needs one to begin with', async t => {
  const path = join(folder, 'watched.json')
  assert.throws(() => watchKeys(path, () => {}), SourceError)
  const [one, other] = [makeKey('one', {}, new Date(0)), makeKey('other', {}, new Date(0))]
  await changeKeys(path, () => [one.stored, other.stored])
  let now = 0
  t.mock.method(performance, 'now', () => now)
  const warnings: string[] = []
  const keys = watchKeys(path, message => warnings.push(message))
  const opens = ({ key }: { key: string }) => keys().find(key) !== undefined
  assert.deepEqual([opens(one), opens(other)], [true, true])
  await changeKeys(path, known => known.filter(({ id }) => id !== one.stored.id))
  now = KEYS_LOOK_MS
  assert.deepEqual([opens(one), opens(other)], [false, true])
  writeFileSync(path, '{')
  now = 2 * KEYS_LOOK_MS
  assert.deepEqual([opens(one), opens(other)], [false, true])
  rmSync(path)
  now = 3 * KEYS_LOOK_MS
  assert.deepEqual([opens(one), opens(other)], [false, true])
  assert.equal(warnings.length, 2)
  assert.match(warnings[0]!, /watched\.json: not JSON/)
})
