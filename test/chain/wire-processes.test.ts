import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { PeerLostError } from '../../peer/errors.ts'

/** The connection monitor’s interval and limit are 5 s together; the rest is room for a busy machine. */
const SEEN_DEAD_MS = 12_000

/** libp2p leaves a timer or two of a few seconds. */
const ENDED_MS = 15_000

// Both ends are processes of their own: node-datachannel 0.33 sometimes keeps one alive whose other end was killed, and this
// file would wait for it.
test('a peer killed in another process is seen to be dead over WebRTC', { timeout: 60_000 }, async t => {
  const children: ChildProcess[] = []
  const start = (script: string, ...args: string[]) => {
    const child = spawn(process.execPath, [`${import.meta.dirname}/${script}`, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
    children.push(child)
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    return { child, line: async () => String((await lines.next()).value) }
  }
  try {
    const watcher = start('wire-watcher-process.ts')
    const echoing = start('wire-echo-process.ts', ...(JSON.parse(await watcher.line()) as string[]))
    watcher.child.stdin.write(`${await echoing.line()}\n`)
    assert.deepEqual(JSON.parse(await watcher.line()), { connected: true, direct: true, echoed: true })
    echoing.child.kill('SIGKILL')
    const killedAt = performance.now()
    assert.deepEqual(JSON.parse(await watcher.line()), { lost: PeerLostError.name })
    const took = performance.now() - killedAt
    t.diagnostic(`seen dead after ${Math.round(took)} ms`)
    assert.ok(took < SEEN_DEAD_MS, `${took} ms`)
  } finally {
    for (const child of children) child.kill('SIGKILL')
  }
})

test('WebRTC dials that were aborted do not keep a process alive', { timeout: 60_000 }, async () => {
  const child = spawn(process.execPath, [`${import.meta.dirname}/wire-aborted-dials-process.ts`], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  try {
    assert.equal(String(await once(createInterface(child.stdout), 'line')), 'stopped')
    const [code] = await once(child, 'exit', { signal: AbortSignal.timeout(ENDED_MS) })
    assert.equal(code, 0)
  } finally {
    child.kill('SIGKILL')
  }
})
