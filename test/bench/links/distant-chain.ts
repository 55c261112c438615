/**
 * A chain whose hops are far from one another: libp2p over TCP, each peer behind a proxy that delays. All of it in this
 * process, so that only the links are slow; engines are the caller's.
 */
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { SpanEngine } from '../../../peer/engine/engine.ts'
import { type HostOptions, type HostStats, type SpanHost, startHost } from '../../../peer/host/span-host.ts'
import type { ChainModel } from '../../../peer/session/chain.ts'
import type { Drafter } from '../../../peer/session/drafter.ts'
import type { DriverContext } from '../../../peer/session/driver.ts'
import { DEFAULT_LIMITS, type DriverLimits } from '../../../peer/session/driver-limits.ts'
import { type GenerationRequest, generate } from '../../../peer/session/generate.ts'
import { neutralSampling } from '../../../peer/session/neutral-sampling.ts'
import { Reputation } from '../../../peer/swarm/reputation.ts'
import { systemClock } from '../../../peer/wire/clock.ts'
import { silent } from '../../../peer/wire/log.ts'
import { createNode, type PeerNode } from '../../../peer/wire/node.ts'
import { type DelayingProxy, startDelayingProxy } from './delaying-proxy.ts'

export interface DistantAnswer {
  tokens: number[]
  /** From the request to the first token, and the mean of each after it. */
  ttftMs: number
  tpotMs: number
  drafted: number
  accepted: number
}

export interface DistantOptions {
  /** Everything in the order it comes, at hops and on connections. */
  inArrivalOrder?: boolean
  /** Who ask for answers. Default 1. */
  drivers?: number
}

export interface ChainEngine {
  engine: SpanEngine
  /** As its peer announces them. */
  rates: HostOptions['rates']
}

interface Peer {
  node: PeerNode
  proxy: DelayingProxy
  host: SpanHost
  engine: SpanEngine
}

export class DistantChain {
  readonly #peers: Peer[] = []
  readonly #drivers: { node: PeerNode; key: DriverContext['privateKey'] }[] = []
  #model: ChainModel | undefined

  /** Of the driver's drafts; undefined: they come from the text alone. */
  drafter: Drafter | undefined

  readonly #options: DistantOptions

  private constructor(options: DistantOptions) {
    this.#options = options
  }

  /** Closes the engines in the end, also when it does not start. */
  static async start(model: ChainModel, engines: readonly ChainEngine[], options: DistantOptions = {}): Promise<DistantChain> {
    const chain = new DistantChain(options)
    try {
      for (const engine of engines) await chain.#add(model, engine)
      for (let driver = 0; driver < (options.drivers ?? 1); driver++) {
        const key = await generateKeyPair('Ed25519')
        const node = await createNode({ privateKey: key, directoryNodes: [], webrtc: false, ...chain.#nodeOptions })
        chain.#drivers.push({ node, key })
      }
      chain.#model = model
      return chain
    } catch (error) {
      await chain.close()
      throw error
    }
  }

  /** One way, of every link of the chain and of those to the driver. */
  set delayMs(ms: number) {
    for (const { proxy } of this.#peers) proxy.delayMs = ms
  }

  /** Of each of those links, each way. */
  set bytesPerSecond(bytes: number) {
    for (const { proxy } of this.#peers) proxy.bytesPerSecond = bytes
  }

  /** What each hop has done, in the chain's order. */
  get stats(): HostStats[] {
    return this.#peers.map(({ host }) => host.stats())
  }

  async answer(
    request: Pick<GenerationRequest, 'prompt' | 'maxTokens'> & Partial<GenerationRequest>,
    limits: Partial<DriverLimits>,
    signal: AbortSignal,
    driver = 0
  ): Promise<DistantAnswer> {
    const whole: GenerationRequest = {
      sampling: { ...neutralSampling, temperature: 0 },
      endIds: new Set(),
      choice: 0,
      logprobs: undefined,
      deadlineMs: undefined,
      standby: false,
      ...request
    }
    const answer: DistantAnswer = { tokens: [], ttftMs: 0, tpotMs: 0, drafted: 0, accepted: 0 }
    const startedAt = performance.now()
    for await (const event of generate(this.#context(limits, driver), whole, signal)) {
      if (event.type === 'recovered') throw new Error('a hop was lost: other things would be measured')
      if (event.type !== 'token') continue
      const ms = performance.now() - startedAt
      if (answer.tokens.length === 0) answer.ttftMs = ms
      else answer.tpotMs = (ms - answer.ttftMs) / answer.tokens.length
      answer.tokens.push(event.token)
      answer.drafted += event.drafted
      answer.accepted += event.accepted
    }
    return answer
  }

  async close(): Promise<void> {
    for (const { node } of this.#drivers) await node.stop()
    for (const { host, engine, node, proxy } of this.#peers) {
      await host.stop()
      await engine.close()
      await node.stop()
      await proxy.close()
    }
  }

  get #nodeOptions(): { overtaking?: boolean } {
    return this.#options.inArrivalOrder ? { overtaking: false } : {}
  }

  #context(limits: Partial<DriverLimits>, driver: number): DriverContext {
    const { node, key } = this.#drivers[driver]!
    const entries = this.#peers.map(({ node: { self }, proxy, host }) => ({
      announcement: {
        peer: self,
        sequence: 1,
        addresses: [`/ip4/127.0.0.1/tcp/${proxy.port}`],
        agent: 'node' as const,
        adapter: '',
        offers: [host.offer()!]
      },
      ageMs: 0
    }))
    return {
      links: node,
      privateKey: key,
      directory: { query: async () => ({ entries }) },
      model: this.#model!,
      // Each answer knows of the chain what a first one does.
      reputation: new Reputation(),
      clock: systemClock,
      logger: silent,
      drafter: this.drafter,
      limits: { ...DEFAULT_LIMITS, ...limits }
    }
  }

  async #add(model: ChainModel, { engine, rates }: ChainEngine): Promise<void> {
    const proxy = await startDelayingProxy()
    const node = await createNode({
      privateKey: await generateKeyPair('Ed25519'),
      directoryNodes: [],
      webrtc: false,
      ...this.#nodeOptions,
      listen: ['/ip4/127.0.0.1/tcp/0']
    })
    proxy.target = Number(/\/tcp\/(\d+)/.exec(node.addresses()[0]!)![1])
    const { inArrivalOrder = false } = this.#options
    const host = startHost({ links: node, engine, model, rates, inArrivalOrder })
    this.#peers.push({ node, proxy, host, engine })
  }
}
