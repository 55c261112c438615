/**
 * Hostile bytes for everything that Shoal decodes from others: frames of every protocol, blocks, hellos, signed opens and
 * announcements. Whatever comes, a decoder answers with a value that goes through it again unchanged, or with an
 * InvalidFrameError; it never throws anything else, and never makes room for what is not there.
 */
import assert from 'node:assert/strict'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import fc from 'fast-check'
import { InvalidFrameError } from '../../../peer/errors.ts'
import { SignedAnnouncement } from '../../../peer/swarm/announcement.pb.js'
import { signAnnouncement, verifyAnnouncement } from '../../../peer/swarm/announcement.ts'
import { BlockParser } from '../../../peer/wire/block-stream.ts'
import { AnswerFrame, ChainFrame, DirectoryFrame, Dtype, Encoding, GossipFrame, OpenPlan } from '../../../peer/wire/frames.pb.js'
import { decodeHello, encodeHello, MAX_MEMBER_MESSAGE_BYTES } from '../../../peer/wire/member-proof.ts'
import { signOpen, verifyOpen } from '../../../peer/wire/open-signature.ts'
import { answerProtocol, chainProtocol, decodeGossip, directoryProtocol } from '../../../peer/wire/protocols.ts'
import { sign } from '../../../peer/wire/signature.ts'

const key = await generateKeyPairFromSeed('Ed25519', new Uint8Array(32).fill(7))
const peer = peerIdFromPrivateKey(key).toString()
const session = new Uint8Array(16).fill(3)
const model = new Uint8Array(32).fill(0xab)
const timings = [{ queueUs: 1, computeUs: 2 }]
const rows = [{ ids: [1, 2], logits: [0.5, 0.25], extraLogits: [1], logSumExp: 1, logSumExpAtTemperature: 1 }]
const plan: OpenPlan = {
  session,
  epoch: 1,
  driver: peer,
  model,
  hops: [{ peer, firstLayer: 0, endLayer: 8, addresses: ['/ip4/127.0.0.1/tcp/1'], numerics: 'f32' }],
  reserveTokens: 64,
  committed: 0,
  leaseMs: 10_000,
  waitMs: 0,
  encoding: Encoding.AUTO,
  window: 4,
  driverAddresses: [],
  issuedAt: 1n,
  background: true
}
const announcement = {
  peer,
  sequence: 1,
  addresses: ['/ip4/127.0.0.1/tcp/1'],
  agent: 'node' as const,
  adapter: 'a',
  offers: [
    {
      model: 'ab'.repeat(32),
      layers: 8,
      span: { first: 0, end: 4 },
      state: 'serving' as const,
      numerics: 'f32',
      prefillRate: 1_000,
      decodeRate: 100,
      freeKvTokens: 64,
      queueMs: 0,
      sessions: 3,
      movable: true,
      leaving: true,
      demand: 4
    }
  ]
}
const signedOpen = await signOpen(plan, key)
const signedAnnouncement = await signAnnouncement(announcement, key)
const { payload } = SignedAnnouncement.decode(signedAnnouncement)
const entry = { model, name: 'm', layers: 8, sources: ['https://a/w'], manifests: ['https://a/m'] }
const failure = { session, epoch: 1, code: 'BUSY', message: 'm', peer, retryAfterMs: 1, have: 2 }
const step = { session, epoch: 1, number: 1, position: 0, count: 2, timings, parts: [0, 1], promptLeft: 9 }
const head = { rows: 1, topK: 8, temperature: 1, extraIds: [3] }

