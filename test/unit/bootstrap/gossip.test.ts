import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import fc from 'fast-check'
import { FELLOW_LEASE_MS, Fellows, MAX_FELLOWS } from '../../../bootstrap/fellows.ts'
import { fitting, receive, renewalsOf, startGossip } from '../../../bootstrap/gossip.ts'
import { toldAddresses } from '../../../bootstrap/told.ts'
import { signAnnouncement, verifyAnnouncement } from '../../../peer/swarm/announcement.ts'
import { DirectoryTable } from '../../../peer/swarm/directory.ts'
import { GossipSources } from '../../../peer/swarm/gossip.ts'
import { MAX_RENEWALS } from '../../../peer/wire/check-frames.ts'
import { GossipFrame, type ModelEntry } from '../../../peer/wire/frames.pb.js'
import { silent } from '../../../peer/wire/log.ts'
import { decodeGossip, MAX_GOSSIP_BYTES } from '../../../peer/wire/protocols.ts'
import { VirtualClock } from '../host/virtual-clock.ts'
import { offerOf } from '../swarm/kit.ts'

const keys = await Promise.all([1, 2, 3].map(() => generateKeyPair('Ed25519')))
const [donor, fellow, third] = keys.map(key => peerIdFromPrivateKey(key).toString()) as [string, string, string]

const signed = (sequence: number, serves = true) =>
  signAnnouncement(
    {
      peer: donor,
      sequence,
      addresses: [],
      agent: 'node',
      adapter: '',
      offers: serves ? [offerOf({ first: 0, end: 2 }, 16)] : []
    },
    keys[0]!
  )

function entry(digest: number, name: string, changes: Partial<ModelEntry> = {}): ModelEntry {
  const manifests = [`http://example.org/${name}/manifest`]
  return { model: new Uint8Array(32).fill(digest), name, layers: 8, manifests, sources: [], ...changes }
}

function receiver() {
  const clock = new VirtualClock()
  const table = new DirectoryTable({ leaseMs: 20_000 })
  const asked: string[] = []
  const options = { clock, table, fellows: new Fellows(), sources: new GossipSources(), logger: silent }
  const take = (frame: GossipFrame | Uint8Array, source = fellow, from = source) =>
    receive(source, from, frame instanceof Uint8Array ? frame : GossipFrame.encode(frame), options, peer => asked.push(peer))
  return { ...options, asked, take }
}

test('an announcement is passed on once, its withdrawal too, and what came before it no more', async () => {
  const { take, table, clock } = receiver()
  const [first, farewell] = [await signed(1), await signed(2, false)]
  assert.equal(await take({ announce: { announcement: first } }), 'accept')
  assert.equal(await take({ announce: { announcement: first } }, third), 'ignore')
  assert.equal(table.live(clock.now()).length, 1)
  assert.equal(await take({ announce: { announcement: farewell } }), 'accept')
  assert.equal(await take({ announce: { announcement: first } }, third), 'ignore')
  assert.equal(table.live(clock.now()).length, 0)
})

test('a stale announcement is charged to who brings it, not to who signed it', async () => {
  const { take, sources, clock } = receiver()
  const [first, second] = [await signed(1), await signed(2)]
  await take({ announce: { announcement: second } })
  assert.equal(await take({ announce: { announcement: first } }, third), 'ignore')
  assert.equal(sources.charges, 0, 'late is no fault')
  await clock.pass(15_000)
  assert.equal(await take({ announce: { announcement: first } }, third), 'ignore')
  assert.equal(sources.charges, 1)
})

test('anything malformed or forged is rejected, bans its neighbour and harms nothing', async () => {
  const announcement = await signed(1)
  const valid = GossipFrame.encode({ announce: { announcement } })
  await fc.assert(
    fc.asyncProperty(fc.nat(valid.byteLength - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const { take, table, sources, clock } = receiver()
      const changed = Uint8Array.from(valid)
      changed[at]! ^= flip
      const reception = await take(changed)
      // Some bytes of the framing may change and leave an announcement that is still the peer's.
      if (reception === 'accept') assert.equal(table.live(clock.now())[0]?.announcement.peer ?? donor, donor)
      else if (reception === 'ignore') {
        // As a body that a newer directory node may know.
        assert.equal(at, 0)
        assert.equal(table.size, 0)
        assert.equal(sources.isBanned(fellow, clock.now()), false)
      } else {
        assert.equal(reception, 'reject')
        assert.equal(sources.isBanned(fellow, clock.now()), true)
        assert.equal(table.size, 0)
        assert.equal(await take(valid), 'ignore', 'nothing is heard of it while it is banned')
        assert.equal(await take(valid, third), 'accept')
      }
    }),
    { numRuns: 60 }
  )
  const { take } = receiver()
  assert.equal(await take(new Uint8Array(MAX_GOSSIP_BYTES + 1)), 'reject')
  assert.equal(await take({}, third), 'ignore', 'what a newer version adds is no offence')
})

test('renewals keep what is known; of what is not, the one that vouches is asked', async () => {
  const { take, table, clock, asked } = receiver()
  await take({ announce: { announcement: await signed(3) } })
  await clock.pass(15_000)
  const renewals = (sequence: bigint) => ({ renewals: { renewals: [{ peer: donor, sequence }] } })
  assert.equal(await take(renewals(3n)), 'accept')
  await clock.pass(15_000)
  assert.equal(table.live(clock.now()).length, 1)
  await take(renewals(2n))
  assert.deepEqual(asked, [], 'an older one is no news')
  await take(renewals(4n), fellow, third)
  assert.deepEqual(asked, [], 'not asked over a third')
  await take(renewals(4n))
  assert.deepEqual(asked, [fellow])
})

