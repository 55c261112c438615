import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { GpuMemoryError } from '../../../peer/errors.ts'
import { type DonationEvent, type DonationOptions, startDonation } from '../../../peer/host/donate.ts'
import { spanBytes } from '../../../peer/host/span-bytes.ts'
import type { Span } from '../../../peer/model/types.ts'
import { signAnnouncement, verifyAnnouncement } from '../../../peer/swarm/announcement.ts'
import type { SignedEntry } from '../../../peer/swarm/read-entries.ts'
import type { Announcement } from '../../../peer/swarm/types.ts'
import { smallManifest } from './donors.ts'
import { MemoryNetwork } from './memory-links.ts'
import { DIGEST } from './small-swarm.ts'
import { StandInEngine } from './stand-in-engine.ts'
import { VirtualClock } from './virtual-clock.ts'

const key = await generateKeyPair('Ed25519')
const otherKey = await generateKeyPair('Ed25519')
const other = peerIdFromPrivateKey(otherKey).toString()

class Directory {
  readonly said: Announcement[] = []
  withdrawn = 0
  entries: SignedEntry[] = []
  announce = (signed: Uint8Array): void => {
    void verifyAnnouncement(signed).then(announcement => this.said.push(announcement))
  }
  withdraw = async (): Promise<void> => {
    this.withdrawn++
  }
  query = async (): Promise<SignedEntry[]> => this.entries
}

function donor(change: Partial<DonationOptions> = {}, entries: SignedEntry[] = []) {
  const clock = new VirtualClock()
  const network = new MemoryNetwork(clock)
  const links = network.peer(peerIdFromPrivateKey(key).toString())
  const directory = new Directory()
  directory.entries = entries
  const events: DonationEvent[] = []
  const engines: StandInEngine[] = []
  const options: DonationOptions = {
    links,
    privateKey: key,
    directory,
    manifest: { manifest: smallManifest(), bytes: new Uint8Array(0), digest: DIGEST },
    agent: 'node',
    adapter: 'none',
    memoryBytes: 1e9,
    kvTokens: 64,
    expectedDecodeRate: 50,
    createEngine: async ({ span }, onProgress) => {
      onProgress({ bytesDone: 500, bytesTotal: 1_000 })
      const engine = new StandInEngine(span)
      engines.push(engine)
      return { engine, rates: { prefill: 900, decode: 90 } }
    },
    onEvent: event => events.push(event),
    random: () => 0.5,
    clock,
    ...change
  }
  return { clock, network, directory, events, engines, donation: startDonation(options) }
}

test('a donor places itself, announces that it loads, serves, and withdraws when stopped', async () => {
  const { clock, directory, events, donation } = donor()
  const host = await clock.until(donation.serving)
  await clock.pass(3_000)
  assert.deepEqual(host.offer()?.span, { first: 0, end: 8 })
  const [loading, serving] = directory.said
  assert.deepEqual([loading!.offers[0]!.state, serving!.offers[0]!.state], ['loading', 'serving'])
  assert.ok(serving!.sequence > loading!.sequence)
  assert.equal(serving!.offers[0]!.decodeRate, 90)
  await clock.until(donation.stop())
  assert.equal(directory.withdrawn, 1)
  assert.equal(host.offer(), undefined)
  const states = events.map(({ state }) => state).filter((state, at, all) => state !== all[at - 1])
  assert.deepEqual(states, ['placing', 'loading', 'serving', 'leaving', 'ended'])
  assert.equal(await donation.ended, undefined)
  const told = directory.said.length
  await clock.pass(60_000)
  assert.equal(directory.said.length, told)
})

test('a donor takes the layers others lack, within its memory', async () => {
  const offer = {
    model: DIGEST,
    layers: 8,
    span: { first: 0, end: 5 },
    state: 'serving' as const,
    numerics: '',
    prefillRate: 1,
    decodeRate: 50,
    freeKvTokens: 1,
    queueMs: 0
  }
  const announcement = { peer: other, sequence: 1, addresses: [], agent: 'tab' as const, adapter: '', offers: [offer] }
  const entries = [
    { announcement: await signAnnouncement(announcement, otherKey), ageMs: 0 },
    // One that nobody signed is left out.
    { announcement: new Uint8Array(8), ageMs: 0 }
  ]
  const { clock, donation } = donor({ memoryBytes: spanBytes(smallManifest(), { first: 0, end: 3 }, 64) }, entries)
  const host = await clock.until(donation.serving)
  assert.deepEqual(host.offer()?.span, { first: 5, end: 8 })
  await clock.until(donation.stop())
})

test('too little memory and a failing engine end the donation with the reason', async () => {
  const small = donor({ memoryBytes: 10 })
  await assert.rejects(small.clock.until(small.donation.serving), { code: 'INVALID_REQUEST' })
  assert.equal((await small.donation.ended)?.code, 'INVALID_REQUEST')

  const broken = donor({
    createEngine: async () => {
      throw new Error('no weights')
    }
  })
  assert.match((await broken.clock.until(broken.donation.ended))!.message, /no weights/)
  assert.equal(broken.directory.withdrawn, 1)
})

