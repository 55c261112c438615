/**
 * A gateway that chooses between a chain of two peers and a cloud, which is a gateway of another swarm with the whole model
 * behind a proxy that can make it fail: OpenAI's own client gets llama.cpp's answers whichever it is, also where one takes
 * over from the other in the midst of a word, and sees of the choice nothing but a header.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import OpenAI, { APIError } from 'openai'
import type { ServiceProcess } from '../../peer/cli/service-process.ts'
import type { SelectionReport } from '../../peer/select/report.ts'
import { CALM, type Fault, type FlakyProxy, startFlakyProxy } from '../bench/selector/flaky-proxy.ts'
import { loadGoldens } from '../oracle/goldens.ts'
import { eventually, healthOf, startSwarm, type TestSwarm } from './swarm-kit.ts'

const { prompts } = loadGoldens()
const chats = prompts.filter(({ kind, safe }) => kind === 'chat' && safe)
const TOKENS = 64
/** Each is the name of a class, too: its first request goes to the cloud, the first arm by name that was not tried yet. */
const FAULTS: readonly Fault[] = ['silent', 'stalled', 'endless', 'torn']

let edge: TestSwarm
let cloud: TestSwarm
let proxy: FlakyProxy
let edges: ServiceProcess[]
let gateway: ServiceProcess
let client: OpenAI
let model: string
let serveArgs: string[]

before(async () => {
  ;[edge, cloud] = await Promise.all([startSwarm(), startSwarm()])
  const key = (swarm: TestSwarm, name: string) => ['--identity', join(swarm.folder, `${name}.key`)]
  const whole = cloud.start(
    'serve',
    '--join',
    cloud.url,
    '--port',
    '0',
    '--donate',
    '--kv-tokens',
    '2048',
    ...key(cloud, 'gateway')
  )
  edges = await Promise.all([edge.edge('edge-0', '0-3'), edge.edge('edge-1', '4-7')])
  const { ready } = await whole
  model = (ready.models as string[])[0]!
  proxy = await startFlakyProxy(String(ready.url))
  const settings = join(edge.folder, 'selection.json')
  const big = {
    name: 'big',
    url: `${proxy.url}/v1`,
    model,
    apis: 'both',
    sampling_extensions: true,
    price: { prompt: 1, completion: 2 },
    watts: 200,
    budget: { limit: 1, per: 'day' }
  }
  // A software adapter that shares two cores with six processes is slower than people would wait for.
  const patient = { name: 'patient', first_token_ms: 60_000, per_token_ms: 5_000 }
  // Silence is given up after at most 3 s, and so is a stall: the least there is.
  const hurried = FAULTS.map(name => ({ name, first_token_ms: name === 'silent' ? 3_000 : 60_000, per_token_ms: 150 }))
  writeFileSync(settings, JSON.stringify({ clouds: [big], classes: [patient, ...hurried], default_class: 'patient' }))
  const state = join(edge.folder, 'selection-state.json')
  serveArgs = ['serve', '--join', edge.url, '--port', '0', '--select', settings, '--select-state', state, ...key(edge, 'gateway')]
  gateway = await edge.start(...serveArgs)
  await eventually(
    () => healthOf(gateway),
    health => health.status === 'ok',
    'every layer served'
  )
  client = new OpenAI({ baseURL: `${gateway.ready.url}/v1`, apiKey: 'none', maxRetries: 0 })
})

after(() => Promise.all([edge?.end(), cloud?.end(), proxy?.close()]))

const reportOf = async (): Promise<SelectionReport> => {
  const response = await fetch(`${gateway.ready.url}/v1/shoal/selector`)
  return (await response.json()) as SelectionReport
}

async function ask(index: number, headers: Record<string, string> = {}) {
  const { messages, answer } = chats[index % chats.length]!
  const { data, response } = await client.chat.completions
    .create({ model, messages: messages!, temperature: 0, max_tokens: TOKENS }, { headers })
    .withResponse()
  assert.equal(data.choices[0]!.message.content, answer.text)
  return response.headers.get('x-shoal-arm')
}

