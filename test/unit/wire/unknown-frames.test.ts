/** Frames that only newer peers know, on the channel of a real stream: passed over in chains, left to a directory node. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { streamPair } from '@libp2p/utils'
import type { Protocol } from '../../../peer/wire/channel.ts'
import { Libp2pChannel } from '../../../peer/wire/libp2p-channel.ts'
import { answerProtocol, chainProtocol, directoryProtocol } from '../../../peer/wire/protocols.ts'
import { standbyProtocol } from '../../../peer/wire/standby-frames.ts'

/** Field 100, which no frame has: a message of two bytes. */
const NEW_BODY = Uint8Array.from([0xa2, 0x06, 0x02, 0x08, 0x01])
const beat = { beat: { session: new Uint8Array(16), epoch: 1 } }

/** What is read of an unknown frame and of `known` behind it. */
async function readBehindUnknown<Frame>(protocol: Protocol<Frame>, known: Frame): Promise<Frame[]> {
  const [near, far] = await streamPair()
  const reader = new Libp2pChannel(near, 'peer', protocol)
  let sent = 0
  const encode = (frame: Frame) => (sent++ === 0 ? NEW_BODY : protocol.encode(frame))
  const writer = new Libp2pChannel(far, 'peer', { ...protocol, encode })
  await writer.send(known)
  await writer.send(known)
  await writer.close()
  const frames = await Array.fromAsync(reader.frames())
  await reader.close()
  return frames
}

test('chains, answers and standbys pass them over', async () => {
  assert.deepEqual(await readBehindUnknown(chainProtocol, beat), [beat])
  const attach = { attach: beat.beat }
  assert.deepEqual(await readBehindUnknown(answerProtocol, attach), [attach])
  assert.deepEqual(await readBehindUnknown(standbyProtocol, beat), [beat])
})

test('a directory node reads them, since each request is answered', async () => {
  const query = { query: { model: new Uint8Array(32), perRegion: 1 } }
  assert.equal((await readBehindUnknown(directoryProtocol, query)).length, 2)
})
