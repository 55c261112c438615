/**
 * `npm run test:moves`: a donor of one model goes to another whose layers have lost their only holder, all in processes of
 * their own; then both answer as llama.cpp does. Tells how long it took; fails where an answer is wrong.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import OpenAI from 'openai'
import { eventually, healthOf, KV_TOKENS, startSwarm } from '../chain/swarm-kit.ts'
import { goldenModelPath, loadGoldens } from '../oracle/goldens.ts'
import { twinOfGoldenModel } from '../oracle/twin.ts'

const FILLED_MS = 90_000

const folder = mkdtempSync(join(tmpdir(), 'shoal-moves-'))
try {
  const twin = join(folder, 'twin.gguf')
  writeFileSync(twin, twinOfGoldenModel())
  const swarm = await startSwarm('--model', goldenModelPath(), '--model', twin)
  try {
    const [own, other] = (swarm.bootstrap.ready.models as { digest: string }[]).map(({ digest }) => digest) as [string, string]
    const edge = (name: string, ...options: string[]) => {
      const key = ['--identity', join(swarm.folder, `${name}.key`)]
      return swarm.start('edge', '--join', swarm.url, '--kv-tokens', String(KV_TOKENS), ...options, ...key)
    }
    const [, , holder, gateway] = await Promise.all([
      edge('stays', '--model', own),
      edge('begins', '--model', other, '--layers', '0-4'),
      edge('holder', '--model', other, '--layers', '5-7'),
      swarm.serve('gateway')
    ])
    const roams = await edge('roams')
    assert.deepEqual(roams.ready.layers, [0, 8])
    const served = ({ hops }: Awaited<ReturnType<typeof healthOf>>) =>
      hops.filter(({ peer }) => peer === roams.ready.peer).map(({ model, layers }) => ({ model, layers }))
    assert.deepEqual(served(await healthOf(gateway)), [{ model: own, layers: [0, 8] }])
    holder.kill('SIGKILL')
    await holder.exited
    const killedAt = performance.now()
    const missing = ({ status }: { status: string }) => status === 'incomplete'
    await eventually(() => healthOf(gateway), missing, 'the hole is seen')
    const health = await eventually(
      () => healthOf(gateway),
      ({ status }) => status === 'ok',
      'the hole is filled',
      FILLED_MS
    )
    console.log(`layers 5 to 7 served again ${((performance.now() - killedAt) / 1_000).toFixed(1)} s after their holder's death`)
    const [taken, ...more] = served(health)
    assert.deepEqual([taken!.model, taken!.layers[1], more], [other, 8, []])
    // What is missing, or the whole where that lets more through.
    assert.ok([0, 5].includes(taken!.layers[0]), `layers from ${taken!.layers[0]}`)
    const client = new OpenAI({ baseURL: `${gateway.ready.url}/v1`, apiKey: 'none', maxRetries: 0 })
    const { rendered, greedy, answer } = loadGoldens().prompts.find(({ name }) => name === 'house')!
    for (const model of [own, other]) {
      const asked = { model, prompt: rendered, temperature: 0, max_tokens: greedy.ids.length }
      assert.equal((await client.completions.create(asked)).choices[0]!.text, answer.text)
    }
    console.log('both models answer as llama.cpp does')
  } finally {
    await swarm.end()
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
