import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { Stream } from '@libp2p/interface'
import { streamPair } from '@libp2p/utils'
import { DeadlineError } from '../../../peer/errors.ts'
import { encodeVarint } from '../../../peer/wire/block-stream.ts'
import type { Protocol } from '../../../peer/wire/channel.ts'
import { Libp2pChannel } from '../../../peer/wire/libp2p-channel.ts'

const protocol: Protocol<Uint8Array> = {
  id: '/shoal/test/1.0.0',
  maxFrameBytes: 1_000_000,
  encode: frame => frame,
  decode: bytes => bytes
}
const pace = { firstFrameMs: 200, graceMs: 300, bytesPerSecond: 10_000 }

/** The far end as bare bytes, and a channel on the near one that somebody reads. */
async function channel(): Promise<{ far: Stream; frames: number[]; offences: string[]; ended: Promise<unknown> }> {
  const [far, near] = await streamPair()
  const offences: string[] = []
  const frames: number[] = []
  const made = new Libp2pChannel(near, 'peer', protocol, { inbound: true, pace, onOffence: offence => offences.push(offence) })
  const ended = (async () => {
    for await (const frame of made.frames()) frames.push(frame.byteLength)
  })().then(
    () => 'ended',
    (error: unknown) => error
  )
  return { far, frames, offences, ended }
}
const block = (bytes: Uint8Array) => Uint8Array.from([...encodeVarint(bytes.byteLength), ...bytes])
const header = (bytes: number) => block(encodeVarint(bytes))

test('a stream that brings nothing, or a length and then nothing, is reset and charged', async () => {
  for (const sent of [[], [header(1_000)], [header(1_000), block(new Uint8Array(500))]]) {
    const { far, offences, ended } = await channel()
    for (const bytes of sent) far.send(bytes)
    const error = await ended
    assert.ok(error instanceof DeadlineError, String(error))
    assert.deepEqual(offences, ['slow'])
    assert.notEqual(far.status, 'open')
  }
})

test('a first frame in time lets the stream rest, and a byte at a time is too slow', async () => {
  const { far, frames, offences, ended } = await channel()
  far.send(Uint8Array.from([...header(3), ...block(Uint8Array.of(1, 2, 3))]))
  // Longer than a first frame may take and than a begun one is waited for.
  await wait(700)
  assert.deepEqual([frames, offences], [[3], []])
  far.send(header(100))
  let over = false
  void ended.then(() => {
    over = true
  })
  for (let sent = 0; sent < 50 && !over; sent++) {
    far.send(block(Uint8Array.of(0)))
    await wait(20)
  }
  assert.ok((await ended) instanceof DeadlineError)
  assert.deepEqual([frames, offences], [[3], ['slow']])
})

test('a large frame at the pace is not slow, however long it takes', async () => {
  const { far, frames, offences } = await channel()
  far.send(Uint8Array.from([...header(1), ...block(Uint8Array.of(1))]))
  far.send(header(20_000))
  // Twice the slowest pace, three times as long as the grace.
  for (let sent = 0; sent < 20; sent++) {
    far.send(block(new Uint8Array(1_000)))
    await wait(50)
  }
  await wait(100)
  assert.deepEqual([frames, offences], [[1, 20_000], []])
})
