/** Ways to peers are kept open, and let go. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PeerLostError } from '../../../peer/errors.ts'
import { keepWarm } from '../../../peer/wire/keep-warm.ts'
import { standbyProtocol } from '../../../peer/wire/standby-frames.ts'
import { MemoryNetwork } from '../host/memory-links.ts'
import { VirtualClock } from '../host/virtual-clock.ts'

test('every peer but this one is dialled now and each minute, reached or not, and no channel stays', async () => {
  const clock = new VirtualClock()
  const network = new MemoryNetwork(clock)
  const links = network.peer('self')
  const met: string[] = []
  network.peer('a').handle(standbyProtocol, async channel => {
    met.push(channel.remotePeer)
    for await (const _ of channel.frames());
  })
  const dialled: string[] = []
  const counting = {
    ...links,
    dial: ((peer, ...rest) => {
      dialled.push(peer)
      return peer === 'gone' ? Promise.reject(new PeerLostError('gone')) : links.dial(peer, ...rest)
    }) as typeof links.dial
  }
  const ways = ['a', 'gone', 'self'].map(peer => ({ peer, addresses: [] }))
  const cool = keepWarm(counting, clock, standbyProtocol, [undefined, ...ways])
  await clock.quiet()
  assert.deepEqual([dialled, met, network.open], [['a', 'gone'], ['self'], []])
  await clock.pass(60_000)
  assert.deepEqual([dialled.length, met.length, network.open], [4, 2, []])
  cool()
  await clock.pass(300_000)
  assert.deepEqual([dialled.length, clock.pending], [4, 0])
})
