/**
 * Hosts on stand-in engines and drivers, joined in memory under one virtual clock: everything but the model and the
 * sockets is the product's own code.
 */
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { type SpanHost, startHost } from '../../../peer/host/span-host.ts'
import type { ChainModel } from '../../../peer/session/chain.ts'
import type { Drafter } from '../../../peer/session/drafter.ts'
import type { DriverContext } from '../../../peer/session/driver.ts'
import { DEFAULT_LIMITS, type DriverLimits } from '../../../peer/session/driver-limits.ts'
import { type GenerationEvent, type GenerationRequest, generate } from '../../../peer/session/generate.ts'
import { neutralSampling } from '../../../peer/session/neutral-sampling.ts'
import { Reputation } from '../../../peer/swarm/reputation.ts'
import type { Directory } from '../../../peer/swarm/types.ts'
import type { Links } from '../../../peer/wire/channel.ts'
import { silent } from '../../../peer/wire/log.ts'
import { MemoryNetwork } from './memory-links.ts'
import { STAND_IN, StandInEngine, type StandInOptions } from './stand-in-engine.ts'
import { VirtualClock } from './virtual-clock.ts'

export const DIGEST = 'ab'.repeat(32)
export const MODEL = { digest: DIGEST, ...STAND_IN }

// Ten keys for all tests, since making one takes longer than a whole small generation; always the same, since routes of
// the same cost are told apart by their peers.
const keys = await Promise.all(
  Array.from({ length: 10 }, (_, at) => generateKeyPairFromSeed('Ed25519', new Uint8Array(32).fill(at + 1)))
)
const ids = keys.map(key => peerIdFromPrivateKey(key).toString())

/** A whole model in three spans. */
export const THREE = [
  { first: 0, end: 3 },
  { first: 3, end: 6 },
  { first: 6, end: 8 }
]
/** One token's output of a hop: 4 values in f16. */
export const ROW_BYTES = 8

export interface HostSpan extends StandInOptions {
  /** Announced tokens a second through a layer: routes keep off the slow. */
  decodeRate?: number
  /** Bytes of outputs it logs. */
  logBytes?: number
}

export interface SwarmHost {
  id: string
  key: PrivateKey
  links: Links
  engine: StandInEngine
  host: SpanHost
}

export class SmallSwarm {
  readonly clock = new VirtualClock()
  readonly network = new MemoryNetwork(this.clock)
  readonly hosts: SwarmHost[] = []
  readonly reputation = new Reputation()
  readonly driverKey = keys[9]!
  readonly driverId = ids[9]!
  readonly model: ChainModel
  readonly driverLinks = this.network.peer(this.driverId)

  /** Of the driver's drafts; undefined: they come from the text alone. */
  drafter: Drafter | undefined

  /** Up to eight hosts; key 8 is the stranger. */
  constructor(hosts: readonly HostSpan[], model: ChainModel = MODEL) {
    this.model = model
    for (const options of hosts) this.add(options)
  }

  get strangerId(): string {
    return ids[8]!
  }

  get strangerKey(): PrivateKey {
    return keys[8]!
  }

  add(options: HostSpan): SwarmHost {
    const at = this.hosts.length
    const engine = new StandInEngine({ ...options, model: this.model })
    const links = this.network.peer(ids[at]!)
    const host = startHost({
      links,
      engine,
      model: this.model,
      rates: { prefill: 1000, decode: options.decodeRate ?? 100 },
      clock: this.network.clockOf(ids[at]!),
      ...(options.logBytes === undefined ? {} : { logBytes: options.logBytes })
    })
    const added = { id: ids[at]!, key: keys[at]!, links, engine, host }
    this.hosts.push(added)
    return added
  }

  directory(): Directory {
    const entries = this.hosts.flatMap(({ id, links, host }) => {
      const offer = this.gone.has(id) ? undefined : host.offer()
      if (offer === undefined) return []
      return [
        {
          announcement: {
            peer: id,
            sequence: 1,
            addresses: links.addresses(),
            agent: 'node' as const,
            adapter: '',
            offers: [offer]
          },
          ageMs: 0
        }
      ]
    })
    return { entries }
  }

  /** Peers whose announcement the directory has dropped; a killed peer stays listed until a test says otherwise. */
  readonly gone = new Set<string>()

  context(limits: Partial<DriverLimits> = {}): DriverContext {
    return {
      links: this.driverLinks,
      privateKey: this.driverKey,
      directory: { query: async () => this.directory() },
      model: this.model,
      reputation: this.reputation,
      clock: this.network.clockOf(this.driverId),
      logger: silent,
      drafter: this.drafter,
      limits: { ...DEFAULT_LIMITS, chunkBytes: 8 * 2 * STAND_IN.width, ...limits }
    }
  }

  generate(request: Partial<GenerationRequest> = {}, limits: Partial<DriverLimits> = {}, signal?: AbortSignal) {
    return generate(this.context(limits), { ...DEFAULT_REQUEST, ...request }, signal)
  }

  /** Runs a generation to its end. */
  async run(request: Partial<GenerationRequest> = {}, limits: Partial<DriverLimits> = {}): Promise<GenerationEvent[]> {
    return this.clock.until(Array.fromAsync(this.generate(request, limits)))
  }

  /** Kills a host, and has its directory drop it. */
  kill(at: number): void {
    const { id } = this.hosts[at]!
    this.network.kill(id)
    this.gone.add(id)
  }

  freeBlocks(): number[] {
    return this.hosts.map(({ engine }) => engine.kv().freeBlocks)
  }
}

/** Three chunks of prefill at the chunk size above. */
export const PROMPT = Array.from({ length: 21 }, (_, at) => (at * 31 + 5) % STAND_IN.vocabulary)

export const DEFAULT_REQUEST: GenerationRequest = {
  prompt: PROMPT,
  maxTokens: 12,
  sampling: { ...neutralSampling, temperature: 0, seed: 1 },
  endIds: new Set(),
  choice: 0,
  logprobs: undefined,
  deadlineMs: undefined,
  standby: false
}

export function tokensOf(events: readonly GenerationEvent[]): number[] {
  return events.flatMap(event => (event.type === 'token' ? [event.token] : []))
}
