/** A benchmark's child process: answers, failures, death, and that none outlives its owner. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { BenchChild } from '../../bench/child.ts'

const module = join(import.meta.dirname, 'echo-child.ts')

test('a child answers, says what fails, and ends when let go', async () => {
  const child = new BenchChild({ module, signal: new AbortController().signal })
  assert.equal(await child.ask('add', 2, 3), 5)
  await assert.rejects(child.ask('fail'), /cannot/)
  await assert.rejects(child.ask('sing'), /nothing answers sing/)
  await child.close()
  await assert.rejects(child.ask('add', 1, 1), /echo-child.ts ended/)
})

test('a child that dies answers with its last words', async () => {
  const child = new BenchChild({ module, signal: new AbortController().signal })
  await assert.rejects(child.ask('die'), /ended \(exit code 3\): last words/)
  await child.close()
})

test('an abort kills a child that hangs', async () => {
  const abort = new AbortController()
  const child = new BenchChild({ module, signal: abort.signal })
  assert.equal(await child.ask('add', 1, 1), 2)
  const asked = child.ask('hang')
  abort.abort(new Error('enough'))
  await assert.rejects(asked, /enough/)
  await child.close()
})
