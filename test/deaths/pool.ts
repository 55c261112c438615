/**
 * A swarm whose peers die: several processes hold each part of the model, tell what they do as they do it, and can be
 * killed or frozen at that moment; `restore` makes the swarm whole again with new ones.
 */
import type { ServiceProcess } from '../../peer/cli/service-process.ts'
import type { Health } from '../../peer/gateway/health.ts'
import { eventually, healthOf, KV_TOKENS, startSwarm, type TestSwarm } from '../chain/swarm-kit.ts'

const LOOK_MS = 500

export interface Holder {
  /** Which of the parts it holds. */
  readonly part: number
  /** The same name is the same peer again. */
  readonly name: string
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
  /** Of a step: where it begins, and how many positions it has. */
  position: number
  count: number
  /** By the peer's clock, ms of Date.now(). */
  at: number
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
  #lookedAt = Number.NEGATIVE_INFINITY
  #seen: Promise<Health> | undefined
  readonly #forget: () => void
  readonly #chain = new Map<number, Holder>()
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

  /** Who opened each part last. */
  get newestChain(): ReadonlySet<Holder> {
    return new Set(this.#chain.values())
  }

  /** One without memory of whom it lost: peers that were frozen and go on are as good as any again. */
  async newGateway(): Promise<void> {
    await this.#gateway?.stop()
    this.#lookedAt = Number.NEGATIVE_INFINITY
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
  resume(holders: readonly Holder[] = this.#holders): void {
    for (const holder of holders) {
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
    // All settle, so that none is still starting when the swarm ends.
    const born = await Promise.allSettled(missing.map(part => this.add(part)))
    for (const result of born) if (result.status === 'rejected') throw result.reason
    await this.known(this.#holders)
  }

  /** A further holder of the part, the dead one of that name or a new peer. */
  async add(part: number, name = `edge-${this.#born++}`): Promise<Holder> {
    let holder: Holder | undefined
    const onLine = (line: string) => {
      if (holder === undefined) return
      const said = parse(line)
      if (said === undefined || (said.msg !== 'hop open' && said.msg !== 'step started')) return
      if (said.msg === 'hop open') this.#chain.set(part, holder)
      this.onEvent({
        holder,
        what: said.msg,
        session: String(said.session),
        epoch: Number(said.epoch),
        position: Number(said.position),
        count: Number(said.count),
        at: Date.parse(String(said.time))
      })
    }
    const service = await this.swarm.edge(name, this.#parts[part]!, { level: 'debug', onLine })
    holder = { part, name, peer: String(service.ready.peer), service, state: 'alive' }
    this.#holders = [...this.#holders.filter(({ state }) => state !== 'dead'), holder]
    return holder
  }

  /** Resolves once the gateway could use these. */
  async known(holders: readonly Holder[]): Promise<void> {
    await eventually(
      () => this.#health(),
      ({ hops = [] }) => holders.every(({ peer }) => hops.some(hop => hop.peer === peer && hop.state === 'serving')),
      'every peer known'
    )
  }

  /** Resolves once every living peer says that nobody holds any of its KV. */
  async drained(): Promise<void> {
    await eventually(
      () => this.#health(),
      ({ hops = [] }) =>
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

  /** An error while the directory does not answer. Everybody who waits looks together: a directory node answers a gateway eight times a second, its sessions included. */
  #health(): Promise<Partial<Health>> {
    const now = performance.now()
    if (now - this.#lookedAt >= LOOK_MS) {
      this.#lookedAt = now
      this.#seen = healthOf(this.gateway)
    }
    return this.#seen!
  }

  #killFrozen(): void {
    for (const holder of this.#holders) if (holder.state === 'frozen') this.kill(holder)
  }
}

function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined
  const said = JSON.parse(line) as Record<string, unknown>
  return { ...said, level: said.level === 30 ? 'info' : said.level }
}
