/**
 * The gateway against OpenAI's own client: shapes, errors, cancellation. The swarm behind it is scripted.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { APIError, BadRequestError, InternalServerError, NotFoundError, RateLimitError } from 'openai'
import { BusyError, ContextLengthError, NonFiniteError, NoRouteError, PeerLostError } from '../../../peer/errors.ts'
import { neutralSampling } from '../../../peer/session/neutral-sampling.ts'
import { messages, script, withGateway } from './gateway-kit.ts'
import { digest, finished, type Step, started, text } from './scripted-service.ts'

test('a chat answer comes whole, with usage and the chain that made it', () =>
  withGateway(script, async (_url, client, service) => {
    const answer = await client.chat.completions.create({
      model: 'psalter',
      messages,
      max_completion_tokens: 3,
      temperature: 0,
      seed: 7,
      stop: 'Amen'
    })
    assert.equal(answer.object, 'chat.completion')
    assert.deepEqual(answer.choices, [
      {
        index: 0,
        message: { role: 'assistant', content: 'In the beginning', refusal: null },
        logprobs: null,
        finish_reason: 'stop'
      }
    ])
    assert.deepEqual(answer.usage, { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 })
    assert.deepEqual((answer as unknown as { shoal: unknown }).shoal, {
      model_digest: digest,
      ttft_ms: 40,
      tpot_ms: 7,
      chain: [
        { peer: 'peer-a', layers: [0, 3], queue_ms: 0.5, compute_ms: 2 },
        { peer: 'peer-b', layers: [3, 8], queue_ms: 0.25, compute_ms: 3 }
      ],
      recoveries: [],
      drafts: { drafted: 6, accepted: 2 }
    })
    assert.deepEqual(service.requests, [
      { input: { messages }, maxTokens: 3, sampling: { ...neutralSampling, temperature: 0, seed: 7 }, stop: ['Amen'] }
    ])
  }))

test('a chat answer streams: role, pieces, reason, usage', () =>
  withGateway(script, async (_url, client) => {
    const stream = await client.chat.completions.create({
      model: digest,
      messages,
      stream: true,
      stream_options: { include_usage: true }
    })
    const chunks = []
    for await (const chunk of stream) chunks.push(chunk)
    assert.deepEqual(
      chunks.map(({ choices }) => choices.map(({ delta, finish_reason }) => [delta, finish_reason])),
      [
        [[{ role: 'assistant', content: '' }, null]],
        [[{ content: 'In the ' }, null]],
        [[{ content: 'beginning' }, null]],
        [[{}, 'stop']],
        []
      ]
    )
    assert.deepEqual(
      chunks.map(({ usage }) => usage),
      [null, null, null, null, { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 }]
    )
    assert.equal(new Set(chunks.map(({ id }) => id)).size, 1)
  }))

test('the older completions API answers, whole and streamed', () =>
  withGateway(script, async (_url, client, service) => {
    const whole = await client.completions.create({ model: 'psalter', prompt: 'In' })
    assert.equal(whole.object, 'text_completion')
    assert.deepEqual(whole.choices as unknown, [{ index: 0, text: 'In the beginning', logprobs: null, finish_reason: 'stop' }])
    const pieces = []
    for await (const chunk of await client.completions.create({ model: 'psalter', prompt: 'In', stream: true, max_tokens: 2 }))
      pieces.push(chunk.choices[0]!.text)
    assert.deepEqual(pieces, ['In the ', 'beginning', ''])
    assert.deepEqual(
      service.requests.map(({ input, maxTokens }) => [input, maxTokens]),
      [
        [{ text: 'In' }, 16],
        [{ text: 'In' }, 2]
      ]
    )
  }))

/** "Né" in three tokens, the accented letter cut in two, and the end that was nearly drawn. */
const wordy = ((): Step[] => {
  const entry = (token: string, bytes: number[] | undefined, logprob: number) => ({ token, bytes, logprob })
  const whole = { ...entry('N', [0x4e], -0.25), top: [entry('N', [0x4e], -0.25), entry('<|end|>', undefined, -1.5)], offset: 0 }
  const half = (byte: number) => ({ ...entry('\ufffd', [byte], -2), top: [entry('e', [0x65], -0.5)], offset: 1 })
  return [
    started,
    { type: 'text', text: 'N', tokens: [1], logprobs: [whole] },
    { type: 'text', text: '', tokens: [2], logprobs: [half(0xc3)] },
    { type: 'text', text: 'é', tokens: [3], logprobs: [half(0xa9)] },
    finished
  ]
})()

const wordyContent = [
  {
    token: 'N',
    bytes: [0x4e],
    logprob: -0.25,
    top_logprobs: [
      { token: 'N', bytes: [0x4e], logprob: -0.25 },
      { token: '<|end|>', bytes: null, logprob: -1.5 }
    ]
  },
  ...[0xc3, 0xa9].map(byte => ({
    token: '\ufffd',
    bytes: [byte],
    logprob: -2,
    top_logprobs: [{ token: 'e', bytes: [0x65], logprob: -0.5 }]
  }))
]

