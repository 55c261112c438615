/**
 * What an operator asks of a gateway: its figures, whether to send requests to it, and an end that takes nobody's answer.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InternalServerError } from 'openai'
import { PeerLostError } from '../../../peer/errors.ts'
import type { Health } from '../../../peer/gateway/health.ts'
import { messages, script, withGateway } from './gateway-kit.ts'
import { digest, finished, type Step, started, text } from './scripted-service.ts'

const asking = { model: 'psalter', messages }

/** The samples of one name, by their labels as they stand in the text. */
async function samples(url: string, name: string): Promise<Record<string, number>> {
  const response = await fetch(`${url}/metrics`)
  assert.equal(response.status, 200)
  assert.match(response.headers.get('content-type')!, /^text\/plain; version=0\.0\.4/)
  const lines = (await response.text()).split('\n')
  const found = lines.flatMap(line => {
    const [, sample, labels = '', value] = /^(\w+)(?:\{(.*)\})? ([\d.e+-]+)$/.exec(line) ?? []
    return sample === name ? [[labels, Number(value)] as const] : []
  })
  return Object.fromEntries(found)
}

test('the figures count requests, answers, tokens, times and recoveries', () => {
  const chain = [{ peer: 'peer-c', span: { first: 0, end: 8 } }]
  const recovered: Step = {
    type: 'recovered',
    lost: 'peer-a',
    epoch: 2,
    pauseMs: 300,
    replayed: 1,
    chain,
    numericsChanged: false
  }
  return withGateway([script[0]!, recovered, ...script.slice(1)], async (url, client) => {
    await client.chat.completions.create(asking)
    for await (const _ of await client.chat.completions.create({ ...asking, stream: true }));
    await assert.rejects(client.chat.completions.create({ ...asking, model: 'gospel' }))
    await fetch(`${url}/v1/one`)
    await fetch(`${url}/v1/another`)
    const model = 'model="psalter"'
    assert.deepEqual(await samples(url, 'shoal_gateway_tokens_total'), {
      [`${model},kind="prompt"`]: 10,
      [`${model},kind="completion"`]: 6
    })
    assert.deepEqual(await samples(url, 'shoal_gateway_answers_total'), { [`${model},end="stop"`]: 2 })
    assert.deepEqual(await samples(url, 'shoal_gateway_drafts_total'), {
      [`${model},kind="drafted"`]: 12,
      [`${model},kind="accepted"`]: 4
    })
    assert.deepEqual(await samples(url, 'shoal_gateway_recovery_seconds_sum'), { [model]: 0.6 })
    assert.deepEqual(await samples(url, 'shoal_gateway_first_token_seconds_sum'), { [model]: 0.08 })
    assert.deepEqual(await samples(url, 'shoal_gateway_token_seconds_count'), { [model]: 2 })
    assert.deepEqual(await samples(url, 'shoal_gateway_answering'), { '': 0 })
    const requests = await samples(url, 'shoal_gateway_requests_total')
    assert.equal(requests['method="POST",route="/v1/chat/completions",status="200"'], 2)
    assert.equal(requests['method="POST",route="/v1/chat/completions",status="404"'], 1)
    assert.equal(requests['method="GET",route="none",status="404"'], 2, 'addresses that nobody serves are one')
    assert.ok((await samples(url, 'process_resident_memory_bytes'))['']! > 1e6)
  })
})

test('an answer that fails or is left is counted by how it ended, with what it took', () =>
  withGateway([started, text('In '), new PeerLostError('peer-b is gone')], async (url, client) => {
    await assert.rejects(client.chat.completions.create(asking))
    assert.deepEqual(await samples(url, 'shoal_gateway_answers_total'), { 'model="psalter",end="peer_lost"': 1 })
    await withGateway([started, text('In '), 'hang'], async (other, leaving, service) => {
      for await (const chunk of await leaving.chat.completions.create({ ...asking, stream: true }))
        if (chunk.choices[0]!.delta.content === 'In ') break
      await service.freed
      assert.deepEqual(await samples(other, 'shoal_gateway_answers_total'), { 'model="psalter",end="left"': 1 })
      assert.equal((await samples(other, 'shoal_gateway_tokens_total'))['model="psalter",kind="completion"'], 1)
    })
  }))

