/** One policy's gateway before the place, and what a stream of requests through it came to. */
import OpenAI from 'openai'
import pino from 'pino'
import { joinSwarm } from '../../../peer/cli/join.ts'
import { wayToPeers } from '../../../peer/cli/peer-way.ts'
import { describeHealth } from '../../../peer/gateway/health.ts'
import { startGateway } from '../../../peer/gateway/server.ts'
import type { ArmTotals, SelectionBook } from '../../../peer/select/book.ts'
import { openCloud } from '../../../peer/select/cloud.ts'
import { openSelectingService } from '../../../peer/select/selecting-service.ts'
import { readSettings, type SelectionSettings } from '../../../peer/select/settings.ts'
import { systemClock } from '../../../peer/wire/clock.ts'
import { publicMembership } from '../../../peer/wire/membership.ts'
import { median } from '../rows.ts'
import { CALM } from './flaky-proxy.ts'
import type { Place } from './place.ts'
import { POLICIES } from './policies.ts'
import { readAnswer, type Served } from './reader.ts'
import {
  type Asked,
  type BenchClass,
  type ClassName,
  classesOf,
  FINE,
  type Pace,
  type Paces,
  phasesOf,
  requestAt
} from './stream.ts'

/** One policy through the requests of one seed. */
export interface Run {
  served: Served[]
  /** By request: the time it fell into, and the arm it was first sent to. */
  phases: string[]
  firstArms: (string | undefined)[]
  totals: ReadonlyMap<string, ArmTotals>
  /** Legs after the first of a request. */
  secondLegs: number
  ms: number
}

type Ask = (asked: Asked) => Promise<Served>

/** @param use asks as often as it likes; the answer's legs are in the book once this has ended */
async function throughPolicy(
  policy: string,
  seed: number,
  place: Place,
  classes: Record<ClassName, BenchClass>,
  expected: Pace,
  signal: AbortSignal,
  use: (ask: Ask) => Promise<void>
): Promise<SelectionBook> {
  // What was seen of the peers under another policy is not this one's.
  const swarm = await joinSwarm([place.edgeUrl], { membership: publicMembership, logger: pino({ level: 'silent' }), signal })
  try {
    const edge = await swarm.openService()
    const settings = settingsFor(place.proxy.url, edge.model.name, classes, expected)
    const book = POLICIES[policy]!(settings, systemClock.now(), seed)
    const service = openSelectingService({
      edge,
      layers: edge.layers,
      width: edge.width,
      directory: asking => swarm.directory(asking),
      reputation: swarm.reputation,
      wayTo: wayToPeers(swarm.self),
      clouds: settings.clouds.map(openCloud),
      settings,
      book,
      keep: async () => {}
    })
    const gateway = await startGateway({
      services: () => [service],
      selection: () => ({}),
      health: async counts => describeHealth(swarm.self, counts, [], { entries: [] }),
      host: '127.0.0.1',
      port: 0
    })
    try {
      const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'none', maxRetries: 0 })
      await use(asked => readAnswer(client, edge.model.name, asked, classes[asked.class], signal))
    } finally {
      // Requests whose reader left are noted when their arm has been let go.
      await gateway.close()
    }
    return book
  } finally {
    place.proxy.setWeather(CALM)
    place.slow.setShare(1)
    await swarm.leave()
  }
}

function settingsFor(
  url: string,
  model: string,
  classes: Record<ClassName, BenchClass>,
  { firstMs, pieceMs }: Pace
): SelectionSettings {
  const cloud = {
    name: 'far',
    url: `${url}/v1`,
    model,
    apis: 'both',
    sampling_extensions: true,
    price: { prompt: 1, completion: 4 },
    watts: 150,
    expected: { first_token_ms: firstMs, per_token_ms: pieceMs }
  }
  return readSettings({ clouds: [cloud], classes: Object.values(classes) }, () => undefined)
}

/** Far more than any arm takes: nobody leaves while paces are measured. */
const PATIENT: Pace = { firstMs: 5_000, pieceMs: 1_000 }
const WARM_UPS = 2

/** Of both, left alone; `count` answers of each after a few to warm up. */
export async function measurePaces(place: Place, count: number, signal: AbortSignal): Promise<Paces> {
  const classes = classesOf({ edge: PATIENT, cloud: PATIENT })
  const paceOf = async (policy: string): Promise<Pace> => {
    const served: Served[] = []
    place.proxy.setWeather(FINE)
    await throughPolicy(policy, 0, place, classes, PATIENT, signal, async ask => {
      for (let index = 0; index < WARM_UPS + count; index++) served.push(await ask(requestAt(0, index)))
    })
    const measured = served.slice(WARM_UPS)
    return {
      firstMs: median(measured.map(({ firstMs }) => firstMs ?? Number.POSITIVE_INFINITY)),
      pieceMs: median(measured.map(({ pieceMs }) => pieceMs ?? Number.POSITIVE_INFINITY))
    }
  }
  return { edge: await paceOf('all-edge'), cloud: await paceOf('all-cloud') }
}

/**
 * @param only names of the phases; absent: all
 * @param count requests of each
 */
export async function runPolicy(
  policy: string,
  seed: number,
  place: Place,
  paces: Paces,
  { only, count }: { only?: readonly string[]; count: number },
  signal: AbortSignal
): Promise<Run> {
  const served: Served[] = []
  const phases: string[] = []
  const startedAt = performance.now()
  const book = await throughPolicy(policy, seed, place, classesOf(paces), paces.cloud, signal, async ask => {
    for (const { name, cloud, edge } of phasesOf(seed, paces)) {
      if (only?.includes(name) === false) continue
      place.proxy.setWeather(cloud)
      place.slow.setShare(edge)
      for (let each = 0; each < count; each++) {
        served.push(await ask(requestAt(seed, served.length)))
        phases.push(name)
      }
    }
  })
  const legs = book.decisions.toSorted((a, b) => a.at - b.at).map(decision => decision.legs)
  return {
    served,
    phases,
    firstArms: legs.map(each => each[0]?.arm),
    secondLegs: legs.reduce((sum, each) => sum + Math.max(0, each.length - 1), 0),
    totals: book.totals,
    ms: performance.now() - startedAt
  }
}
