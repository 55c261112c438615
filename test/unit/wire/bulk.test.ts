import assert from 'node:assert/strict'
import { test } from 'node:test'
import { streamPair } from '@libp2p/utils'
import fc from 'fast-check'
import { BulkGate } from '../../../peer/wire/bulk-gate.ts'
import { BULK_BLOCK_BYTES, BulkWindow } from '../../../peer/wire/bulk-window.ts'
import type { Protocol } from '../../../peer/wire/channel.ts'
import { Libp2pChannel } from '../../../peer/wire/libp2p-channel.ts'

/** A link with a buffer that never drops: what a sender of bulk fills, and others wait behind. */
function simulate({ bytesPerMs, oneWayMs, ms }: { bytesPerMs: number; oneWayMs: number; ms: number }) {
  const window = new BulkWindow()
  const acks: { at: number; sentAt: number; full: boolean }[] = []
  let now = 0
  let free = 0
  let inFlight = 0
  let delivered = 0
  const waits: number[] = []
  while (now < ms) {
    while (inFlight + BULK_BLOCK_BYTES <= window.bytes) {
      inFlight += BULK_BLOCK_BYTES
      const full = inFlight + BULK_BLOCK_BYTES > window.bytes
      free = Math.max(now, free) + BULK_BLOCK_BYTES / bytesPerMs
      acks.push({ at: free + 2 * oneWayMs, sentAt: now, full })
    }
    // What a step of decode sent now would wait for.
    if (now > ms / 2) waits.push(free - now)
    const next = acks.shift()!
    now = next.at
    inFlight -= BULK_BLOCK_BYTES
    if (now > ms / 2) delivered += BULK_BLOCK_BYTES
    window.acknowledged(BULK_BLOCK_BYTES, next.sentAt, now, next.full)
  }
  return { waitMs: Math.max(...waits), used: delivered / (bytesPerMs * (ms / 2)) }
}

test('over any link bulk comes to use most of it, and adds little to what is urgent', () => {
  fc.assert(
    fc.property(fc.integer({ min: 300, max: 12_500 }), fc.integer({ min: 1, max: 50 }), (bytesPerMs, oneWayMs) => {
      const { waitMs, used } = simulate({ bytesPerMs, oneWayMs, ms: 60_000 })
      // The target, and the two blocks that are always let through.
      const most = 10 + (4 * BULK_BLOCK_BYTES) / bytesPerMs
      assert.ok(waitMs <= most, `${waitMs} ms of ${most}`)
      assert.ok(used > 0.6, `${used} of the link`)
    }),
    { numRuns: 100 }
  )
})

test('a window stays within its bounds, whatever is acknowledged', () => {
  const ack = fc.tuple(fc.integer({ min: 1, max: BULK_BLOCK_BYTES }), fc.double({ min: 0, max: 1e5, noNaN: true }), fc.boolean())
  fc.assert(
    fc.property(fc.array(ack, { maxLength: 300 }), acks => {
      const window = new BulkWindow()
      for (const [bytes, delay, full] of acks) {
        window.acknowledged(bytes, 0, delay, full)
        assert.ok(window.bytes >= 2 * BULK_BLOCK_BYTES && window.bytes <= 2 * 1024 * 1024, String(window.bytes))
      }
    })
  )
})

test('while somebody decodes no more bulk is on the way than the window; channels take turns; a stalled one is forgotten', t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let now = 0
  const gate = new BulkGate(() => now)
  assert.equal(gate.room(assert.fail), Number.POSITIVE_INFINITY, 'nobody decodes')
  gate.urgent()
  const [a, b] = [{}, {}]
  const first = gate.room(assert.fail)
  gate.sent(a, first)
  const woken: string[] = []
  assert.equal(
    gate.room(() => woken.push('a')),
    0
  )
  assert.equal(
    gate.room(() => woken.push('b')),
    0
  )
  now = 10
  gate.acknowledged(a, 1_000)
  assert.deepEqual(woken, ['a', 'b'])
  const room = gate.room(assert.fail)
  assert.ok(room >= 1_000)
  gate.sent(b, room)
  assert.equal(
    gate.room(() => woken.push('b again')),
    0
  )
  gate.left(b)
  assert.equal(woken.at(-1), 'b again')
  gate.sent(b, gate.room(assert.fail))
  assert.equal(
    gate.room(() => woken.push('late')),
    0
  )
  now = 2_011
  gate.urgent()
  t.mock.timers.tick(2_001)
  assert.equal(woken.at(-1), 'late')
  assert.ok(gate.room(assert.fail) >= first, 'what was sent two seconds ago counts no more')
})

interface Frame {
  bulk: boolean
  bytes: Uint8Array
}

const protocol: Protocol<Frame> = {
  id: '/shoal/test/1.0.0',
  maxFrameBytes: 4_000_000,
  encode: ({ bulk, bytes }) => Uint8Array.from([bulk ? 1 : 0, ...bytes]),
  decode: bytes => ({ bulk: bytes[0] === 1, bytes: bytes.subarray(1) }),
  haste: ({ bulk }) => (bulk ? 'bulk' : 'urgent')
}

test('frames of every size and haste arrive whole and in order, over channels that share a gate', async () => {
  const gate = new BulkGate()
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ bulk: fc.boolean(), length: fc.integer({ min: 0, max: 200_000 }) }), { minLength: 1, maxLength: 12 }),
      async frames => {
        const pairs = await Promise.all(
          [0, 1].map(async () => {
            const [near, far] = await streamPair()
            return {
              writer: new Libp2pChannel(near, 'far', protocol, { gate }),
              reader: new Libp2pChannel(far, 'near', protocol)
            }
          })
        )
        await Promise.all(
          pairs.map(async ({ writer, reader }, pair) => {
            const write = async () => {
              for (const [at, { bulk, length }] of frames.entries())
                await writer.send({ bulk, bytes: new Uint8Array(length).fill(at + pair) })
              await writer.close()
            }
            const written = write()
            let at = 0
            for await (const { bulk, bytes } of reader.frames()) {
              const expected = frames[at]!
              assert.deepEqual([bulk, bytes.byteLength], [expected.bulk, expected.length])
              assert.ok(bytes.every(byte => byte === at + pair))
              at++
            }
            assert.equal(at, frames.length)
            await written
            await reader.close()
          })
        )
      }
    ),
    { numRuns: 8 }
  )
})