test('peers that hang on this node are told of once, renewed and told again when they change; a dead stream is hung up', async () => {
  const { clock, table, fellows, sources } = receiver()
  const told: GossipFrame[] = []
  const hungUp: string[] = []
  const gossip = startGossip({
    links: { self: third, addresses: () => [], dial: () => Promise.reject(new Error('unreachable')), handle: () => () => {} },
    table,
    fellows,
    sources,
    topic: {
      services: {},
      open: () => {},
      neighbours: () => [fellow, 'deaf'],
      publish: async data => {
        told.push(decodeGossip(data))
        return [fellow]
      }
    },
    self: () => ({ addresses: [], models: [] }),
    hangUp: peer => hungUp.push(peer),
    clock,
    logger: silent
  })
  const put = async (sequence: number) => {
    const announcement = await signed(sequence)
    table.put(await verifyAnnouncement(announcement), announcement, clock.now())
    gossip.announced(donor)
  }
  const kinds = () => told.splice(0).flatMap(frame => Object.keys(frame).filter(key => key !== 'directoryNode'))
  await put(1)
  assert.deepEqual(kinds(), ['announce'], 'at once')
  await put(2)
  await put(3)
  assert.deepEqual(kinds(), [], 'changes wait for each other')
  await clock.pass(6_000)
  assert.deepEqual(kinds(), ['announce'])
  await clock.pass(1_000)
  assert.deepEqual(kinds(), ['renewals'])
  gossip.withdrawn(donor, await signed(4, false))
  table.withdraw(donor, { sequence: 4, now: clock.now() })
  assert.deepEqual(kinds(), ['announce'])
  await clock.pass(50_000)
  assert.deepEqual(kinds(), [], 'nobody hangs on it')
  assert.deepEqual(hungUp, [])
  await clock.pass(10_000)
  assert.deepEqual(hungUp, ['deaf'])
  gossip.stop()
  assert.equal(clock.pending, 0)
})

test('messages stay within their bounds whatever there is to say', () => {
  const announcement = { peer: donor, sequence: 1, addresses: [], agent: 'node' as const, adapter: '', offers: [] }
  const stored = { announcement, signed: new Uint8Array(0), heardAt: 0, direct: true, vouchedAt: 0 }
  const messages = renewalsOf(Array(MAX_RENEWALS + 1).fill(stored))
  assert.deepEqual(
    messages.map(({ length }) => length),
    [MAX_RENEWALS, 1]
  )
  for (const renewals of messages) decodeGossip(GossipFrame.encode({ renewals: { renewals } }))
  const long = Array.from({ length: 16 }, (_, i) =>
    entry(i, `m${i}`, { sources: Array(4).fill(`http://example.org/${'x'.repeat(2_000)}`) })
  )
  const told = fitting({ addresses: [], models: long })
  assert.ok(told.models.length > 0 && told.models.length < 16)
  decodeGossip(GossipFrame.encode({ directoryNode: told }))
})

test('fellows: own addresses only, models by digest, nobody for ever, not more than there is room for', async () => {
  const fellows = new Fellows()
  const own = `/ip4/192.0.2.1/tcp/8080/ws/p2p/${fellow}`
  const others = [`/ip4/192.0.2.1/tcp/1/p2p/${third}`, `/ip4/192.0.2.1/tcp/1/p2p/${third}/p2p-circuit/p2p/${fellow}`, 'nonsense']
  const models = [entry(1, 'ours'), entry(2, 'theirs'), entry(3, 'elsewhere', { manifests: ['file:///etc/passwd'] })]
  assert.equal(fellows.hear(fellow, { addresses: [own, ...others], models }, 0), true)
  assert.equal(fellows.hear(third, { addresses: [], models: [entry(2, 'impostor')] }, 1), true)
  assert.deepEqual(fellows.addresses([third, fellow], 1), [own])
  assert.deepEqual(fellows.addresses([third], 1), [], 'not connected')
  assert.deepEqual(
    fellows.models(new Set(['01'.repeat(32)]), 1).map(({ name }) => name),
    ['theirs']
  )
  assert.deepEqual(
    fellows.models(new Set(), FELLOW_LEASE_MS).map(({ name }) => name),
    ['impostor'],
    'the first one’s lease is over'
  )
  const full = new Fellows()
  const ids = Array.from({ length: MAX_FELLOWS + 1 }, (_, i) => `peer${i}`)
  assert.deepEqual(
    ids.map(id => full.hear(id, { addresses: [], models: [] }, 0)),
    [...Array(MAX_FELLOWS).fill(true), false]
  )
})

test('a bootstrap tells the addresses where it can be dialled, WebSockets first', () => {
  const listening = [
    `/ip4/127.0.0.1/tcp/9/ws/p2p/${donor}`,
    `/ip4/192.0.2.7/tcp/4001/p2p/${donor}`,
    `/ip6/2001:db8::1/tcp/4001/p2p/${donor}`
  ]
  assert.deepEqual(toldAddresses(donor, listening, 8080, false, undefined), [
    `/ip4/192.0.2.7/tcp/8080/ws/p2p/${donor}`,
    `/ip6/2001:db8::1/tcp/8080/ws/p2p/${donor}`,
    ...listening.slice(1)
  ])
  assert.equal(
    toldAddresses(donor, listening, 8080, false, 'https://shoal.example')[0],
    `/dns/shoal.example/tcp/443/tls/ws/p2p/${donor}`
  )
})
