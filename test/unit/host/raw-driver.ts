/**
 * A driver by hand: signs whatever plan a test wants, sends whatever frames, and keeps every frame that comes back.
 */
import type { PrivateKey } from '@libp2p/interface'
import type { Links } from '../../../peer/wire/channel.ts'
import type { Answer, ChainFrame, Failure, Open, OpenPlan, Step } from '../../../peer/wire/frames.pb.js'
import { Encoding } from '../../../peer/wire/frames.pb.js'
import { fromHex } from '../../../peer/wire/hex.ts'
import { signOpen } from '../../../peer/wire/open-signature.ts'
import { chainProtocol } from '../../../peer/wire/protocols.ts'
import { SeenStream } from './seen-stream.ts'
import { DIGEST, type SmallSwarm, type SwarmHost } from './small-swarm.ts'

export const SESSION = Uint8Array.from({ length: 16 }, (_, at) => at + 1)
const greedy = { rows: 1, topK: 1, temperature: 1, extraIds: [] }

/** The previous peer’s stream to a hop. */
export class RawStream extends SeenStream<ChainFrame> {
  get failures(): Failure[] {
    return this.all('failure')
  }

  get answers(): Answer[] {
    return this.all('answer')
  }

  /** Tokens of the answers, one a row, in order of arrival. */
  get tokens(): number[] {
    return this.answers.flatMap(({ rows }) => rows.map(row => row.ids[0]!))
  }

  get opened(): boolean {
    return this.all('opened').length > 0
  }
}

export class RawDriver {
  readonly swarm: SmallSwarm
  readonly links: Links
  readonly key: PrivateKey

  constructor(swarm: SmallSwarm, links: Links = swarm.driverLinks, key: PrivateKey = swarm.driverKey) {
    this.swarm = swarm
    this.links = links
    this.key = key
  }

  plan(hosts: readonly SwarmHost[], change: Partial<OpenPlan> = {}): OpenPlan {
    return {
      session: SESSION,
      epoch: 1,
      driver: this.links.self,
      model: fromHex(DIGEST),
      hops: hosts.map(({ id, engine, links }) => ({
        peer: id,
        firstLayer: engine.shape.span.first,
        endLayer: engine.shape.span.end,
        addresses: links.addresses(),
        numerics: 'stand-in'
      })),
      reserveTokens: 64,
      committed: 0,
      leaseMs: 10_000,
      waitMs: 0,
      encoding: Encoding.AUTO,
      window: 4,
      driverAddresses: [],
      issuedAt: BigInt(this.swarm.clock.now()),
      background: false,
      ...change
    }
  }

  sign(plan: OpenPlan): Promise<Open> {
    return signOpen(plan, this.key)
  }

  /** Dials a hop and sends frames; resolves when all is quiet. */
  async stream(peer: string, ...frames: ChainFrame[]): Promise<RawStream> {
    const stream = new RawStream(await this.links.dial(peer, [], chainProtocol))
    await this.send(stream, ...frames)
    return stream
  }

  async open(hosts: readonly SwarmHost[], change: Partial<OpenPlan> = {}): Promise<RawStream> {
    return this.stream(hosts[0]!.id, { open: await this.sign(this.plan(hosts, change)) })
  }

  async send(stream: RawStream, ...frames: ChainFrame[]): Promise<void> {
    for (const frame of frames) await stream.channel.send(frame)
    await this.swarm.clock.quiet()
  }
}

/** A step of token ids that asks for the greedy next one. */
export function step(number: number, position: number, ids: readonly number[], change: Partial<Step> = {}): ChainFrame {
  return {
    step: {
      session: SESSION,
      epoch: 1,
      number,
      position,
      count: ids.length,
      tokens: { ids: [...ids] },
      head: greedy,
      timings: [],
      parts: [],
      promptLeft: 0,
      ...change
    }
  }
}