const chainFrames: ChainFrame[] = [
  { open: signedOpen },
  { step: { ...step, tokens: { ids: [5, 6] }, head } },
  { step: { ...step, hidden: { dtype: Dtype.DTYPE_F16, data: new Uint8Array(16) } } },
  { beat: { session, epoch: 1 } },
  { rowRequest: { session, epoch: 1, number: 1, row: 0 } },
  { close: { session, epoch: 1 } },
  { opened: { session, epoch: 1, hops: [{ kvLength: 1, logFirst: 0, logEnd: 1 }] } },
  { answer: { session, epoch: 1, number: 1, position: 0, count: 1, rows, timings } },
  { row: { session, epoch: 1, number: 1, row: 0, logits: new Uint8Array(16) } },
  { credit: { session, epoch: 1, number: 0 } },
  { failure }
]
const answerFrames: AnswerFrame[] = [
  { attach: { session, epoch: 1 } },
  { answer: { session, epoch: 1, number: 1, position: 0, count: 1, rows, timings } },
  { rowRequest: { session, epoch: 1, number: 1, row: 0 } },
  { row: { session, epoch: 1, number: 1, row: 0, logits: new Uint8Array(16) } }
]
const directoryFrames: DirectoryFrame[] = [
  { announce: { announcement: signedAnnouncement } },
  { withdraw: { announcement: signedAnnouncement } },
  { query: { model, perRegion: 16 } },
  { announced: { leaseMs: 1 } },
  { found: { entries: [{ announcement: signedAnnouncement, ageMs: 1 }] } },
  { failure },
  { listModels: {} },
  { models: { models: [entry] } }
]
const gossipFrames: GossipFrame[] = [
  { announce: { announcement: signedAnnouncement } },
  { renewals: { renewals: [{ peer, sequence: 1n }] } },
  { directoryNode: { addresses: ['/ip4/127.0.0.1/tcp/1'], models: [entry] } }
]

/** Values at the edges of what a varint can say, and lengths that promise gigabytes. */
const VARINTS = [
  [0],
  [0x7f],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  Array(11).fill(0xff)
]

type Change = (bytes: number[]) => number[]

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(fc.nat(), fc.nat(255)).map(
    ([at, value]): Change =>
      bytes =>
        bytes.with(at % bytes.length, value)
  ),
  fc.tuple(fc.nat(), fc.nat(7)).map(
    ([at, bit]): Change =>
      bytes =>
        bytes.with(at % bytes.length, bytes[at % bytes.length]! ^ (1 << bit))
  ),
  fc.nat().map(
    (at): Change =>
      bytes =>
        bytes.slice(0, at % (bytes.length + 1))
  ),
  fc.tuple(fc.nat(), fc.nat(32)).map(
    ([at, count]): Change =>
      bytes =>
        bytes.toSpliced(at % bytes.length, count)
  ),
  fc.tuple(fc.nat(), fc.constantFrom(...VARINTS)).map(
    ([at, varint]): Change =>
      bytes =>
        bytes.toSpliced(at % bytes.length, 1, ...varint)
  ),
  fc.tuple(fc.nat(), fc.uint8Array({ maxLength: 16 })).map(
    ([at, more]): Change =>
      bytes =>
        bytes.toSpliced(at % bytes.length, 0, ...more)
  ),
  fc.nat(64).map(
    (times): Change =>
      bytes =>
        bytes.length * times > 65_536
          ? bytes
          : Array(times + 1)
              .fill(bytes)
              .flat()
  )
)

/** Bytes near to these, or far from everything. */
function near(valid: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const mutated = fc
    .tuple(fc.constantFrom(...valid), fc.array(change, { minLength: 1, maxLength: 4 }))
    .map(([bytes, changes]) => {
      let now = [...bytes]
      for (const apply of changes) if (now.length > 0) now = apply(now)
      return Uint8Array.from(now)
    })
  return fc.oneof({ arbitrary: mutated, weight: 7 }, { arbitrary: fc.uint8Array({ maxLength: 256 }), weight: 1 })
}

/** What a decoder makes of the bytes; undefined when it refuses them as it should. */
function decoded<Value>(decode: () => Value): Value | undefined {
  try {
    return decode()
  } catch (error) {
    assert.ok(error instanceof InvalidFrameError, `${error}`)
    return undefined
  }
}

function frames<Frame>(
  name: string,
  valid: readonly Frame[],
  encode: (frame: Frame) => Uint8Array,
  decode: (bytes: Uint8Array) => Frame
) {
  const bytes = valid.map(frame => encode(frame))
  for (const [index, frame] of valid.entries())
    assert.deepEqual(decode(bytes[index]!), frame, `${name} ${index} is not valid itself`)
  return {
    name,
    share: 0.19,
    property: fc.property(near(bytes), input => {
      const frame = decoded(() => decode(input))
      // Of a body that only newer peers know nothing is left to write, and an empty frame is none.
      if (frame !== undefined && encode(frame).byteLength > 0) assert.deepEqual(decode(encode(frame)), frame)
    })
  }
}

