/** The choice of arms behind a real gateway, asked with OpenAI's own client: what a client sees of it, what leaves the edge, what it costs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import OpenAI, { APIError, BadRequestError } from 'openai'
import { describeHealth } from '../../../peer/gateway/health.ts'
import { type Gateway, startGateway } from '../../../peer/gateway/server.ts'
import { committed } from '../../../peer/select/budget.ts'
import type { PlacingService } from '../../../peer/session/types.ts'
import { finished, started, text } from '../gateway/scripted-service.ts'
import { directoryOf, type KitOptions, serviceOver } from './service-kit.ts'
import { refuses, says, startUpstream, type Upstream } from './upstream.ts'

const messages = [{ role: 'user' as const, content: 'hi' }]
const model = 'psalter'
/** Too little time to ask an arm again: each request has one leg. */
const hasty = { classes: [{ name: 'hasty', first_token_ms: 10, per_token_ms: 1 }], default_class: 'hasty' }

function startWith(services: () => PlacingService[], selects = true): Promise<Gateway> {
  return startGateway({
    services,
    ...(selects ? { selection: () => ({}) } : {}),
    health: async counts => describeHealth('self', counts, [], { entries: [] }),
    host: '127.0.0.1',
    port: 0
  })
}

const clientOf = ({ url }: Gateway) => new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 })

async function withKit(
  upstream: Upstream,
  options: KitOptions,
  use: (client: OpenAI, kit: ReturnType<typeof serviceOver>) => Promise<void>
) {
  const kit = serviceOver([upstream.url], options)
  const gateway = await startWith(() => [kit.service])
  try {
    await use(clientOf(gateway), kit)
  } finally {
    await gateway.close()
  }
}

/** Names and types of a value, whatever the values are. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf)
  if (typeof value !== 'object' || value === null) return value === null ? null : typeof value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, name === 'shoal' ? 'told' : shapeOf(inner)]))
}

/** Every kind of answer as a client gets it: shapes, and names of headers but those of the connection. */
async function seen(client: OpenAI) {
  const chat = { model, messages, max_tokens: 8 }
  const plain = { model, prompt: 'hi', max_tokens: 8 }
  const streamed = { stream: true as const, stream_options: { include_usage: true } }
  const wholes = [client.chat.completions.create(chat), client.completions.create(plain)]
  const streams = [
    client.chat.completions.create({ ...chat, ...streamed }),
    client.completions.create({ ...plain, ...streamed })
  ] as const
  const told: { arm: string | null; headers: string[]; shape: unknown; text: string }[] = []
  const note = (response: Response, shape: unknown, said: string) => {
    const headers = [...response.headers.keys()].filter(name => name !== 'x-shoal-arm').sort()
    told.push({ arm: response.headers.get('x-shoal-arm'), headers, shape, text: said })
  }
  for (const asked of wholes) {
    const { data, response } = await (asked as (typeof wholes)[0]).withResponse()
    const { choices } = data as unknown as { choices: { text?: string; message?: { content: string } }[] }
    note(response, shapeOf(data), choices[0]!.message?.content ?? choices[0]!.text ?? '')
  }
  for (const asked of streams) {
    const { data, response } = await (asked as (typeof streams)[0]).withResponse()
    const chunks: unknown[] = await Array.fromAsync(data)
    const pieces = chunks as { choices: { text?: string; delta?: { content?: string } }[] }[]
    const said = pieces.map(({ choices }) => choices[0]?.delta?.content ?? choices[0]?.text ?? '').join('')
    note(response, shapeOf(chunks), said)
  }
  return told
}

test('the client sees the same whichever arm answers, and without a choice: all but the header', async () => {
  const upstream = await startUpstream(says(['In ', 'the ', 'beginning'], { usage: { prompt_tokens: 5, completion_tokens: 3 } }))
  const edge = [started, text('In '), text('the '), text('beginning'), finished]
  try {
    const answers: Awaited<ReturnType<typeof seen>>[] = []
    await withKit(upstream, {}, async client => void answers.push(await seen(client)))
    assert.equal(upstream.asked.length, 4)
    const atEdge = {
      edge,
      directory: directoryOf(),
      settings: { default_class: 'private', classes: [{ name: 'private', edge_only: true }] }
    }
    await withKit(upstream, atEdge, async client => void answers.push(await seen(client)))
    const plain = await startWith(() => [serviceOver([], { edge }).scripted], false)
    answers.push(await seen(clientOf(plain)))
    await plain.close()
    const [cloud, local, without] = answers
    assert.deepEqual(
      [cloud, local, without].map(each => each!.map(({ arm }) => arm)),
      [new Array(4).fill('cloud:c0'), new Array(4).fill('edge:lan'), new Array(4).fill(null)]
    )
    const rest = (each: typeof cloud) => each!.map(({ arm: _, ...told }) => told)
    assert.deepEqual(rest(cloud), rest(local))
    assert.deepEqual(rest(local), rest(without))
    for (const { text: said } of cloud!) assert.equal(said, 'In the beginning')
    assert.equal(upstream.asked.length, 4)
  } finally {
    await upstream.close()
  }
})

