/**
 * A swarm of four processes on real WebGPU behind the gateway, asked with OpenAI's own client: the answers are those of
 * llama.cpp, and a client that leaves gives back the KV on every hop.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import OpenAI, { NotFoundError } from 'openai'
import type { ServiceProcess } from '../../peer/cli/service-process.ts'
import type { CompletionEvent } from '../../peer/session/types.ts'
import type { Directory } from '../../peer/swarm/types.ts'
import { loadGoldens } from '../oracle/goldens.ts'
import { eventually, healthOf, KV_TOKENS, shoal, startSwarm, type TestSwarm, WITHOUT_ADAPTER } from './swarm-kit.ts'

const { prompts, model: golden } = loadGoldens()
const chats = prompts.filter(({ kind, safe }) => kind === 'chat' && safe)
const prose = prompts.filter(({ kind, safe }) => kind === 'prose' && safe)
const GREEDY_TOKENS = 64
const PARTS = ['0-2', '3-5', '6-7']

let swarm: TestSwarm
let edges: ServiceProcess[]
let gateway: ServiceProcess
let client: OpenAI
let model: string

before(async () => {
  swarm = await startSwarm()
  ;[gateway, ...edges] = await Promise.all([
    swarm.serve('gateway'),
    ...PARTS.map((layers, index) => swarm.edge(`edge-${index}`, layers))
  ])
  await eventually(
    () => healthOf(gateway),
    health => health.status === 'ok',
    'every layer served'
  )
  client = new OpenAI({ baseURL: `${gateway.ready.url}/v1`, apiKey: 'none', maxRetries: 0 })
  model = (gateway.ready.models as string[])[0]!
})

after(() => swarm?.end())

interface ShoalPart {
  shoal: { model_digest: string; chain: { peer: string; layers: [number, number]; compute_ms: number }[] }
}

function checkChain({ shoal }: ShoalPart): void {
  assert.equal(shoal.model_digest, golden.manifestDigest)
  assert.deepEqual(
    shoal.chain.map(({ peer, layers }) => [peer, layers]),
    edges.map(({ ready }) => [ready.peer, ready.layers])
  )
  for (const { compute_ms } of shoal.chain) assert.ok(compute_ms > 0)
}

test('chat answers are the golden ones', async () => {
  for (const { messages, answer } of chats) {
    const completion = await client.chat.completions.create({
      model,
      messages: messages!,
      temperature: 0,
      max_tokens: GREEDY_TOKENS
    })
    const [choice] = completion.choices
    assert.equal(choice!.message.content, answer.text)
    assert.equal(choice!.finish_reason, answer.finish)
    checkChain(completion as unknown as ShoalPart)
  }
})

test('a streamed chat is the golden one, piece by piece', async () => {
  const { messages, answer, ids } = chats[0]!
  const stream = await client.chat.completions.create({
    model,
    messages: messages!,
    temperature: 0,
    max_completion_tokens: GREEDY_TOKENS,
    stream: true,
    stream_options: { include_usage: true }
  })
  const chunks = await Array.fromAsync(stream)
  const pieces = chunks.map(({ choices }) => choices[0]?.delta.content ?? '').filter(Boolean)
  assert.equal(pieces.join(''), answer.text)
  assert.ok(pieces.length > 10, `${pieces.length} pieces`)
  assert.equal(chunks.at(-1)!.usage?.prompt_tokens, ids.length)
  checkChain(chunks.at(-2) as unknown as ShoalPart)
})

test('texts are continued as llama.cpp continues them', async () => {
  for (const { rendered, answer } of prose.slice(0, 2)) {
    const completion = await client.completions.create({ model, prompt: rendered, temperature: 0, max_tokens: GREEDY_TOKENS })
    assert.equal(completion.choices[0]!.text, answer.text)
  }
})

test('answers under way together do not touch each other', async () => {
  const answers = await Promise.all(
    chats.map(({ messages }) =>
      client.chat.completions.create({ model, messages: messages!, temperature: 0, max_tokens: GREEDY_TOKENS })
    )
  )
  assert.deepEqual(
    answers.map(({ choices }) => choices[0]!.message.content),
    chats.map(({ answer }) => answer.text)
  )
})

test('a seed fixes what is drawn', async () => {
  const ask = async (seed: number) => {
    const { choices } = await client.chat.completions.create({
      model,
      messages: chats[0]!.messages!,
      temperature: 1,
      max_tokens: 16,
      seed
    })
    return choices[0]!.message.content
  }
  const [first, again, other] = [await ask(1), await ask(1), await ask(2)]
  assert.equal(again, first)
  assert.notEqual(other, first)
})

test('models are listed; another is not found', async () => {
  const models = await Array.fromAsync(client.models.list())
  assert.deepEqual(
    models.map(({ id }) => id),
    [model]
  )
  assert.equal((await client.models.retrieve(model)).id, model)
  await assert.rejects(client.chat.completions.create({ model: 'gospel', messages: chats[0]!.messages! }), NotFoundError)
})

test('a client that leaves mid-stream frees the KV on every hop', async () => {
  const freeTokens = async () => (await healthOf(gateway)).hops.map(hop => hop.free_kv_tokens)
  const allFree = (free: number[]) => free.length === PARTS.length && free.every(tokens => tokens === KV_TOKENS)
  await eventually(freeTokens, allFree, 'all KV free before')
  const leaving = new AbortController()
  const stream = await client.completions.create(
    { model, prompt: 'In the beginning', temperature: 1, seed: 3, max_tokens: 200, stream: true },
    { signal: leaving.signal }
  )
  const reader = (async () => {
    for await (const chunk of stream) if (chunk.choices[0]!.finish_reason !== null) return 'finished'
    return 'left'
  })()
  await eventually(
    freeTokens,
    free => free.length === PARTS.length && free.every(tokens => tokens < KV_TOKENS),
    'KV taken on every hop'
  )
  leaving.abort()
  assert.equal(await reader.catch(() => 'left'), 'left')
  await eventually(freeTokens, allFree, 'all KV free after')
  assert.equal((await healthOf(gateway)).answering, 0)
})

test('a Node without an adapter says so plainly, and drives all the same', async () => {
  const refused = await shoal(
    ['edge', '--join', swarm.url, '--identity', `${swarm.folder}/blind.key`, '--log-level', 'silent'],
    WITHOUT_ADAPTER
  )
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /^shoal: No WebGPU adapter\. .*\(NO_ADAPTER\)$/m)

  const { messages, answer } = chats[0]!
  const run = [
    'run',
    '--join',
    swarm.url,
    '--temperature',
    '0',
    '--max-tokens',
    String(GREEDY_TOKENS),
    '--json',
    messages![0]!.content
  ]
  const driven = await shoal(run, WITHOUT_ADAPTER)
  assert.equal(driven.code, 0, driven.stderr)
  const events = driven.stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as CompletionEvent)
  assert.deepEqual(events.flatMap(event => (event.type === 'text' ? event.tokens : [])).slice(0, answer.ids.length), answer.ids)
})

test('run prints the answer alone on standard output, and the chain beside it', async () => {
  const { messages, answer } = chats[0]!
  const { code, stdout, stderr } = await shoal([
    'run',
    '--join',
    swarm.url,
    '--temperature',
    '0',
    '--max-tokens',
    '64',
    messages![0]!.content
  ])
  assert.equal(code, 0, stderr)
  assert.equal(stdout, `${answer.text}\n`)
  assert.match(stderr, /hop 2 .* 6–7 /)
  assert.match(stderr, /\d+ tokens, first after/)
})

test('peers lists who serves what', async () => {
  const { code, stdout, stderr } = await shoal(['peers', '--join', swarm.url, '--json'])
  assert.equal(code, 0, stderr)
  const { entries } = JSON.parse(stdout) as Directory
  const spans = entries.flatMap(({ announcement: { peer, offers } }) => offers.map(({ span }) => [peer, [span.first, span.end]]))
  const byPeer = (a: unknown[], b: unknown[]) => String(a[0]).localeCompare(String(b[0]))
  assert.deepEqual(spans.sort(byPeer), edges.map(({ ready }) => [ready.peer, ready.layers]).sort(byPeer))
})
