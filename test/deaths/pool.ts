/**
 * A swarm whose peers die: several processes hold each part of the model, tell what they do as they do it, and can be
 * killed or frozen at that moment; `restore` makes the swarm whole again with new ones.
 */
import type { ServiceProcess } from '../../peer/cli/service-process.ts'
import { eventually, healthOf, KV_TOKENS, startSwarm, type TestSwarm } from '../chain/swarm-kit.ts'

export interface Holder {
  /** Which of the parts it holds. */
  readonly part: number
  readonly peer: string
  readonly service: ServiceProcess
  state: 'alive' | 'frozen' | 'dead'
}

/** What a peer says of its part in a session, at the moment it happens. */
export interface HopEvent {
  holder: Holder
  what: 'hop open' | 'step started'
  session: string
  epoch: number
  /** Of a step. */
  position: number
}

/** What the gateway's driver says when it gives up a chain. */
export interface Loss {
  /** ms of Date.now(). */
  at: number
  code: string
  /** Peer at fault, undefined when it is not known. */
  peer: string | undefined
  epoch: number
  message: string
}

export class Pool {
  readonly swarm: TestSwarm
  readonly #parts: readonly string[]
  readonly #counts: readonly number[]
  #holders: Holder[] = []
  #gateway: ServiceProcess | undefined
  #born = 0
  #losses: Loss[] = []
  readonly #forget: () => void
  /** Told of everything that peers say. */
  onEvent: (event: HopEvent) => void = () => {}

  private constructor(swarm: TestSwarm, parts: readonly string[], counts: readonly number[]) {
    this.swarm = swarm
    this.#parts = parts
    this.#counts = counts
    // A frozen process does not notice that its parent is gone.
    const killFrozen = () => this.#killFrozen()
    process.on('exit', killFrozen)
    this.#forget = () => process.off('exit', killFrozen)
  }

  /** So many holders of each part; a part is layers as `shoal edge --layers` takes them. */
  static async start(parts: readonly string[], counts: readonly number[]): Promise<Pool> {
    const pool = new Pool(await startSwarm(), parts, counts)
    try {
      await pool.newGateway()
      await pool.restore()
      return pool
    } catch (error) {
      await pool.end()
      throw error
    }
  }

  get url(): string {
    return String(this.#gateway!.ready.url)
  }

  get gateway(): ServiceProcess {
    return this.#gateway!
  }

  get holders(): readonly Holder[] {
    return this.#holders
  }

  /** Chains that the gateway gave up since it started. */
  get losses(): readonly Loss[] {
    return this.#losses
  }

  /** One without memory of whom it lost: peers that were frozen and go on are as good as any again. */
  async newGateway(): Promise<void> {
    await this.#gateway?.stop()
    this.#losses = []
    const losses = this.#losses
    const onLine = (line: string) => {
      const said = parse(line)
      if (said?.level !== 'info' || typeof said.epoch !== 'number' || typeof said.code !== 'string') return
      const { time, code, peer, epoch, msg } = said
      losses.push({
        at: Date.parse(String(time)),
        code,
        peer: typeof peer === 'string' ? peer : undefined,
        epoch,
        message: String(msg)
      })
    }
    this.#gateway = await this.swarm.serve(`gateway-${this.#born++}`, { level: 'info', onLine })
  }

  kill(holder: Holder): void {
    holder.state = 'dead'
    holder.service.kill('SIGKILL')
  }

  freeze(holder: Holder): void {
    holder.state = 'frozen'
    holder.service.kill('SIGSTOP')
  }

  /** SIGTERM; resolves when it is gone. */
  async leave(holder: Holder): Promise<void> {
    holder.state = 'dead'
    await holder.service.stop()
  }

  /** Those that are frozen go on. */
  resume(): void {
    for (const holder of this.#holders) {
      if (holder.state !== 'frozen') continue
      holder.service.kill('SIGCONT')
      holder.state = 'alive'
    }
  }

  /** Those that are frozen go on, those that are dead are followed by new ones; resolves when the gateway could use them all. */
  async restore(): Promise<void> {
    this.resume()
    this.#holders = this.#holders.filter(({ state }) => state !== 'dead')
    const missing = this.#parts.flatMap((_, part) => {
      const held = this.#holders.filter(holder => holder.part === part).length
      return Array.from({ length: this.#counts[part]! - held }, () => part)
    })
    const born = await Promise.allSettled(missing.map(part => this.#bear(part)))
    for (const result of born) {
      if (result.status === 'rejected') throw result.reason
      this.#holders.push(result.value)
    }
    await eventually(
      () => healthOf(this.gateway),
      ({ hops }) => this.#holders.every(({ peer }) => hops.some(hop => hop.peer === peer && hop.state === 'serving')),
      'every peer known'
    )
  }

  /** Resolves once every living peer says that nobody holds any of its KV. */
  async drained(): Promise<void> {
    await eventually(
      () => healthOf(this.gateway),
      ({ hops }) =>
        this.#holders.every(
          ({ state, peer }) => state !== 'alive' || hops.find(hop => hop.peer === peer)?.free_kv_tokens === KV_TOKENS
        ),
      'all KV free'
    )
  }

  async end(): Promise<void> {
    this.#killFrozen()
    await this.swarm.end()
    this.#forget()
  }

  #killFrozen(): void {
    for (const holder of this.#holders) if (holder.state === 'frozen') this.kill(holder)
  }

  async #bear(part: number): Promise<Holder> {
    let holder: Holder | undefined
    const onLine = (line: string) => {
      if (holder === undefined) return
      const said = parse(line)
      if (said === undefined || (said.msg !== 'hop open' && said.msg !== 'step started')) return
      this.onEvent({
        holder,
        what: said.msg,
        session: String(said.session),
        epoch: Number(said.epoch),
        position: Number(said.position)
      })
    }
    const service = await this.swarm.edge(`edge-${this.#born++}`, this.#parts[part]!, { level: 'debug', onLine })
    holder = { part, peer: String(service.ready.peer), service, state: 'alive' }
    return holder
  }
}

function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined
  const said = JSON.parse(line) as Record<string, unknown>
  return { ...said, level: said.level === 30 ? 'info' : said.level }
}
