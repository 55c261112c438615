/**
 * Three peers; the only holder of some layers dies without a word: new requests are refused at once, an idle peer takes the layers, and
 * the answer that ran goes on to its end, llama.cpp's to the token.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import OpenAI, { APIError } from 'openai'
import { type Bootstrap, startBootstrap } from '../../bootstrap/bootstrap.ts'
import { publishedModel } from '../../peer/cli/published-model.ts'
import type { ServiceProcess } from '../../peer/cli/service-process.ts'
import { spanBytes } from '../../peer/host/span-bytes.ts'
import { manifestOf } from '../../peer/model/manifest.ts'
import { bytesSource } from '../../peer/weights/source.ts'
import { goldenModelPath, loadGoldens } from '../oracle/goldens.ts'
import { eventually, healthOf, type JoiningPeers, KV_TOKENS, startPeers } from './swarm-kit.ts'

const prompt = loadGoldens().prompts.find(({ name }) => name === 'house')!
const TOKENS = prompt.greedy.ids.length
const TOKENS_BEFORE_DEATH = 12
/** A refusal needs a look at the directory and no more; the rest is room for a busy machine. */
const REFUSED_MS = 1_500
/** A peer that is gone may usually come back for 5 s; nobody does here. */
const GONE_MS = 1_000
/** Looked for every 4 s, patience of 2 to 3 s, announced in 2.5 s; how long loading and self-tests take is the machine's. */
const FILLED_MS = 90_000

let bootstrap: Bootstrap
let swarm: JoiningPeers
/** The only holder of its layers. */
let holder: ServiceProcess
/** Its layers end where nobody's begin: no chain goes over it. */
let idle: ServiceProcess
let gateway: ServiceProcess
let client: OpenAI

before(async () => {
  const { manifest } = await manifestOf(bytesSource(readFileSync(goldenModelPath()), 'model'))
  const room = spanBytes(manifest, { first: 5, end: 8 }, KV_TOKENS)
  bootstrap = await startBootstrap({
    host: '127.0.0.1',
    httpPort: 0,
    models: [await publishedModel(goldenModelPath(), undefined, new AbortController().signal)],
    goneMs: GONE_MS
  })
  swarm = startPeers(bootstrap.httpUrl)
  const given = ['--memory', String(room), '--kv-tokens', String(KV_TOKENS), '--identity', `${swarm.folder}/idle.key`]
  const holds = swarm.edge('holder', '5-7')
  await announced(1)
  const waits = swarm.start('edge', '--join', swarm.url, ...given)
  await announced(2)
  const donates = ['--donate', '--layers', '0-4', '--kv-tokens', String(KV_TOKENS)]
  const begins = swarm.start('serve', '--join', swarm.url, '--port', '0', ...donates, '--identity', `${swarm.folder}/gateway.key`)
  ;[holder, idle, gateway] = await Promise.all([holds, waits, begins])
  const [first, end] = idle.ready.layers as [number, number]
  assert.ok(end <= 5 && end - first === 3, `layers ${first} to ${end - 1}: of what was missing, what it has memory for`)
  await eventually(
    () => healthOf(gateway),
    ({ hops }) => hops.filter(({ state }) => state === 'serving').length === 3,
    'all serve'
  )
  client = new OpenAI({ baseURL: `${gateway.ready.url}/v1`, apiKey: 'none', maxRetries: 0 })
})

after(async () => {
  await swarm?.end()
  await bootstrap?.stop()
})

/** Peers place themselves by what is announced when they come. */
async function announced(count: number): Promise<void> {
  await eventually(
    async () => bootstrap.health(),
    ({ announcements }) => announcements === count,
    `${count} announced`
  )
}

const ask = () => ({
  model: (gateway.ready.models as string[])[0]!,
  prompt: prompt.rendered,
  temperature: 0,
  max_tokens: TOKENS
})

test('an idle peer fills the hole that a dead one leaves; meanwhile requests are refused at once', async t => {
  const stream = await client.completions.create({ ...ask(), stream: true })
  let text = ''
  let chunks = 0
  let filled: Promise<number> | undefined
  const deadAt = { ms: 0 }
  for await (const { choices } of stream) {
    text += choices[0]?.text ?? ''
    if (++chunks !== TOKENS_BEFORE_DEATH) continue
    deadAt.ms = performance.now()
    holder.kill('SIGKILL')
    await holder.exited
    filled = watchHole()
    filled.catch(() => {})
  }
  assert.equal(text, prompt.answer.text)
  const filledMs = (await filled!) - deadAt.ms
  t.diagnostic(`layers 5 to 7 served again ${(filledMs / 1_000).toFixed(1)} s after their only holder was killed`)
  assert.ok(filledMs < FILLED_MS, `${filledMs} ms`)
  const { choices } = await client.completions.create(ask())
  assert.equal(choices[0]!.text, prompt.answer.text)
})

/** Until every layer is served again; requests meanwhile are refused. Resolves with when that was. */
async function watchHole(): Promise<number> {
  await eventually(
    () => healthOf(gateway),
    ({ status }) => status === 'incomplete',
    'the hole is seen'
  )
  const askedAt = performance.now()
  await assert.rejects(client.completions.create(ask()), (error: unknown) => {
    assert.ok(error instanceof APIError)
    assert.deepEqual([error.status, error.code, error.headers?.get('retry-after')], [503, 'no_route', '10'])
    return true
  })
  const refusedMs = performance.now() - askedAt
  assert.ok(refusedMs < REFUSED_MS, `refused after ${refusedMs} ms`)
  const { hops } = await eventually(
    () => healthOf(gateway),
    ({ status }) => status === 'ok',
    'the hole is filled',
    FILLED_MS
  )
  const at = performance.now()
  assert.deepEqual(hops.find(({ peer }) => peer === idle.ready.peer)?.layers, [5, 8])
  return at
}
