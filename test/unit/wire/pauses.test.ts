import assert from 'node:assert/strict'
import { test } from 'node:test'
import { afterAwake, within } from '../../../peer/wire/clock.ts'
import { PauseWatch } from '../../../peer/wire/pause-watch.ts'
import { MemoryNetwork } from '../host/memory-links.ts'
import { VirtualClock } from '../host/virtual-clock.ts'

function sleeper() {
  const clock = new VirtualClock()
  const network = new MemoryNetwork(clock)
  network.peer('sleeper')
  const sleep = (ms: number) => {
    network.freeze('sleeper')
    clock.after(ms, () => network.resume('sleeper'))
  }
  return { clock, own: network.clockOf('sleeper'), sleep }
}

test('a wait fires on time, and starts anew when the process stood still', async () => {
  const { clock, own, sleep } = sleeper()
  const startedAt = clock.now()
  const fired: number[] = []
  afterAwake(own, 1_000, () => fired.push(clock.now() - startedAt))
  const forget = afterAwake(own, 1_000, () => fired.push(-1))
  forget()
  await clock.pass(1_000)
  assert.deepEqual(fired, [1_000])
  afterAwake(own, 1_000, () => fired.push(clock.now() - startedAt))
  const forgetLate = afterAwake(own, 1_000, () => fired.push(-1))
  sleep(5_000)
  await clock.pass(5_500)
  assert.deepEqual(fired, [1_000])
  forgetLate()
  await clock.pass(10_000)
  assert.deepEqual(fired, [1_000, 1_000 + 5_000 + 1_000])
})

test('a process that is always late comes to an end all the same', async () => {
  const { clock, own, sleep } = sleeper()
  let fired = 0
  afterAwake(own, 1_000, () => fired++)
  for (let wait = 0; wait < 5; wait++) {
    assert.equal(fired, 0)
    sleep(2_000)
    await clock.pass(2_000)
  }
  assert.equal(fired, 1)
})

test('who stood still while it waited for an answer gets to read it', async () => {
  const { clock, own, sleep } = sleeper()
  const slept = new Promise<string>(resolve => clock.after(5_500, () => resolve('answer')))
  const waiting = within(own, 1_000, 'an answer', undefined, () => slept)
  sleep(5_000)
  assert.equal(await clock.until(waiting), 'answer')
  await assert.rejects(clock.until(within(own, 1_000, 'an answer', undefined, () => new Promise(() => {}))), { code: 'DEADLINE' })
})

test('a pause is remembered for a while, and known before any timer tells', async () => {
  const { clock, own, sleep } = sleeper()
  const pauses = new PauseWatch(own)
  await clock.pass(10_000)
  assert.ok(!pauses.within(60_000))
  sleep(3_000)
  await clock.pass(2_999)
  assert.ok(pauses.within(60_000), 'the ticks are overdue')
  await clock.pass(4_000)
  assert.ok(pauses.within(5_000))
  await clock.pass(2_000)
  assert.ok(!pauses.within(5_000))
  pauses.stop()
  await clock.pass(2_000)
  assert.equal(clock.pending, 0)
})
