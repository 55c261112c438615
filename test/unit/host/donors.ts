/** Donors of a small model on stand-in engines, joined in memory and by one directory under one virtual clock. */
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { type Donation, type DonationEvent, type DonationOptions, startDonation } from '../../../peer/host/donate.ts'
import { spanBytes } from '../../../peer/host/span-bytes.ts'
import type { Manifest } from '../../../peer/model/manifest-format.ts'
import type { Span } from '../../../peer/model/types.ts'
import type { DriverContext } from '../../../peer/session/driver.ts'
import { DEFAULT_LIMITS } from '../../../peer/session/driver-limits.ts'
import { type GenerationRequest, generate } from '../../../peer/session/generate.ts'
import { signAnnouncement, verifyAnnouncement } from '../../../peer/swarm/announcement.ts'
import { readEntries, type SignedEntry } from '../../../peer/swarm/read-entries.ts'
import { Reputation } from '../../../peer/swarm/reputation.ts'
import type { Announcement } from '../../../peer/swarm/types.ts'
import { silent } from '../../../peer/wire/log.ts'
import { MemoryNetwork } from './memory-links.ts'
import { DEFAULT_REQUEST, DIGEST, MODEL } from './small-swarm.ts'
import { STAND_IN, StandInEngine } from './stand-in-engine.ts'
import { VirtualClock } from './virtual-clock.ts'

/** A model of eight equal layers, 1000 bytes each in one tensor. */
export function smallManifest(): Manifest {
  const { layers, width, vocabulary, contextLength } = STAND_IN
  const hyperparameters = {
    architecture: 'llama',
    layers,
    width,
    heads: 1,
    kvHeads: 1,
    headDim: 4,
    feedForward: 8,
    vocabulary,
    contextLength,
    normEpsilon: 1e-5,
    ropeBase: 10_000,
    ropeDimensions: 4,
    ropePairing: 'interleaved' as const,
    tied: true
  }
  const tensors = Array.from({ length: layers }, (_, layer) => ({
    name: `blk.${layer}.ffn_up.weight`,
    typeName: 'F32',
    dims: [4, 8],
    offset: 0,
    bytes: 1_000,
    chunks: []
  }))
  const tokenizer = {
    model: 'gpt2' as const,
    preTokenizer: 'gpt-2',
    tokens: [],
    kinds: [],
    merges: [],
    bos: undefined,
    eos: undefined,
    addsBos: false,
    endOfGeneration: []
  }
  return { version: 1, name: 'stand-in', fileSize: 8_000, hyperparameters, tokenizer, chatTemplate: undefined, tensors }
}

const keys = await Promise.all(
  Array.from({ length: 10 }, (_, at) => generateKeyPairFromSeed('Ed25519', new Uint8Array(32).fill(at + 1)))
)
const DRIVER = keys.length - 1
const PRETENDER = keys.length - 2
/** Of a second model of the same shape. */
export const OTHER_DIGEST = 'cd'.repeat(32)
const BOTH = [DIGEST, OTHER_DIGEST].map(digest => ({ digest, layers: STAND_IN.layers }))
const KV_TOKENS = 512

export interface TestDonor {
  id: string
  donation: Donation
  events: DonationEvent[]
  /** Of the engine that serves now. */
  span: () => Span | undefined
  /** Vanishes without a word: its connections break and its announcement is dropped. */
  kill: () => void
}

export interface DonorWish {
  /** Holds exactly these for good. */
  fixed?: Span
  /** Layers it has memory for. */
  room?: number
  rate?: number
  random?: () => number
  /** Goes to the other model when that is wanted more. */
  roams?: boolean
  createEngine?: DonationOptions['createEngine']
}

export class Donors {
  readonly clock = new VirtualClock()
  readonly network = new MemoryNetwork(this.clock)
  readonly #said = new Map<string, { announcement: Announcement; signed: Uint8Array }>()
  readonly #donors: TestDonor[] = []
  readonly #dead = new Set<string>()
  /** What a peer finds in the directory. */
  visible: (reader: string, entry: Announcement) => boolean = () => true

  /** Starts a donor and waits until it serves. */
  async add(wish: DonorWish): Promise<TestDonor> {
    const donor = this.start(wish)
    await this.clock.until(donor.donation.serving)
    await this.clock.pass(1_500)
    return donor
  }