interface Target {
  name: string
  /** Of all cases: those with signatures are slow. */
  share: number
  property: fc.IRawProperty<unknown>
}

const targets: Target[] = [
  frames('chain frames', chainFrames, ChainFrame.encode, chainProtocol.decode),
  frames('answer frames', answerFrames, AnswerFrame.encode, answerProtocol.decode),
  frames('directory frames', directoryFrames, DirectoryFrame.encode, directoryProtocol.decode),
  frames('gossip frames', gossipFrames, GossipFrame.encode, decodeGossip),
  {
    name: 'blocks, however they are cut',
    share: 0.1,
    property: fc.property(near([Uint8Array.of(3, 1, 2, 3, 0, 5, 2, 9, 9, 0, 0)]), fc.array(fc.nat(64)), (bytes, cuts) => {
      assert.deepEqual(parsed(bytes, cuts), parsed(bytes, []))
    })
  },
  {
    name: 'hellos',
    share: 0.1,
    property: fc.property(near([encodeHello({ network: 'shoal', private: true, nonce: new Uint8Array(32) })]), bytes => {
      const hello = decoded(() => decodeHello(bytes))
      if (hello !== undefined) assert.ok(encodeHello(hello).byteLength <= 2 * MAX_MEMBER_MESSAGE_BYTES)
    })
  },
  {
    name: 'opens, broken and well signed',
    share: 0.02,
    property: fc.asyncProperty(near([OpenPlan.encode(plan)]), fc.boolean(), async (bytes, honest) => {
      const { payload: signed, publicKey, signature } = await sign('shoal/open/1', bytes, key)
      if (!honest) signature[0]! ^= 1
      const open = await verifyOpen({ plan: signed, publicKey, signature }).catch(refusal)
      assert.ok(honest || open === undefined, 'a broken signature is believed')
      if (open !== undefined) assert.equal(open.driver, peer)
    })
  },
  {
    name: 'announcements, broken',
    share: 0.01,
    property: fc.asyncProperty(near([signedAnnouncement]), async bytes => {
      const told = await verifyAnnouncement(bytes).catch(refusal)
      if (told !== undefined) assert.deepEqual(told, announcement)
    })
  },
  {
    name: 'announcements, implausible and well signed',
    share: 0.01,
    property: fc.asyncProperty(near([payload]), async bytes => {
      const domain = new TextEncoder().encode('shoal/announcement/1\0')
      const signature = Uint8Array.from(await key.sign(Uint8Array.from([...domain, ...bytes])))
      const { publicKey } = SignedAnnouncement.decode(signedAnnouncement)
      const told = await verifyAnnouncement(
        SignedAnnouncement.encode({ payload: Uint8Array.from(bytes), publicKey, signature })
      ).catch(refusal)
      if (told === undefined) return
      assert.equal(told.peer, peer)
      for (const { span, layers, decodeRate } of told.offers)
        assert.ok(span.first < span.end && span.end <= layers && decodeRate > 0)
    })
  }
]

function refusal(error: unknown): undefined {
  assert.ok(error instanceof InvalidFrameError, `${error}`)
}

/** What the parser makes of the bytes when they come in such pieces: data, credit, end, and whether it refused them. */
function parsed(bytes: Uint8Array, cuts: readonly number[]): unknown {
  const data: number[] = []
  const control: (number | 'end')[] = []
  const parser = new BlockParser({
    data: piece => data.push(...piece),
    credit: credit => control.push(credit),
    end: () => control.push('end')
  })
  let at = 0
  const refused =
    decoded(() => {
      for (const cut of [...cuts, bytes.byteLength]) {
        parser.push(bytes.subarray(at, at + cut))
        at = Math.min(bytes.byteLength, at + cut)
      }
      return true
    }) === undefined
  return { data, control, refused }
}

export interface FuzzOptions {
  /** Over all targets. */
  runs: number
  seed: number
  /** Goes straight to a failure's counterexample. */
  path?: string
}

/** Each target by its name, so that a test can tell them apart. */
export const fuzzTargets = targets.map(({ name, share, property }) => ({
  name,
  run: async ({ runs, seed, path }: FuzzOptions): Promise<number> => {
    const numRuns = Math.max(1, Math.round(runs * share))
    await fc.assert(property, { numRuns, seed, ...(path === undefined ? {} : { path }) })
    return numRuns
  }
}))
