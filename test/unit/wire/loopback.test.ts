import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Links, Protocol } from '../../../peer/wire/channel.ts'
import { withLoopback } from '../../../peer/wire/loopback.ts'

const text: Protocol<string> = {
  id: '/text',
  maxFrameBytes: 100,
  encode: frame => new TextEncoder().encode(frame),
  decode: bytes => new TextDecoder('utf-8', { fatal: true }).decode(bytes)
}

/** Links that reach nobody. */
const bare: Links = {
  self: 'me',
  addresses: () => [],
  dial: async peer => {
    throw new Error(`dialled ${peer}`)
  },
  handle: () => () => {}
}

test('a peer reaches its own protocols, others as before', async () => {
  const links = withLoopback(bare)
  const stop = links.handle(text, async channel => {
    assert.equal(channel.remotePeer, 'me')
    for await (const frame of channel.frames()) await channel.send(frame.toUpperCase())
  })
  const channel = await links.dial('me', [], text)
  await channel.send('one')
  await channel.send('two')
  const replies: string[] = []
  for await (const frame of channel.frames()) {
    replies.push(frame)
    if (replies.length === 2) await channel.close()
  }
  assert.deepEqual(replies, ['ONE', 'TWO'])
  await channel.closed
  await assert.rejects(channel.send('three'), { code: 'PEER_LOST' })
  await assert.rejects(links.dial('you', [], text), /dialled you/)
  stop()
  await assert.rejects(links.dial('me', [], text), { code: 'PEER_LOST' })
})

test('a sender waits when nobody reads, and a reset ends both sides', async () => {
  const links = withLoopback(bare)
  const held = Promise.withResolvers<void>()
  links.handle(text, () => held.promise)
  const channel = await links.dial('me', [], text)
  let sent = 0
  const sending = (async () => {
    for (; sent < 1_000; sent++) await channel.send('x')
  })()
  await new Promise(resolve => setImmediate(resolve))
  assert.ok(sent < 100, `${sent} frames without a reader`)
  channel.abort(new Error('enough'))
  await assert.rejects(sending, { code: 'PEER_LOST' })
  await channel.closed
  held.resolve()
})