  start({ fixed, room = STAND_IN.layers, rate = 90, random = () => 0.5, roams = false, createEngine }: DonorWish): TestDonor {
    const key = keys[this.#donors.length]!
    const id = idOf(key)
    const events: DonationEvent[] = []
    const manifest = smallManifest()
    const donation = startDonation({
      links: this.network.peer(id),
      privateKey: key,
      directory: {
        announce: signed => this.put(id, signed),
        withdraw: async () => void this.#said.delete(id),
        query: async () => this.entries(id)
      },
      manifest: { manifest, bytes: new Uint8Array(0), digest: DIGEST },
      agent: 'node',
      adapter: 'none',
      memoryBytes: spanBytes(manifest, { first: 0, end: room }, KV_TOKENS),
      kvTokens: KV_TOKENS,
      expectedDecodeRate: rate,
      createEngine:
        createEngine ?? (async ({ span }) => ({ engine: new StandInEngine(span), rates: { prefill: 10 * rate, decode: rate } })),
      ...(fixed === undefined ? {} : { span: fixed }),
      ...(roams ? { others: { models: BOTH, manifest: async digest => ({ manifest, bytes: new Uint8Array(0), digest }) } } : {}),
      onEvent: event => events.push(event),
      random,
      clock: this.network.clockOf(id)
    })
    const donor = {
      id,
      donation,
      events,
      span: () => this.servedBy(id),
      kill: () => {
        this.network.kill(id)
        this.drop(id)
        this.#dead.add(id)
      }
    }
    this.#donors.push(donor)
    return donor
  }

  /** A made-up peer that says it serves this much of the other model, and how often it is asked. */
  async pretend(span: Span, demand: number, rate = 90): Promise<void> {
    const peer = idOf(keys[PRETENDER]!)
    const offer = { model: OTHER_DIGEST, layers: STAND_IN.layers, span, state: 'serving' as const, numerics: 'other' }
    const rates = { prefillRate: 10 * rate, decodeRate: rate, freeKvTokens: KV_TOKENS, queueMs: 0 }
    const about = { peer, sequence: 1, addresses: [], agent: 'node' as const, adapter: 'none' }
    this.put(peer, await signAnnouncement({ ...about, offers: [{ ...offer, ...rates, demand }] }, keys[PRETENDER]!))
  }

  put(id: string, signed: Uint8Array): void {
    this.clock.active()
    void verifyAnnouncement(signed).then(announcement => {
      if (!this.#dead.has(id)) this.#said.set(id, { announcement, signed })
    })
  }

  said(id: string): Announcement | undefined {
    return this.#said.get(id)?.announcement
  }

  signedOf(id: string): Uint8Array {
    return this.#said.get(id)!.signed
  }

  drop(id: string): void {
    this.#said.delete(id)
  }

  entries(reader: string): SignedEntry[] {
    return [...this.#said.values()]
      .filter(({ announcement }) => announcement.peer === reader || this.visible(reader, announcement))
      .map(({ signed }) => ({ announcement: signed, ageMs: 0 }))
  }

  servedBy(id: string): Span | undefined {
    return this.#said.get(id)?.announcement.offers.find(({ state, leaving }) => state === 'serving' && !leaving)?.span
  }

  generate(request: Partial<GenerationRequest> = {}) {
    const id = idOf(keys[DRIVER]!)
    const context: DriverContext = {
      links: this.network.peer(id),
      privateKey: keys[DRIVER]!,
      directory: { query: async () => readEntries(this.entries(id)) },
      model: MODEL,
      reputation: new Reputation(),
      clock: this.network.clockOf(id),
      logger: silent,
      limits: { ...DEFAULT_LIMITS, chunkBytes: 8 * 2 * STAND_IN.width }
    }
    return generate(context, { ...DEFAULT_REQUEST, ...request })
  }

  /** Of donors that serve, in the order they were added, e.g. `0-3`. */
  spans(): string[] {
    return this.#donors.flatMap(({ span }) => {
      const served = span()
      return served === undefined ? [] : [`${served.first}-${served.end}`]
    })
  }

  moves(): number {
    return this.#donors.reduce((sum, { events }) => sum + events.filter(({ state }) => state === 'moving').length, 0)
  }

  async end(): Promise<void> {
    await this.clock.until(
      Promise.all(this.#donors.filter(({ id }) => !this.#dead.has(id)).map(({ donation }) => donation.stop()))
    )
  }
}

function idOf(key: PrivateKey): string {
  return peerIdFromPrivateKey(key).toString()
}
