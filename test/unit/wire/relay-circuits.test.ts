/** How a relay joins the two streams of a circuit. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import type { Stream } from '@libp2p/interface'
import { streamPair } from '@libp2p/utils'
import { Uint8ArrayList } from 'uint8arraylist'
import { joinStreams } from '../../../peer/wire/relay-circuits.ts'

const PLENTY = 2n ** 40n
/** Between two deliveries to a slow end, ms. */
const SLOW_MS = 40

/** A circuit from one outer end to the other; a slow right end takes one message at a time. */
async function circuit(maxBytes: bigint, slow = false) {
  const [left, a] = await streamPair({ capacity: 1_000 })
  const [right, b] = await streamPair(slow ? { capacity: 1, delay: SLOW_MS } : {})
  return { left, right, a, b, over: joinStreams(a, b, maxBytes) }
}

async function readAll(stream: Stream): Promise<Uint8Array> {
  const all = new Uint8ArrayList()
  for await (const bytes of stream) all.append(bytes)
  return all.subarray()
}

const bytesOf = (length: number) => Uint8Array.from({ length }, (_, at) => at * 7)

test('what comes from either end goes to the other, and each end ends the other', async () => {
  const { left, right, over } = await circuit(PLENTY)
  const [there, back] = [readAll(right), readAll(left)]
  for (let at = 0; at < 64; at++) left.send(bytesOf(1_000).subarray(0, 10 + at))
  right.send(bytesOf(5_000))
  await Promise.all([left.close(), right.close()])
  const expected = Array.from({ length: 64 }, (_, at) => bytesOf(1_000).subarray(0, 10 + at))
  assert.ok(Buffer.concat(expected).equals(await there))
  assert.deepEqual(await back, bytesOf(5_000))
  await over
})

test('an end that is reset resets the other', async () => {
  const { left, right, over } = await circuit(PLENTY)
  const reset = once(right, 'close')
  left.abort(new Error('gone'))
  await reset
  assert.equal(right.status, 'reset')
  await over
})

test('a circuit ends with its bytes, both ways together', async () => {
  const { left, right, over } = await circuit(100n)
  let received = 0
  for (const end of [left, right])
    end.addEventListener('message', ({ data }) => {
      received += data.byteLength
    })
  left.send(bytesOf(60))
  await once(right, 'message')
  assert.equal(received, 60)
  const ends = Promise.all([once(left, 'close'), once(right, 'close')])
  right.send(bytesOf(60))
  await Promise.all([over, ends])
  assert.equal(received, 60)
  assert.deepEqual([left.status, right.status], ['reset', 'reset'])
})

test('a side that is slow to take holds the other up', async () => {
  const { left, right, a, b } = await circuit(PLENTY, true)
  const all = readAll(right)
  const block = bytesOf(1_000)
  for (let sent = 0; sent < 20; sent++) left.send(block)
  await once(right, 'message')
  assert.equal(a.readStatus, 'paused')
  assert.ok(b.writeBufferLength < 3 * block.byteLength, `${b.writeBufferLength} bytes wait for the slow side`)
  await left.close()
  assert.equal((await all).byteLength, 20 * block.byteLength)
})