async function askStreamed(index: number, headers: Record<string, string> = {}) {
  const { messages, answer, ids } = chats[index % chats.length]!
  const { data, response } = await client.chat.completions
    .create(
      {
        model,
        messages: messages!,
        temperature: 0,
        max_tokens: TOKENS,
        stream: true,
        stream_options: { include_usage: true }
      },
      { headers }
    )
    .withResponse()
  const chunks = await Array.fromAsync(data)
  assert.equal(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join(''), answer.text)
  assert.equal(chunks.at(-1)!.usage?.prompt_tokens, ids.length)
  return response.headers.get('x-shoal-arm')
}

test('both arms answer what llama.cpp answers, and both are tried', async () => {
  for (const one of [ask, askStreamed]) {
    const arms = new Set<string | null>()
    for (let index = 0; index < 3; index++) arms.add(await one(index))
    assert.deepEqual([...arms].sort(), ['cloud:big', 'edge:local'])
  }
  const { cells, arms, budgets, decisions } = await reportOf()
  assert.deepEqual(cells.map(each => [each.class, each.stream]).sort(), [
    ['patient', false],
    ['patient', true]
  ])
  const answered = Object.fromEntries(arms.map(({ arm, answered, joules, money }) => [arm, { answered, joules, money }]))
  assert.equal(answered['cloud:big']!.answered + answered['edge:local']!.answered, 6)
  assert.ok(answered['edge:local']!.joules > 0 && answered['edge:local']!.money === 0)
  assert.ok(answered['cloud:big']!.money > 0)
  assert.deepEqual([budgets[0]!.of, budgets[0]!.reserved], ['cloud:big', 0])
  assert.equal(budgets[0]!.spent, answered['cloud:big']!.money)
  assert.equal(decisions.length, 6)
})

test('what was learned and spent survives a restart', async () => {
  const before = await reportOf()
  await gateway.stop()
  gateway = await edge.start(...serveArgs)
  client = new OpenAI({ baseURL: `${gateway.ready.url}/v1`, apiKey: 'none', maxRetries: 0 })
  const again = await reportOf()
  assert.deepEqual(again.cells, before.cells)
  assert.deepEqual(again.arms, before.arms)
  assert.deepEqual(again.budgets, before.budgets)
})

for (const fault of FAULTS)
  test(`a cloud that is ${fault} has missed its deadline, and its answer goes on at the edge with nothing repeated or missing`, async () => {
    await eventually(
      reportOf,
      ({ arms }) => arms.every(({ paused_ms }) => paused_ms === 0),
      'the breaker lets the cloud be asked'
    )
    proxy.setWeather({ ...CALM, faults: [fault] })
    const arm = await askStreamed(1, { 'x-shoal-class': fault })
    proxy.setWeather(CALM)
    const { decisions, cells } = await reportOf()
    const [failed, answered] = decisions[0]!.legs
    assert.deepEqual([failed!.arm, failed!.result], ['cloud:big', 'failed'])
    assert.deepEqual([answered!.arm, answered!.result], ['edge:local', 'answered'])
    // Headers are sent with the first word, whoever says the last; of a silent arm they may be sent before.
    if (fault !== 'silent') assert.equal(arm, 'cloud:big')
    assert.equal(cells.find(each => each.class === fault)!.arms.find(each => each.arm === 'cloud:big')!.violations, 1)
    // Nobody told what the broken leg used: it is paid in full.
    assert.equal(failed!.money_measured, false)
  })

test('a hole at the edge goes to the cloud, and what must not leave the edge fails', async () => {
  assert.equal(await ask(0, { 'x-shoal-edge-only': 'true' }), 'edge:local')
  await edges[1]!.stop()
  await eventually(
    () => healthOf(gateway),
    health => health.status === 'incomplete',
    'the hole is seen'
  )
  assert.equal(
    await eventually(
      () => ask(0),
      arm => arm === 'cloud:big',
      'answered by the cloud'
    ),
    'cloud:big'
  )
  const left = proxy.asked
  for (const one of [ask, askStreamed])
    await assert.rejects(
      one(0, { 'x-shoal-edge-only': 'true' }),
      (error: unknown) => error instanceof APIError && error.status === 503 && error.code === 'no_route'
    )
  assert.equal(proxy.asked, left)
})
