import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { mock, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { boundedSignal } from '../../../peer/wire/bounded-signal.ts'

test('the first reason ends it, and it lets go of the others', () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  try {
    const [first, second] = [new AbortController(), new AbortController()]
    const bounded = boundedSignal([first.signal, undefined, second.signal], 1_000)
    second.abort('enough')
    assert.equal(bounded.signal.reason, 'enough')
    assert.equal(bounded.expired(), false)
    assert.equal(getEventListeners(first.signal, 'abort').length, 0)
    mock.timers.tick(2_000)
    assert.equal(bounded.expired(), false)

    const late = boundedSignal([first.signal], 1_000)
    mock.timers.tick(999)
    assert.equal(late.signal.aborted, false)
    mock.timers.tick(1)
    assert.equal(late.signal.reason.name, 'TimeoutError')
    assert.equal(late.expired(), true)

    const released = boundedSignal([first.signal], 1_000)
    released.release()
    mock.timers.tick(2_000)
    first.abort()
    assert.equal(released.signal.aborted, false)

    assert.equal(boundedSignal([first.signal, second.signal], 1_000).signal.reason, first.signal.reason)
  } finally {
    mock.timers.reset()
  }
})

test('thirty thousand bounds within bounds leave nothing with what outlives them', async () => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const held = async () => {
    collect()
    await new Promise(resolve => setImmediate(resolve))
    collect()
    return process.memoryUsage().heapUsed
  }
  const lasting = new AbortController()
  const work = async (times: number) => {
    for (let time = 0; time < times; time++) {
      const outer = boundedSignal([lasting.signal], 60_000)
      const inner = boundedSignal([outer.signal], 60_000)
      inner.release()
      outer.release()
      if (time % 10_000 === 0) await held()
    }
    return await held()
  }
  const before = await work(10_000)
  // AbortSignal.any in its place keeps 480 bytes each, 14 MB.
  const grown = (await work(30_000)) - before
  assert.ok(grown < 2_000_000, `${grown} bytes`)
  assert.equal(getEventListeners(lasting.signal, 'abort').length, 0)
})
