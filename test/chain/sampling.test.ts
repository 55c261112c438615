/** Penalties and biases over a chain of peers and HTTP: greedy answers are those of llama.cpp under the same. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import OpenAI from 'openai'
import { eventually, healthOf, startSwarm } from './swarm-kit.ts'

interface SamplingGoldens {
  prompt: string
  steps: number
  cases: { settings: Record<string, unknown>; text: string }[]
}

const path = new URL('../oracle/golden/sampling.json', import.meta.url)
const { prompt, steps, cases } = JSON.parse(readFileSync(path, 'utf8')) as SamplingGoldens

test('answers under penalties and biases are llama.cpp’s', async () => {
  const swarm = await startSwarm()
  try {
    const [gateway] = await Promise.all([swarm.serve('gateway'), swarm.edge('first', '0-3'), swarm.edge('second', '4-7')])
    await eventually(
      () => healthOf(gateway),
      health => health.status === 'ok',
      'every layer served'
    )
    const client = new OpenAI({ baseURL: `${gateway.ready.url}/v1`, apiKey: 'none', maxRetries: 0 })
    const model = (gateway.ready.models as string[])[0]!
    for (const { settings, text } of cases) {
      const answer = await client.completions.create({ model, prompt, max_tokens: steps, temperature: 0, ...settings })
      assert.equal(answer.choices[0]!.text, text, JSON.stringify(settings))
    }
  } finally {
    await swarm.end()
  }
})