test('tokens that are told at the end alone are counted once, and a prompt that goes on elsewhere is none of its own', () => {
  const untold = (value: string): Step => ({ type: 'text', text: value, tokens: [] })
  const moved: Step = { ...(started as Extract<Step, { type: 'started' }>), promptTokens: 8 }
  return withGateway([started, untold('In '), moved, untold('the beginning'), finished], async (url, client) => {
    await client.chat.completions.create(asking)
    assert.deepEqual(await samples(url, 'shoal_gateway_tokens_total'), {
      'model="psalter",kind="prompt"': 5,
      'model="psalter",kind="completion"': 3
    })
  })
})

test('the figures hold no text of a client', () =>
  withGateway(script, async (url, client) => {
    await client.chat.completions.create({ ...asking, user: 'nebuchadnezzar' })
    await fetch(`${url}/nebuchadnezzar?nebuchadnezzar`, { headers: { 'user-agent': 'nebuchadnezzar' } })
    const figures = await (await fetch(`${url}/metrics`)).text()
    assert.doesNotMatch(figures, /nebuchadnezzar|heaven/)
  }))

const healthWith = (missing: number[][]): Health => ({
  status: missing.every(layers => layers.length === 0) ? 'ok' : 'incomplete',
  peer: 'self',
  answering: 0,
  recoveries: { count: 0, pause_ms: 0 },
  drafts: { drafted: 0, accepted: 0 },
  models: missing.map((missing_layers, index) => ({ name: `m${index}`, digest, layers: 8, missing_layers })),
  hops: []
})

for (const [what, health, options, status] of [
  ['a model without holes', async () => healthWith([[], [3]]), {}, 200],
  ['holes in every model', async () => healthWith([[0], [3]]), {}, 503],
  ['no model', async () => healthWith([]), {}, 503],
  ['holes, but clouds', async () => healthWith([[0]]), { clouds: true }, 200],
  ['a directory that is away', () => Promise.reject(new Error('away')), {}, 503]
] as const)
  test(`with ${what} /ready is ${status}`, () =>
    withGateway(
      script,
      async url => {
        const response = await fetch(`${url}/ready`)
        assert.equal(response.status, status)
        assert.deepEqual(await response.json(), { status: status === 200 ? 'ready' : 'incomplete' })
      },
      { health, ...options }
    ))

test('however many ask whether it is ready, the directory is asked once', async () => {
  let asked = 0
  const health = async () => {
    asked++
    return healthWith([[]])
  }
  await withGateway(script, url => Promise.all(Array.from({ length: 20 }, () => fetch(`${url}/ready`))).then(() => {}), {
    health
  })
  // The first and the last of them may be more than a second apart on a busy machine.
  assert.ok(asked <= 2, `${asked} times`)
})

test('a gateway that drains finishes the answer under way, takes no new one, and says so', async () => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  await withGateway(
    [started, text('In '), gate, ...script.slice(2)],
    async (url, client, service, gateway) => {
      const stream = await client.chat.completions.create({ ...asking, stream: true })
      const pieces = stream[Symbol.asyncIterator]()
      await pieces.next()
      let drained = false
      const draining = gateway.drain(60_000).then(() => {
        drained = true
      })
      await assert.rejects(client.chat.completions.create(asking), (error: unknown) => {
        assert.ok(error instanceof InternalServerError)
        assert.equal(error.status, 503)
        assert.equal(error.headers.get('retry-after'), '2')
        assert.equal(error.headers.get('connection'), 'close')
        assert.match(error.message, /shutting down/)
        return true
      })
      const ready = await fetch(`${url}/ready`)
      assert.equal(ready.status, 503)
      assert.deepEqual(await ready.json(), { status: 'draining' })
      assert.deepEqual(await samples(url, 'shoal_gateway_draining'), { '': 1 })
      assert.equal(drained, false)
      open()
      const told: string[] = []
      for (let next = await pieces.next(); !next.done; next = await pieces.next())
        told.push(next.value.choices[0]?.finish_reason ?? next.value.choices[0]?.delta.content ?? '')
      assert.deepEqual(told, ['In ', 'beginning', 'stop'])
      await draining
      assert.equal(service.requests.length, 1)
    },
    { health: async () => healthWith([[]]) }
  )
})

test('draining is bounded in time', () =>
  withGateway([started, 'hang'], async (_url, client, _service, gateway) => {
    const stream = await client.chat.completions.create({ ...asking, stream: true })
    await stream[Symbol.asyncIterator]().next()
    const before = performance.now()
    await gateway.drain(50)
    assert.ok(performance.now() - before < 5_000)
    stream.controller.abort()
  }))