test('a lost device withdraws the peer, comes back once with half the layers, then stops', async () => {
  const { clock, directory, engines, events, donation } = donor()
  const host = await clock.until(donation.serving)
  engines[0]!.lose()
  await clock.quiet()
  assert.equal(host.offer(), undefined)
  await clock.pass(3_000)
  assert.equal(directory.withdrawn, 1)
  assert.deepEqual(
    engines.map(({ shape }) => shape.span.end - shape.span.first),
    [8, 4]
  )
  assert.deepEqual(directory.said.at(-1)?.offers[0]?.span, engines[1]!.shape.span)
  assert.equal(directory.said.at(-1)?.offers[0]?.state, 'serving')
  // Its old word never comes after its new one, whatever way they take.
  const sequences = directory.said.map(({ sequence }) => sequence)
  assert.deepEqual(
    sequences,
    sequences.toSorted((a, b) => a - b)
  )

  engines[1]!.lose()
  assert.equal((await clock.until(donation.ended))?.code, 'DEVICE_LOST')
  assert.equal(engines.length, 2)
  assert.equal(directory.withdrawn, 2)
  const states = events.map(({ state }) => state).filter((state, at, all) => state !== all[at - 1])
  const once = ['loading', 'serving', 'leaving']
  assert.deepEqual(states, ['placing', ...once, 'retrying', ...once, 'ended'])
  const end = events.at(-1)
  assert.ok(end?.state === 'ended' && end.retried)
})

test('a pause outlives the loss of a device', async () => {
  const { clock, engines, directory, donation } = donor()
  const host = await clock.until(donation.serving)
  donation.pause(true)
  assert.equal(host.offer(), undefined)
  engines[0]!.lose()
  await clock.pass(3_000)
  assert.equal(engines.length, 2)
  assert.deepEqual(directory.said.at(-1)?.offers, [])
  donation.pause(false)
  await clock.pass(3_000)
  assert.equal(directory.said.at(-1)?.offers[0]?.state, 'serving')
  await clock.until(donation.stop())
})

for (const { what, change, tries } of [
  {
    what: 'half the layers',
    change: {},
    tries: [
      [0, 8, 64],
      [undefined, 4, 64]
    ]
  },
  {
    what: 'the beginning of a span it was told',
    change: { span: { first: 3, end: 8 } },
    tries: [
      [3, 5, 64],
      [3, 2, 64]
    ]
  },
  {
    what: 'half the KV where there is one layer',
    change: { span: { first: 3, end: 4 }, kvTokens: 1024 },
    tries: [
      [3, 1, 1024],
      [3, 1, 512]
    ]
  },
  {
    what: 'a context of KV at least',
    change: { span: { first: 3, end: 4 }, kvTokens: 300 },
    tries: [
      [3, 1, 300],
      [3, 1, 256]
    ]
  }
])
  test(`a GPU without the memory gets ${what}, once`, async () => {
    for (const second of ['fits', 'fails too']) {
      const tried: { span: Span; kvTokens: number }[] = []
      const { clock, donation, directory } = donor({
        ...change,
        createEngine: async ({ span, kvTokens }) => {
          tried.push({ span, kvTokens })
          if (tried.length === 1 || second !== 'fits') throw new GpuMemoryError('no room for keys 3')
          return { engine: new StandInEngine(span), rates: { prefill: 900, decode: 90 } }
        }
      })
      if (second === 'fits') {
        await clock.until(donation.serving)
        await clock.until(donation.stop())
        assert.equal(await donation.ended, undefined)
      } else {
        await assert.rejects(clock.until(donation.serving), { code: 'GPU_MEMORY' })
        assert.equal((await donation.ended)?.code, 'GPU_MEMORY')
      }
      assert.equal(directory.withdrawn, 2)
      assert.equal(tried.length, 2)
      for (const [at, [first, layers, kvTokens]] of tries.entries()) {
        if (first !== undefined) assert.equal(tried[at]!.span.first, first)
        assert.equal(tried[at]!.span.end - tried[at]!.span.first, layers)
        assert.equal(tried[at]!.kvTokens, kvTokens)
      }
    }
  })

test('who is told to stop while its GPU fails does not come back', async () => {
  const { clock, engines, donation } = donor()
  await clock.until(donation.serving)
  const stopped = donation.stop()
  engines[0]!.lose()
  await clock.until(stopped)
  assert.equal(await donation.ended, undefined)
  assert.equal(engines.length, 1)
})

test('stopping while weights load ends the loading', async () => {
  const { clock, directory, donation } = donor({
    createEngine: (_assignment, _onProgress, signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      })
  })
  await clock.quiet()
  await clock.until(donation.stop())
  assert.equal(await donation.ended, undefined)
  assert.equal(directory.withdrawn, 1)
})