test('what one arm refuses by name the other does not get either', async () => {
  const upstream = await startUpstream(says(['In ']))
  const edge = [started, text('In '), finished]
  const refused: object[] = [
    { unheard_of: 1 },
    { n: 2 },
    { response_format: { type: 'json_object' } },
    { temperature: 9 },
    { max_tokens: 0 },
    { logprobs: 'yes' },
    { tools: 'all' }
  ]
  try {
    for (const options of [{}, { edge, directory: directoryOf() }])
      await withKit(upstream, options, async client => {
        for (const fields of refused)
          await assert.rejects(
            client.chat.completions.create({ model, messages, ...fields }),
            BadRequestError,
            JSON.stringify(fields)
          )
      })
    assert.equal(upstream.asked.length, 0)
  } finally {
    await upstream.close()
  }
})

test('with a hole at the edge and a cloud at hand, what must not leave gets its error and no byte reaches the cloud', async () => {
  const upstream = await startUpstream(says(['In ']))
  const settings = { classes: [{ name: 'private', edge_only: true }], rules: [{ class: 'private', user: 'clinic' }] }
  try {
    await withKit(upstream, { settings, directory: directoryOf({ end: 7 }) }, async client => {
      const ways: [object, Record<string, string>][] = [
        [{ shoal_edge_only: true }, {}],
        [{ shoal_class: 'private' }, {}],
        [{ user: 'clinic', shoal_class: 'batch' }, {}],
        [{}, { 'x-shoal-edge-only': 'true' }],
        [{}, { 'x-shoal-class': 'private' }]
      ]
      for (const stream of [true, false])
        for (const [fields, headers] of ways)
          await assert.rejects(
            client.chat.completions.create({ model, messages, stream, ...fields }, { headers }),
            (error: unknown) => error instanceof APIError && error.status === 503 && error.code === 'no_route'
          )
      assert.equal(upstream.asked.length, 0)
      // The cloud was there all the while.
      const { response } = await client.chat.completions.create({ model, messages }).withResponse()
      assert.equal(response.headers.get('x-shoal-arm'), 'cloud:c0')
    })
  } finally {
    await upstream.close()
  }
})

test('two gateways that are each other’s cloud send a request no further than once', async () => {
  const services: PlacingService[] = []
  const gateways = await Promise.all([0, 1].map(index => startWith(() => [services[index]!])))
  try {
    const kits = [1, 0].map(other => serviceOver([`${gateways[other]!.url}/v1`], { cloud: { model }, settings: hasty }))
    services.push(...kits.map(({ service }) => service))
    await assert.rejects(clientOf(gateways[0]!).chat.completions.create({ model, messages }), APIError)
    const [first, second] = kits.map(({ book }) => book.decisions)
    assert.deepEqual(
      first!.map(({ legs }) => legs.map(({ arm }) => arm)),
      [['cloud:c0']]
    )
    // It has no edge either.
    assert.deepEqual(
      second!.map(({ policy, legs }) => [policy, legs]),
      [['edge only', []]]
    )
  } finally {
    await Promise.all(gateways.map(gateway => gateway.close()))
  }
})

const END = ['usage', 'no usage', 'cut', 'busy midway', '500', '429', 'leaves'] as const
const anyRequest = fc.record({ maxTokens: fc.integer({ min: 1, max: 40 }), stream: fc.boolean(), end: fc.constantFrom(...END) })

test('whatever parallel requests do and clouds answer, what is billed is in the ledger and the ledger within its limit', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyRequest, { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 60, max: 700 }),
      async (requests, limit) => {
        const leaving = requests.map(() => new AbortController())
        let billed = 0
        let most = 0
        const upstream = await startUpstream(async (response, asked) => {
          most = Math.max(most, committed(kit.book.ledger!))
          // The request's own number travels as its seed.
          const index = asked.body.seed as number
          const { maxTokens, end } = requests[index]!
          if (end === '500') return refuses(500)(response, asked)
          if (end === '429') return refuses(429)(response, asked)
          const words = new Array<string>(Math.min(maxTokens, 1 + (index % 5))).fill('word ')
          billed += 10 + words.length
          if (end === 'usage') await says(words)(response, asked)
          else if (end === 'no usage') await says(words, { usage: undefined })(response, asked)
          else if (end === 'leaves') {
            if (asked.body.stream === true) await says(words, { end: 'hang', finish: null })(response, asked)
            leaving[index]!.abort()
            await asked.closed
          } else await says(words, { end: end === 'cut' ? 'cut' : 'busy' })(response, asked)
        })
        const kit = serviceOver([upstream.url], { settings: { budget: { limit }, ...hasty } })
        const gateway = await startWith(() => [kit.service])
        try {
          const client = clientOf(gateway)
          await Promise.allSettled(
            requests.map(async ({ maxTokens, stream }, seed) => {
              const asked = { model, messages, max_tokens: maxTokens, seed }
              const { signal } = leaving[seed]!
              if (!stream) return void (await client.chat.completions.create(asked, { signal }))
              for await (const _ of await client.chat.completions.create({ ...asked, stream }, { signal }));
            })
          )
        } finally {
          await gateway.close()
          await upstream.close()
        }
        const { spent, reserved, overruns } = kit.book.ledger!
        assert.deepEqual([reserved.size, overruns], [0, 0])
        assert.ok(most <= limit && spent <= limit, `${most} and ${spent} of ${limit}`)
        assert.ok(billed <= spent, `${billed} billed, ${spent} in the ledger`)
      }
    ),
    { numRuns: 10 }
  )
})
