/**
 * Running a swarm as an operator does: a gateway with keys from a configuration file, figures and readiness of every kind of
 * process, logs without texts, and an end by SIGTERM that takes nobody's answer.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import OpenAI, { AuthenticationError, InternalServerError } from 'openai'
import { changeKeys } from '../../peer/cli/key-file.ts'
import { type ServiceProcess, startService } from '../../peer/cli/service-process.ts'
import { makeKey } from '../../peer/gateway/api-keys.ts'
import { loadGoldens } from '../oracle/goldens.ts'
import { eventually, startSwarm, type TestSwarm } from './swarm-kit.ts'

const GREEDY_TOKENS = 64
const prose = loadGoldens().prompts.find(({ kind, safe }) => kind === 'prose' && safe)!
const { key, stored } = makeKey('clinic', { requestsPerMinute: 100, operator: true }, new Date())

let swarm: TestSwarm
let edge: ServiceProcess
const started: ServiceProcess[] = []
const logs: Record<string, string[]> = { gateway: [], edge: [] }

async function start(name: string, ...args: string[]): Promise<ServiceProcess> {
  const service = await startService([...args, '--identity', join(swarm.folder, `${name}.key`), '--log-level', 'debug'], {
    env: { ...process.env, XDG_STATE_HOME: swarm.folder, SHOAL_JOIN: swarm.url },
    onLog: line => logs[name]?.push(line)
  })
  started.push(service)
  return service
}

before(async () => {
  swarm = await startSwarm()
  await changeKeys(join(swarm.folder, 'keys.json'), () => [stored])
  const settings = { serve: { port: 0, keys: join(swarm.folder, 'keys.json'), drain: 120 }, edge: { metrics: 0 } }
  writeFileSync(join(swarm.folder, 'shoal.json'), JSON.stringify(settings))
})

after(async () => {
  await Promise.all(started.map(service => service.stop()))
  await swarm?.end()
})

const config = () => ['--config', join(swarm.folder, 'shoal.json')]
const clientOf = ({ ready }: ServiceProcess, apiKey = key) => new OpenAI({ baseURL: `${ready.url}/v1`, apiKey, maxRetries: 0 })
const statusOf = async (url: string) => (await fetch(url)).status

/** An answer that has begun to stream, and the rest of its text. */
async function ask(gateway: ServiceProcess, maxTokens: number) {
  const client = clientOf(gateway)
  const [model] = gateway.ready.models as string[]
  const stream = await client.completions.create({
    model: model!,
    prompt: prose.rendered,
    temperature: 0,
    max_tokens: maxTokens,
    stream: true
  })
  const chunks = stream[Symbol.asyncIterator]()
  let text = (await chunks.next()).value!.choices[0]!.text
  const rest = async () => {
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) text += next.value.choices[0]?.text ?? ''
    return text
  }
  return { rest, stream }
}

test('SIGTERM lets the answer under way end, refuses new ones, and ends the gateway with 0', async () => {
  const gateway = await start('gateway', 'serve', ...config())
  const url = String(gateway.ready.url)
  assert.equal(await statusOf(`${url}/ready`), 503, 'nobody serves yet')
  edge = await start('edge', 'edge', ...config(), '--layers', '0-7')
  await eventually(
    () => statusOf(`${url}/ready`),
    status => status === 200,
    'ready'
  )
  await assert.rejects(clientOf(gateway, 'none').models.list(), AuthenticationError)

  const { rest } = await ask(gateway, GREEDY_TOKENS)
  // The answer stays under way for as long as its only hop stands still.
  edge.kill('SIGSTOP')
  gateway.kill('SIGTERM')
  await eventually(
    () => statusOf(`${url}/ready`),
    status => status === 503,
    'draining'
  )
  await assert.rejects(ask(gateway, 1), (error: unknown) => {
    assert.ok(error instanceof InternalServerError)
    assert.equal(error.status, 503)
    assert.ok(Number(error.headers.get('retry-after')) > 0)
    return true
  })
  const figures = async (place: string, headers = {}) => (await (await fetch(place, { headers })).text()).split('\n')
  const ofGateway = await figures(`${url}/metrics`, { authorization: `Bearer ${key}` })
  assert.ok(ofGateway.includes('shoal_gateway_draining 1'))
  edge.kill('SIGCONT')
  assert.equal(await rest(), prose.answer.text)
  assert.deepEqual(await gateway.exited, { code: 0, signal: null })

  const served = await eventually(
    () => figures(String(edge.ready.metrics)),
    lines => lines.includes('shoal_host_sessions 0'),
    'the session is over'
  )
  const computed = Number(served.find(line => line.startsWith('shoal_host_tokens_total '))!.split(' ')[1])
  assert.ok(computed >= prose.ids.length + GREEDY_TOKENS - 1, `${computed} positions`)
  assert.equal(await statusOf(new URL('/ready', String(edge.ready.metrics)).href), 200)
  assert.ok((await figures(`${swarm.url}/metrics`)).includes('shoal_bootstrap_announcements 1'))

  const [answered] = logs.gateway!.map(line => JSON.parse(line)).filter(({ msg }) => msg === 'answered')
  const [session] = answered.sessions as string[]
  assert.ok(
    logs.edge!.some(line => line.includes(session!)),
    'the hop’s log names the same session'
  )
  for (const line of [...logs.gateway!, ...logs.edge!, ...swarm.bootstrap.log()])
    for (const text of [prose.rendered.slice(0, 20), prose.answer.text.slice(0, 20), key]) assert.ok(!line.includes(text), line)
})

test('a second signal ends a gateway that drains at once', async () => {
  const gateway = await start('other', 'serve', ...config())
  const { stream } = await ask(gateway, GREEDY_TOKENS)
  edge.kill('SIGSTOP')
  const toldAt = performance.now()
  let ended = false
  void gateway.exited.then(() => {
    ended = true
  })
  // Signals that follow within a second are taken for one.
  while (!ended && performance.now() - toldAt < 60_000) {
    gateway.kill('SIGTERM')
    await wait(200)
  }
  edge.kill('SIGCONT')
  assert.deepEqual(await gateway.exited, { code: 130, signal: null })
  stream.controller.abort()
})