test('log-probabilities come with a chat answer, whole and streamed', () =>
  withGateway(wordy, async (_url, client, service) => {
    const asked = {
      model: 'psalter',
      messages,
      logprobs: true,
      top_logprobs: 2,
      logit_bias: { 40: -100 },
      frequency_penalty: 0.5
    }
    const whole = await client.chat.completions.create(asked)
    assert.deepEqual(whole.choices[0]!.logprobs, { content: wordyContent, refusal: null })
    const content = []
    for await (const { choices } of await client.chat.completions.create({ ...asked, stream: true }))
      content.push(...(choices[0]!.logprobs?.content ?? []))
    assert.deepEqual(content, wordyContent)
    for (const { logprobs, sampling } of service.requests) {
      assert.equal(logprobs, 2)
      assert.deepEqual([sampling.logitBias, sampling.frequencyPenalty], [[[40, -100]], 0.5])
    }
  }))

test('log-probabilities come with the older API’s answer, whole and streamed', () =>
  withGateway(wordy, async (_url, client, service) => {
    const told = {
      tokens: ['N', '\ufffd', '\ufffd'],
      token_logprobs: [-0.25, -2, -2],
      top_logprobs: [
        { N: -0.25, '<|end|>': -1.5 },
        { e: -0.5, '\ufffd': -2 },
        { e: -0.5, '\ufffd': -2 }
      ],
      text_offset: [0, 1, 1]
    }
    const asked = { model: 'psalter', prompt: 'In', logprobs: 2 }
    assert.deepEqual((await client.completions.create(asked)).choices[0]!.logprobs, told)
    const tokens = []
    for await (const { choices } of await client.completions.create({ ...asked, stream: true }))
      tokens.push(...(choices[0]!.logprobs?.tokens ?? []))
    assert.deepEqual(tokens, told.tokens)
    assert.equal(service.requests[0]!.logprobs, 2)
  }))

for (const [param, change] of [
  ['logit_bias', { logit_bias: { 5: 200 } }],
  ['frequency_penalty', { frequency_penalty: 3 }],
  ['presence_penalty', { presence_penalty: -3 }],
  ['top_logprobs', { top_logprobs: 5 }],
  ['typical_p', { typical_p: 2 }],
  ['repetition_penalty', { repetition_penalty: -1 }]
] as const)
  test(`a wrong ${param} is the caller’s error, by name`, () =>
    withGateway(script, async (_url, client, service) => {
      await assert.rejects(
        client.chat.completions.create({ model: 'psalter', messages, ...change } as never),
        (error: unknown) => error instanceof BadRequestError && error.param === param
      )
      assert.equal(service.requests.length, 0)
    }))

test('models are listed and found by name and digest', () =>
  withGateway(script, async (_url, client) => {
    const models = []
    for await (const model of client.models.list()) models.push(model.id)
    assert.deepEqual(models, ['psalter'])
    assert.equal((await client.models.retrieve('psalter')).object, 'model')
    assert.equal((await client.models.retrieve(digest)).id, 'psalter')
    await assert.rejects(client.models.retrieve('gospel'), NotFoundError)
    await assert.rejects(client.chat.completions.create({ model: 'gospel', messages }), NotFoundError)
  }))

for (const { thrown, type, code, retryAfter } of [
  {
    thrown: new ContextLengthError('300 tokens, the context holds 256'),
    type: BadRequestError,
    code: 'context_length_exceeded',
    retryAfter: null
  },
  { thrown: new BusyError('no KV room', { retryAfterMs: 3500 }), type: RateLimitError, code: 'busy', retryAfter: '4' },
  { thrown: new NoRouteError('layer 3 is held by nobody'), type: InternalServerError, code: 'no_route', retryAfter: '2' },
  {
    thrown: new NonFiniteError('the logit of id 5 is NaN', { peer: 'peer-a' }),
    type: InternalServerError,
    code: 'non_finite',
    retryAfter: '2'
  }
])
  for (const stream of [false, true])
    test(`${thrown.name} before the first token has a status of its own${stream ? ', streaming' : ''}`, () =>
      withGateway([thrown], async (_url, client) => {
        await assert.rejects(client.chat.completions.create({ model: 'psalter', messages, stream }), (error: unknown) => {
          assert.ok(error instanceof type)
          assert.equal(error.code, code)
          assert.match(error.message, new RegExp(thrown.message))
          assert.equal(error.headers.get('retry-after'), retryAfter)
          return true
        })
      }))

