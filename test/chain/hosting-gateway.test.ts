/**
 * A gateway that hosts a part of the model itself: its sessions run through its own hop, wherever in the chain that is,
 * and its log-probabilities are llama.cpp's.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import OpenAI from 'openai'
import { loadGoldens, loadRows } from '../oracle/goldens.ts'
import { eventually, healthOf, KV_TOKENS, startSwarm } from './swarm-kit.ts'

/** |Δ ln p| with activations and KV in f16, as the engine's tests promise. */
const BOUND = 2e-2
const GREEDY_TOKENS = 64

const prose = loadGoldens().prompts.find(({ kind, safe }) => kind === 'prose' && safe)!

for (const { own, other } of [
  { own: '0-2', other: '3-7' },
  { own: '6-7', other: '0-5' },
  { own: '0-7', other: undefined }
])
  test(`a gateway that hosts layers ${own} answers through its own hop`, async () => {
    const swarm = await startSwarm()
    try {
      const hosting = ['--donate', '--layers', own, '--kv-tokens', String(KV_TOKENS)]
      const [gateway] = await Promise.all([
        swarm.start('serve', '--join', swarm.url, '--port', '0', ...hosting, '--identity', `${swarm.folder}/gateway.key`),
        ...(other === undefined ? [] : [swarm.edge('edge', other)])
      ])
      await eventually(
        () => healthOf(gateway),
        health => health.status === 'ok',
        'every layer served'
      )
      const client = new OpenAI({ baseURL: `${gateway.ready.url}/v1`, apiKey: 'none', maxRetries: 0 })
      const answer = await client.completions.create({
        model: (gateway.ready.models as string[])[0]!,
        prompt: prose.rendered,
        temperature: 0,
        max_tokens: GREEDY_TOKENS,
        logprobs: 5
      })
      const [choice] = answer.choices
      assert.equal(choice!.text, prose.answer.text)
      const { chain } = (answer as unknown as { shoal: { chain: { peer: string }[] } }).shoal
      assert.ok(chain.some(({ peer }) => peer === gateway.ready.peer))
      assert.equal(chain.length, other === undefined ? 1 : 2)
      // The golden row after the prompt is the distribution that the first token came from.
      const golden = loadRows(prose.name).at(-1)!
      assert.ok(Math.abs(choice!.logprobs!.token_logprobs![0]! - golden.logProbabilities[0]!) < BOUND)
      const told = Object.values(choice!.logprobs!.top_logprobs![0]!).sort((a, b) => b - a)
      assert.equal(told.length, 5)
      for (const [at, logprob] of told.entries()) assert.ok(Math.abs(logprob - golden.logProbabilities[at]!) < BOUND)
      assert.equal(choice!.logprobs!.tokens!.join(''), choice!.text)
    } finally {
      await swarm.end()
    }
  })
