/**
 * Server-sent events: lines, comments while nothing comes, and an end that frees the source.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventStream } from '../../../peer/gateway/event-stream.ts'

test('silence is filled with comments until the next event comes', async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  async function* chunks() {
    yield { a: 1 }
    await released
    yield { a: 2 }
  }
  const lines = []
  for await (const line of eventStream(chunks(), () => ({}), 5)) {
    lines.push(line)
    if (lines.length === 3) release()
  }
  assert.deepEqual(lines.slice(0, 3), ['data: {"a":1}\n\n', ': waiting\n\n', ': waiting\n\n'])
  assert.deepEqual(lines.slice(-2), ['data: {"a":2}\n\n', 'data: [DONE]\n\n'])
})

test('an error takes the place of the rest', async () => {
  async function* chunks() {
    yield { text: 'line\nbreak' }
    throw new Error('broken')
  }
  const lines = await Array.fromAsync(eventStream(chunks(), thrown => ({ error: (thrown as Error).message })))
  assert.deepEqual(lines, ['data: {"text":"line\\nbreak"}\n\n', 'data: {"error":"broken"}\n\n'])
})

test('leaving frees the source', async () => {
  let freed = false
  async function* chunks() {
    try {
      for (;;) yield {}
    } finally {
      freed = true
    }
  }
  for await (const _line of eventStream(chunks(), () => ({}))) break
  assert.ok(freed)
})
