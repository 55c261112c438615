/**
 * Edge or cloud, live: a chain of two peers as the edge, a second swarm's gateway with the whole model as the cloud, behind a
 * proxy that makes it late, busy, failing, silent and torn, and a price. The same stream of requests through each policy,
 * in rounds: a calm third, a third in which the cloud is bad, and a calm one.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import OpenAI from 'openai'
import pino from 'pino'
import { joinSwarm, type ServedCompletions, type Swarm } from '../../../peer/cli/join.ts'
import { wayToPeers } from '../../../peer/cli/peer-way.ts'
import { type ServiceProcess, startService } from '../../../peer/cli/service-process.ts'
import { describeHealth } from '../../../peer/gateway/health.ts'
import { startGateway } from '../../../peer/gateway/server.ts'
import type { SelectionBook } from '../../../peer/select/book.ts'
import { openCloud } from '../../../peer/select/cloud.ts'
import { openSelectingService } from '../../../peer/select/selecting-service.ts'
import { readSettings, type SelectionSettings } from '../../../peer/select/settings.ts'
import { systemClock } from '../../../peer/wire/clock.ts'
import { publicMembership } from '../../../peer/wire/membership.ts'
import type { Bench, BenchContext } from '../bench.ts'
import { type Row, valueRow } from '../rows.ts'
import { type Flakiness, type FlakyProxy, startFlakyProxy } from './flaky-proxy.ts'
import { POLICIES } from './policies.ts'

const SEED = 7
const REQUESTS = { quick: 6, full: 45 }
/** Tokens of each answer; the model ends few of them by itself. */
const TOKENS = 16
const CALM: Flakiness = { delayMs: 60, jitterMs: 30, busy: 0, failing: 0, silent: 0, torn: 0 }
const BAD: Flakiness = { delayMs: 300, jitterMs: 300, busy: 0.15, failing: 0.15, silent: 0.1, torn: 0.1 }
const PROMPTS = ['The LORD is my shepherd;', 'In the beginning', 'And it came to pass', 'Blessed are']
/** What a software adapter on a busy machine can mostly keep, and sometimes can't. */
const LIVE = { name: 'live', first_token_ms: 1_500, per_token_ms: 150, slack_weight: 1, energy_weight: 0.5, money_weight: 0.5 }

interface Served {
  ok: boolean
  metDeadline: boolean
  ms: number
}

interface Result {
  served: Served[]
  money: number
  joules: number
  /** Legs that the edge answered, of all that were answered. */
  edgeShare: number
  fallbacks: number
}

