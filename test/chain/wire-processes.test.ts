import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { PeerLostError } from '../../peer/errors.ts'
import { bytesProtocol, makeDirectoryNode, makeNode, pattern, withNodes } from './wire-kit.ts'

/** The connection monitor’s interval and limit are 5 s together; the rest is room for a busy machine. */
const SEEN_DEAD_MS = 12_000

/** libp2p leaves a timer or two of a few seconds. */
const ENDED_MS = 15_000

test('a peer killed in another process is seen to be dead over WebRTC', { timeout: 60_000 }, t =>
  withNodes(async add => {
    const directory = await add(makeDirectoryNode())
    const a = await add(makeNode({ directoryNodes: directory.addresses() }))
    const child = spawn(process.execPath, [`${import.meta.dirname}/wire-echo-process.ts`, ...directory.addresses()], {
      stdio: ['ignore', 'pipe', 'inherit']
    })
    try {
      const [line] = await once(createInterface(child.stdout), 'line')
      const { self, addresses } = JSON.parse(String(line)) as { self: string; addresses: string[] }
      await a.ready()
      const channel = await a.dial(self, addresses, bytesProtocol)
      assert.ok(a.connections().some(({ peer, address, relayed }) => peer === self && !relayed && address.includes('/webrtc')))
      const frames = channel.frames()[Symbol.asyncIterator]()
      await channel.send(pattern(1024 * 1024, 3))
      const { value } = await frames.next()
      assert.ok(Buffer.from(pattern(1024 * 1024, 3)).equals(value as Uint8Array))
      child.kill('SIGKILL')
      const killedAt = performance.now()
      await assert.rejects(frames.next(), PeerLostError)
      const took = performance.now() - killedAt
      t.diagnostic(`seen dead after ${Math.round(took)} ms`)
      assert.ok(took < SEEN_DEAD_MS, `${took} ms`)
    } finally {
      child.kill('SIGKILL')
    }
  })
)

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
