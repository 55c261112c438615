/** Peers of another version in one chain: what they add is passed over, and who does not speak the protocol is left out. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chainProtocol } from '../../../peer/wire/protocols.ts'
import { LEASES_MS } from './fault-schedules.ts'
import { PROMPT, SmallSwarm, THREE, tokensOf } from './small-swarm.ts'
import { greedyReference } from './stand-in-engine.ts'

const expected = await greedyReference(PROMPT, 12)

/** Field 100, which no message has: a varint, and a message of two bytes. */
const NEW_FIELD = [0xa0, 0x06, 0x2a]
const NEW_BODY = Uint8Array.from([0xa2, 0x06, 0x02, 0x08, 0x01])

/** The frame with a field that this version does not know, beside its body and inside. */
function extended(frame: Uint8Array): Uint8Array {
  let at = 1
  let length = 0
  for (let shift = 0; ; shift += 7) {
    const byte = frame[at++]!
    length += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) break
  }
  assert.equal(frame.length, at + length, 'one body')
  const body = [...frame.subarray(at), ...NEW_FIELD]
  const size: number[] = []
  for (let rest = body.length; ; rest = Math.floor(rest / 128)) {
    size.push(rest >= 128 ? (rest % 128) + 128 : rest)
    if (rest < 128) break
  }
  return Uint8Array.from([frame[0]!, ...size, ...body, ...NEW_FIELD])
}

for (const newer of ['the driver', 'a hop', 'everybody'])
  test(`${newer} of a newer version: its new fields and bodies change nothing`, async () => {
    const swarm = new SmallSwarm(THREE)
    const speakers = new Set(
      newer === 'the driver'
        ? [swarm.driverId]
        : newer === 'a hop'
          ? [swarm.hosts[1]!.id]
          : [swarm.driverId, ...swarm.hosts.map(({ id }) => id)]
    )
    let added = 0
    swarm.network.fate = ({ from, bytes }) => {
      if (!speakers.has(from)) return [{}]
      added++
      return [{ bytes: NEW_BODY }, { bytes: extended(bytes) }, { bytes: NEW_BODY }]
    }
    const events = await swarm.run()
    assert.deepEqual(tokensOf(events), expected)
    assert.ok(added > 10)
    assert.ok(events.every(({ type }) => type !== 'recovered'))
    assert.deepEqual(swarm.network.handlerErrors, [])
    for (const { id } of swarm.hosts) assert.equal(swarm.reputation.isBanned(id, swarm.clock.now()), false)
    await swarm.clock.pass(LEASES_MS)
    assert.deepEqual(swarm.freeBlocks(), [256, 256, 256])
  })

test('bodies that nobody knows do not stand for the open that a stream starts with', async () => {
  const swarm = new SmallSwarm(THREE)
  const channel = await swarm.driverLinks.dial(swarm.hosts[0]!.id, [], { ...chainProtocol, encode: () => NEW_BODY })
  await channel.send({})
  let closed = false
  void channel.closed.then(() => {
    closed = true
  })
  await swarm.clock.pass(9_000)
  assert.equal(closed, false)
  await swarm.clock.pass(2_000)
  assert.equal(closed, true)
})

test('a peer that serves another version of the protocol is left out', async () => {
  const swarm = new SmallSwarm([...THREE, { ...THREE[1]!, decodeRate: 90 }])
  const old = swarm.hosts[1]!
  for (const from of [swarm.driverId, ...swarm.hosts.map(({ id }) => id)]) swarm.network.refuse(from, old.id, chainProtocol.id)
  const events = await swarm.run()
  assert.deepEqual(tokensOf(events), expected)
  const opened = events.find(event => event.type === 'opened')
  assert.equal(opened?.route.hops[1]?.peer, swarm.hosts[3]!.id)
  assert.ok(swarm.reputation.isBanned(old.id, swarm.clock.now()))
})