export const selector: Bench = {
  name: 'selector',
  run: async context => {
    if (context.adapter === undefined) return [{ bench: 'selector', name: 'policies', notRun: 'no WebGPU adapter' }]
    const folder = mkdtempSync(join(tmpdir(), 'shoal-selector-'))
    const services: ServiceProcess[] = []
    let proxy: FlakyProxy | undefined
    let swarm: Swarm | undefined
    try {
      const start = async (name: string, ...args: string[]) => {
        const service = await startService([...args, '--log-level', 'warn', '--identity', join(folder, `${name}.key`)], {
          signal: context.signal
        })
        services.push(service)
        return service
      }
      context.log('starting an edge of two peers and a cloud of one')
      const [edge, far] = await Promise.all(['edge', 'cloud'].map(name => start(name, 'bootstrap', '--port', '0')))
      const [edgeUrl, farUrl] = [edge!, far!].map(({ ready }) => String(ready.url))
      const cloud = start('far', 'serve', '--join', farUrl!, '--port', '0', '--donate')
      await Promise.all(
        ['0-3', '4-7'].map(layers => start(`edge-${layers}`, 'edge', '--join', edgeUrl!, '--layers', layers, '--watts', '20'))
      )
      const { ready } = await cloud
      proxy = await startFlakyProxy(String(ready.url), SEED)
      swarm = await joinSwarm([edgeUrl!], {
        membership: publicMembership,
        logger: pino({ level: 'silent' }),
        signal: context.signal
      })
      const service = await swarm.openService()
      const settings = settingsFor(proxy.url, service.model.name)
      const rows: Row[] = []
      for (const name of Object.keys(POLICIES)) {
        context.signal.throwIfAborted()
        if (performance.now() > context.deadline) {
          rows.push({ bench: 'selector', name, notRun: 'no time left in a quick run' })
          continue
        }
        rows.push(...rowsOf(name, await runPolicy(name, settings, service, swarm, proxy, context)))
      }
      return rows
    } finally {
      await swarm?.leave()
      await proxy?.close()
      await Promise.all(services.map(each => each.stop()))
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

function settingsFor(url: string, model: string): SelectionSettings {
  const cloud = {
    name: 'far',
    url: `${url}/v1`,
    model,
    apis: 'both',
    sampling_extensions: true,
    price: { prompt: 1, completion: 4 },
    watts: 150,
    expected: { first_token_ms: 300, per_token_ms: 30 }
  }
  return readSettings({ clouds: [cloud], classes: [LIVE], default_class: LIVE.name }, () => undefined)
}

async function runPolicy(
  name: string,
  settings: SelectionSettings,
  edge: ServedCompletions,
  swarm: Swarm,
  proxy: FlakyProxy,
  context: BenchContext
): Promise<Result> {
  const book = POLICIES[name]!(settings, systemClock.now(), SEED)
  const gateway = await startGateway({
    services: () => [
      openSelectingService({
        edge,
        layers: edge.layers,
        width: edge.width,
        directory: signal => swarm.directory(signal),
        reputation: swarm.reputation,
        wayTo: wayToPeers(swarm.self),
        clouds: settings.clouds.map(openCloud),
        settings,
        book,
        keep: async () => {}
      })
    ],
    selection: () => ({}),
    health: async counts => describeHealth(swarm.self, counts, [], { entries: [] }),
    host: '127.0.0.1',
    port: 0
  })
  try {
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'none', maxRetries: 0 })
    const count = context.quick ? REQUESTS.quick : REQUESTS.full
    const served: Served[] = []
    for (let index = 0; index < count; index++) {
      const third = Math.floor((3 * index) / count)
      if (index === Math.ceil((third * count) / 3)) proxy.restart(third === 1 ? BAD : CALM)
      served.push(await ask(client, edge.model.name, index, context.signal))
    }
    context.log(`${name}: ${served.filter(({ ok }) => ok).length} of ${count} answered`)
    return resultOf(book, served)
  } finally {
    await gateway.close()
  }
}

/** As a reader sees it: the time to the first word, the pace of the others, and whether the answer came to its end. */
async function ask(client: OpenAI, model: string, index: number, signal: AbortSignal): Promise<Served> {
  const startedAt = performance.now()
  let firstAt: number | undefined
  let pieces = 0
  try {
    const stream = await client.completions.create(
      { model, prompt: PROMPTS[index % PROMPTS.length]!, max_tokens: TOKENS, temperature: 0, stream: true },
      { signal }
    )
    let finished = false
    for await (const { choices } of stream) {
      if (choices[0]?.text) {
        firstAt ??= performance.now()
        pieces++
      }
      finished ||= choices[0]?.finish_reason === 'length' || choices[0]?.finish_reason === 'stop'
    }
    const endedAt = performance.now()
    const firstMs = (firstAt ?? endedAt) - startedAt
    const paceMs = (endedAt - (firstAt ?? endedAt)) / Math.max(1, pieces - 1)
    const metDeadline = finished && firstMs <= LIVE.first_token_ms && paceMs <= LIVE.per_token_ms
    return { ok: finished, metDeadline, ms: endedAt - startedAt }
  } catch {
    signal.throwIfAborted()
    return { ok: false, metDeadline: false, ms: performance.now() - startedAt }
  }
}

function resultOf(book: SelectionBook, served: Served[]): Result {
  const totals = [...book.totals]
  const sum = (of: (arm: (typeof totals)[number][1]) => number) => totals.reduce((all, [, each]) => all + of(each), 0)
  const edge = totals.filter(([arm]) => arm.startsWith('edge:')).reduce((all, [, { answered }]) => all + answered, 0)
  return {
    served,
    money: sum(({ money }) => money),
    joules: sum(({ joules }) => joules),
    edgeShare:
      edge /
      Math.max(
        1,
        sum(({ answered }) => answered)
      ),
    fallbacks: book.decisions.filter(({ legs }) => legs.length > 1).length
  }
}

function rowsOf(policy: string, { served, money, joules, edgeShare, fallbacks }: Result): Row[] {
  const row = (name: string, unit: string, samples: readonly number[], note?: string) =>
    valueRow({ bench: 'selector', name: `${policy}: ${name}`, unit, note }, samples)
  const share = (of: (each: Served) => boolean) => (100 * served.filter(of).length) / served.length
  return [
    row('answered', '%', [share(({ ok }) => ok)]),
    row(
      'within the deadlines',
      '%',
      [share(({ metDeadline }) => metDeadline)],
      `${Math.round(100 * edgeShare)}% of the answers from the edge; ${fallbacks} requests went to a second arm`
    ),
    row(
      'time of an answer',
      'ms',
      served.map(({ ms }) => ms)
    ),
    row('energy of an answer', 'J', [joules / served.length]),
    row('money of 1,000 answers', '', [(1_000 * money) / served.length])
  ]
}
