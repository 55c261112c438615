/** A swarm of real processes on this machine whose only chain has so many hops, and a driver in this process. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { joinSwarm, type ServedCompletions, type Swarm } from '../../../peer/cli/join.ts'
import { type ServiceProcess, startService } from '../../../peer/cli/service-process.ts'
import { neutralSampling } from '../../../peer/session/neutral-sampling.ts'
import type { CompletionEvent, HopTime } from '../../../peer/session/types.ts'
import { publicMembership } from '../../../peer/wire/membership.ts'

/** Positions of KV an edge peer holds, for one session at a time. */
const KV_TOKENS = 512

export interface ChainAnswer {
  /** Request to first token, and the mean time of each token after it. */
  ttftMs: number
  tpotMs: number
  /** Each hop's mean part in a token. */
  hops: HopTime[]
}

export class LocalChain {
  readonly #processes: ServiceProcess[] = []
  readonly #folder: string
  readonly #signal: AbortSignal
  #swarm: Swarm | undefined
  #service: ServedCompletions | undefined

  private constructor(folder: string, signal: AbortSignal) {
    this.#folder = folder
    this.#signal = signal
  }

  /** @throws what its processes say when they don't start, the signal's reason; nothing is left running then */
  static async start(
    modelPath: string,
    layers: number,
    hops: number,
    signal: AbortSignal,
    kvTokens = KV_TOKENS
  ): Promise<LocalChain> {
    const chain = new LocalChain(await mkdtemp(join(tmpdir(), 'shoal-bench-')), signal)
    try {
      await chain.#start(modelPath, layers, hops, kvTokens)
      return chain
    } catch (error) {
      await chain.close()
      throw error
    }
  }

  async #start(modelPath: string, layers: number, hops: number, kvTokens: number): Promise<void> {
    const bootstrap = await this.#run('bootstrap', '--port', '0', '--model', modelPath)
    const url = String(bootstrap.ready.url)
    // One after the other: together they would compile the same kernels several times at once.
    for (const range of layerRanges(layers, hops))
      await this.#run('edge', '--join', url, '--layers', range, '--kv-tokens', String(kvTokens))
    const logger = pino({ level: 'silent' })
    this.#swarm = await joinSwarm([url], {
      membership: publicMembership,
      logger,
      signal: this.#signal,
      listen: ['/ip4/127.0.0.1/tcp/0']
    })
    this.#service = await this.#swarm.openService()
  }

  async #run(...args: string[]): Promise<ServiceProcess> {
    const key = join(this.#folder, `${this.#processes.length}.key`)
    const service = await startService([...args, '--identity', key, '--log-level', 'warn'], { signal: this.#signal })
    this.#processes.push(service)
    return service
  }

  /** Greedy. @throws Error when fewer tokens come than asked for, for then other things were measured */
  async answer(text: string, maxTokens: number): Promise<ChainAnswer> {
    const sampling = { ...neutralSampling, temperature: 0, seed: 0 }
    const events = this.#service!.complete({ input: { text }, maxTokens, sampling, stop: [] }, this.#signal)
    let finished: Extract<CompletionEvent, { type: 'finished' }> | undefined
    for await (const event of events) if (event.type === 'finished') finished = event
    if (finished?.completionTokens !== maxTokens)
      throw new Error(`the answer ended after ${finished?.completionTokens} of ${maxTokens} tokens`)
    return finished
  }

  async close(): Promise<void> {
    await this.#swarm?.leave()
    await Promise.all(this.#processes.map(service => service.stop()))
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** `layers` cut into `hops` ranges as `--layers` takes them, as even as can be. */
export function layerRanges(layers: number, hops: number): string[] {
  const edge = (hop: number) => Math.round((layers * hop) / hops)
  return Array.from({ length: hops }, (_, hop) => `${edge(hop)}-${edge(hop + 1) - 1}`)
}
