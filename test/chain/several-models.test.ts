/**
 * One donor with spans of two models within one bound on memory: one announcement offers both, each is asked through a
 * gateway of another process, and each answers as llama.cpp does. The second model is the first by another name.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import OpenAI from 'openai'
import type { ServiceProcess } from '../../peer/cli/service-process.ts'
import { spanBytes } from '../../peer/host/span-bytes.ts'
import { manifestOf } from '../../peer/model/manifest.ts'
import { bytesSource } from '../../peer/weights/source.ts'
import { goldenModelPath, loadGoldens } from '../oracle/goldens.ts'
import { twinOfGoldenModel } from '../oracle/twin.ts'
import { eventually, healthOf, KV_TOKENS, startSwarm, type TestSwarm } from './swarm-kit.ts'

const prompt = loadGoldens().prompts.find(({ name }) => name === 'house')!

let folder: string
let swarm: TestSwarm
let edge: ServiceProcess
let gateway: ServiceProcess
let names: string[]

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shoal-twin-'))
  const path = join(folder, 'twin.gguf')
  writeFileSync(path, twinOfGoldenModel())
  const { manifest } = await manifestOf(bytesSource(readFileSync(goldenModelPath()), 'model'))
  const whole = spanBytes(manifest, { first: 0, end: manifest.hyperparameters.layers }, KV_TOKENS)
  swarm = await startSwarm('--model', goldenModelPath(), '--model', path)
  const models = swarm.bootstrap.ready.models as { name: string; digest: string }[]
  names = models.map(({ digest }) => digest)
  const given = ['--memory', String(2 * whole), '--kv-tokens', String(KV_TOKENS), '--identity', `${folder}/edge.key`]
  ;[edge, gateway] = await Promise.all([
    swarm.start('edge', '--join', swarm.url, ...names.flatMap(name => ['--model', name]), ...given),
    swarm.serve('gateway')
  ])
})

after(async () => {
  await swarm?.end()
  rmSync(folder, { recursive: true, force: true })
})

test('a peer serves two models at once, and each answers as it should', async () => {
  const spans = edge.ready.spans as { layers: [number, number] }[]
  assert.deepEqual(
    spans.map(({ layers }) => layers),
    [
      [0, 8],
      [0, 8]
    ]
  )
  const { hops } = await eventually(
    () => healthOf(gateway),
    ({ status }) => status === 'ok',
    'both are served'
  )
  assert.deepEqual(
    hops.map(({ peer, layers }) => [peer, layers]),
    [edge.ready.peer, edge.ready.peer].map(peer => [peer, [0, 8]])
  )
  const client = new OpenAI({ baseURL: `${gateway.ready.url}/v1`, apiKey: 'none', maxRetries: 0 })
  const tokens = prompt.greedy.ids.length
  const answers = await Promise.all(
    (gateway.ready.models as string[]).map(model =>
      client.completions.create({ model, prompt: prompt.rendered, temperature: 0, max_tokens: tokens })
    )
  )
  assert.equal(answers.length, 2)
  for (const { choices } of answers) assert.equal(choices[0]!.text, prompt.answer.text)
})