test('what went wrong inside is not told to strangers', () =>
  withGateway([new Error('secret path')], async (_url, client) => {
    await assert.rejects(client.chat.completions.create({ model: 'psalter', messages }), (error: unknown) => {
      assert.ok(error instanceof InternalServerError)
      assert.equal(error.status, 500)
      assert.doesNotMatch(error.message, /secret/)
      return true
    })
  }))

test('an answer that breaks off says so in the stream', () =>
  withGateway([started, text('In '), new PeerLostError('peer-b is gone')], async (_url, client) => {
    const pieces: unknown[] = []
    await assert.rejects(
      async () => {
        for await (const chunk of await client.chat.completions.create({ model: 'psalter', messages, stream: true }))
          pieces.push(chunk.choices[0]!.delta.content)
      },
      (error: unknown) => error instanceof APIError && error.code === 'peer_lost' && /peer-b is gone/.test(error.message)
    )
    assert.deepEqual(pieces, ['', 'In '])
  }))

test('whether standbys keep the KV is the request’s to say, else the gateway’s', async () => {
  const ask = async (url: string, shoal: object) => {
    const body = JSON.stringify({ model: 'psalter', messages, shoal })
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body
    })
    assert.equal(response.status, 200)
  }
  for (const standby of [false, true])
    await withGateway(
      script,
      async (url, _client, service) => {
        for (const shoal of [{}, { standby: true }, { standby: false }]) await ask(url, shoal)
        assert.deepEqual(
          service.requests.map(request => request.standby ?? false),
          [standby, true, false]
        )
      },
      { standby }
    )
})

test('leaving a stream frees the answer', () =>
  withGateway([started, text('In '), 'hang'], async (url, client, service) => {
    for await (const chunk of await client.chat.completions.create({ model: 'psalter', messages, stream: true }))
      if (chunk.choices[0]!.delta.content === 'In ') break
    await service.freed
    const health = await (await fetch(`${url}/health`)).json()
    assert.equal(health.answering, 0)
  }))

test('recoveries are in the answer’s trace and counted in /health, whether it streams or not', () => {
  const chain = [{ peer: 'peer-c', span: { first: 0, end: 8 } }]
  const recovered: Step = { type: 'recovered', lost: 'peer-a', epoch: 2, pauseMs: 30, replayed: 1, chain, numericsChanged: true }
  return withGateway([started, text('In '), recovered, text('the'), finished], async (url, client) => {
    const answer = await client.chat.completions.create({ model: 'psalter', messages })
    const { shoal } = answer as unknown as { shoal: { recoveries: object[]; chain: { peer: string }[] } }
    const told = {
      lost: 'peer-a',
      epoch: 2,
      pause_ms: 30,
      replayed: 1,
      chain: [{ peer: 'peer-c', layers: [0, 8] }],
      numerics_changed: true
    }
    assert.deepEqual(shoal.recoveries, [told])
    assert.deepEqual(
      shoal.chain.map(({ peer }) => peer),
      ['peer-c']
    )
    let streamed: object[] = []
    for await (const chunk of await client.chat.completions.create({ model: 'psalter', messages, stream: true }))
      streamed = (chunk as unknown as { shoal?: { recoveries: object[] } }).shoal?.recoveries ?? streamed
    assert.deepEqual(streamed, [told])
    const health = await (await fetch(`${url}/health`)).json()
    assert.deepEqual(health.recoveries, { count: 2, pause_ms: 60 })
    assert.deepEqual(health.drafts, { drafted: 12, accepted: 4 })
  })
})

test('leaving a request that does not stream frees the answer', () =>
  withGateway([started, 'hang'], async (_url, client, service) => {
    const leaving = new AbortController()
    const answer = client.chat.completions.create({ model: 'psalter', messages }, { signal: leaving.signal })
    while (service.requests.length === 0) await new Promise(resolve => setImmediate(resolve))
    leaving.abort()
    await assert.rejects(answer)
    await service.freed
  }))

test('closing the gateway ends its answers', async () => {
  let ended: Promise<unknown> | undefined
  await withGateway([started, text('In '), 'hang'], async (_url, client) => {
    const stream = await client.chat.completions.create({ model: 'psalter', messages, stream: true })
    const iterator = stream[Symbol.asyncIterator]()
    await iterator.next()
    ended = assert.rejects(async () => {
      for (let next = await iterator.next(); !next.done; next = await iterator.next());
    }, /shutting down/)
  })
  await ended
})

test('requests that are no JSON, too large or to no address get OpenAI’s error object', () =>
  withGateway(script, async url => {
    const post = (body: string) =>
      fetch(`${url}/v1/chat/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    for (const [response, status] of [
      [await post('{'), 400],
      [await post(JSON.stringify({ model: 'x'.repeat(2 ** 20) })), 413],
      [await fetch(`${url}/v1/embeddings`), 404]
    ] as const) {
      assert.equal(response.status, status)
      assert.equal((await response.json()).error.type, 'invalid_request_error')
    }
  }))
