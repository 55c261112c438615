/** The servers of one run: what a request would meet on each now, and what sending it there changes. */
import type { Arm, Ask } from '../../peer/select/arms.ts'
import type { Outcome } from '../../peer/select/reward.ts'
import { normal, uniform } from './random.ts'
import type { Scenario, Server, Service } from './setting.ts'
import {
  ARRIVAL_RATE,
  FLUCTUATION,
  NOISE,
  REQUESTS,
  SERVERS,
  SERVICES,
  SLOWDOWN,
  SLOWED_SERVER,
  TRANSMISSION
} from './setting.ts'

export interface Request {
  index: number
  ask: Ask
  completionTokens: number
}

export function requestsOf(seed: number): Request[] {
  const requests: Request[] = []
  let now = 0
  for (let index = 0; index < REQUESTS; index++) {
    now -= (Math.log(uniform(seed, 1, index)) / ARRIVAL_RATE) * 1_000
    const service = serviceAt(uniform(seed, 2, index))
    const between = ([least, most]: [number, number], name: number) =>
      Math.round(least + uniform(seed, name, index) * (most - least))
    const ask: Ask = {
      class: service.class,
      policy: 'any',
      promptTokens: between(service.promptTokens, 3),
      maxTokens: service.completionTokens[1],
      promptBytes: between(service.kilobytes, 4) * 1_000,
      tokenBytes: 8,
      stream: true,
      now
    }
    requests.push({ index, ask, completionTokens: between(service.completionTokens, 5) })
  }
  return requests
}

function serviceAt(draw: number): Service {
  let upTo = 0
  for (const service of SERVICES) {
    upTo += service.share
    if (draw < upTo) return service
  }
  return SERVICES.at(-1)!
}

interface Load {
  linkFreeAt: number
  slotFreeAt: number[]
  busyMs: number
}

/** What would happen; `commit` of the world makes it happen. */
export interface Trial {
  outcome: Outcome
  sentAt: number
  slot: number
}

export class World {
  readonly #seed: number
  readonly #scenario: Scenario
  readonly #loads = new Map<string, Load>()

  constructor(seed: number, scenario: Scenario) {
    this.#seed = seed
    this.#scenario = scenario
    for (const { id, slots } of SERVERS)
      this.#loads.set(id, { linkFreeAt: 0, slotFreeAt: new Array<number>(slots).fill(0), busyMs: 0 })
  }

  /** What a gateway knows: queues by its own count, free bandwidth as probed, rates as announced. */
  arms(now: number): Arm[] {
    return SERVERS.map((server, name) => {
      const load = this.#loads.get(server.id)!
      const waitMs = Math.max(0, load.linkFreeAt - now, Math.min(...load.slotFreeAt) - now)
      const { id, place, linkMs, prefillMsPerToken, decodeMsPerToken } = server
      const bandwidth = this.#bandwidth(server, name, now)
      const free = { freeKvTokens: Number.POSITIVE_INFINITY, promptPrice: 0, tokenPrice: 0 }
      return { id, place, waitMs, linkMs, prefillMsPerToken, decodeMsPerToken, bandwidth, ...free }
    })
  }

  try(id: string, { index, ask, completionTokens }: Request, sendAt = ask.now): Trial {
    const name = SERVERS.findIndex(server => server.id === id)
    const server = SERVERS[name]!
    const load = this.#loads.get(id)!
    const begin = Math.max(sendAt, load.linkFreeAt)
    const sentAt = begin + (ask.promptBytes / this.#bandwidth(server, name, begin)) * 1_000
    const slot = load.slotFreeAt.indexOf(Math.min(...load.slotFreeAt))
    const workAt = Math.max(sentAt + server.linkMs, load.slotFreeAt[slot]!)
    const factor = server.truth * Math.exp(NOISE * normal(this.#seed, 100 + name, index)) * this.#slowdown(id, index)
    const firstTokenAt = workAt + factor * ask.promptTokens * server.prefillMsPerToken
    const endedAt = firstTokenAt + factor * (completionTokens - 1) * server.decodeMsPerToken
    const energy = ((endedAt - workAt) / 1_000) * server.watts + ask.promptBytes * TRANSMISSION[server.place]
    const outcome: Outcome = {
      result: 'answered',
      stream: true,
      startedAt: ask.now,
      firstTokenAt,
      endedAt,
      promptTokens: ask.promptTokens,
      completionTokens,
      energy,
      money: 0
    }
    return { outcome, sentAt, slot }
  }

  commit(id: string, request: Request, { outcome, sentAt, slot }: Trial): void {
    const load = this.#loads.get(id)!
    const { linkMs } = SERVERS.find(server => server.id === id)!
    load.busyMs += outcome.endedAt - Math.max(sentAt + linkMs, load.slotFreeAt[slot]!)
    load.linkFreeAt = Math.max(load.linkFreeAt, request.ask.now, sentAt)
    load.slotFreeAt[slot] = outcome.endedAt
  }

  /** Joules of slots at rest until the run ended. */
  idleEnergy(endedAt: number): number {
    return SERVERS.reduce((sum, { id, slots, idleWatts }) => {
      return sum + (Math.max(0, slots * endedAt - this.#loads.get(id)!.busyMs) / 1_000) * idleWatts
    }, 0)
  }

  #bandwidth({ bandwidth }: Server, name: number, now: number): number {
    if (this.#scenario !== 'fluctuating') return bandwidth
    const { everyMs, by } = FLUCTUATION
    return bandwidth * (1 + by * (2 * uniform(this.#seed, 200 + name, Math.floor(now / everyMs)) - 1))
  }

  #slowdown(id: string, index: number): number {
    const slow = this.#scenario === 'slowed' && id === SLOWED_SERVER && index >= REQUESTS / 3 && index < (REQUESTS * 2) / 3
    return slow ? SLOWDOWN : 1
  }
}
