/**
 * API keys: what the file may hold, and what a gateway that asks for them tells OpenAI's own client and a browser.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import OpenAI, { AuthenticationError, RateLimitError } from 'openai'
import { InvalidFileError } from '../../../peer/errors.ts'
import { type KeyLimits, KeyRing, makeKey, readKeys, writeKeys } from '../../../peer/gateway/api-keys.ts'
import { KeyUsage } from '../../../peer/gateway/key-usage.ts'
import { messages, script, withGateway } from './gateway-kit.ts'
import { started, text } from './scripted-service.ts'

function oneKey(limits: KeyLimits = {}) {
  const { key, stored } = makeKey('clinic', limits, new Date(0))
  const usage = new KeyUsage()
  return { key, stored, usage, access: { keys: () => new KeyRing([stored]), usage } }
}

const asking = { model: 'psalter', messages }

test('the file holds a key’s hash and limits, never the key; the key opens its own entry alone', () => {
  const one = makeKey('clinic', { requestsPerMinute: 5, tokensPerDay: 1_000, concurrent: 2 }, new Date(0))
  const other = makeKey('school', {}, new Date(0))
  const file = writeKeys([one.stored, other.stored])
  const secret = one.key.slice('sk-shoal-'.length + one.stored.id.length + 1)
  assert.ok(secret.length >= 32)
  assert.ok(!file.includes(secret))
  assert.equal(one.stored.hash, createHash('sha256').update(secret).digest('hex'))
  assert.deepEqual(readKeys(file, 'keys.json'), [one.stored, other.stored])
  const ring = new KeyRing(readKeys(file, 'keys.json'))
  assert.equal(ring.find(one.key)?.name, 'clinic')
  assert.equal(ring.find(other.key)?.name, 'school')
  for (const wrong of [
    '',
    'none',
    one.key.slice(0, -1),
    `${one.key}x`,
    one.key.toUpperCase(),
    one.key.replace(one.stored.id, other.stored.id),
    one.key.replace(one.stored.id, '0'.repeat(12)),
    `sk-shoal-${one.stored.id}-${one.stored.hash.slice(0, 32)}`
  ])
    assert.equal(ring.find(wrong), undefined, wrong)
})

const entry = { id: 'ab'.repeat(6), name: 'clinic', hash: 'ab'.repeat(32), created: '2026-01-01T00:00:00.000Z' }
for (const [what, document, says] of [
  ['no JSON', '{', /keys\.json: not JSON/],
  ['no keys', '[]', /a list of keys expected/],
  ['an entry that is none', { keys: [null] }, /keys\[0\]: an object/],
  ['a wrong id', { keys: [{ ...entry, id: 'clinic' }] }, /keys\[0\]\.id/],
  ['an id twice', { keys: [entry, entry] }, /keys\[1\]\.id.*twice/],
  ['a key in the clear', { keys: [{ ...entry, hash: 'secret' }] }, /keys\[0\]\.hash: SHA-256/],
  ['a name that is none', { keys: [{ ...entry, name: 5 }] }, /keys\[0\]\.name/],
  ['no time', { keys: [{ ...entry, created: 'once' }] }, /keys\[0\]\.created/],
  ['an operator that is no yes', { keys: [{ ...entry, operator: 1 }] }, /keys\[0\]\.operator: true/],
  ['a limit below 1', { keys: [{ ...entry, tokens_per_day: 0 }] }, /keys\[0\]\.tokens_per_day: a whole number/],
  ['an unknown setting', { keys: [{ ...entry, requests: 5 }] }, /keys\[0\]\.requests: no such/],
  ['a name of every object', { keys: [{ ...entry, constructor: 5 }] }, /keys\[0\]\.constructor: no such/]
] as const)
  test(`a file of keys with ${what} is refused by name`, () =>
    assert.throws(
      () => readKeys(typeof document === 'string' ? document : JSON.stringify(document), 'keys.json'),
      (error: unknown) => error instanceof InvalidFileError && says.test(error.message)
    ))

test('whoever shows a key is answered, whoever shows none or a wrong one hears 401', async () => {
  const { key, access } = oneKey()
  await withGateway(
    script,
    async (url, client, service) => {
      assert.equal((await client.chat.completions.create(asking)).choices[0]!.message.content, 'In the beginning')
      assert.equal((await client.models.list()).data.length, 1)
      const wrong = new OpenAI({ baseURL: `${url}/v1`, apiKey: `${key.slice(0, -1)}!`, maxRetries: 0 })
      await assert.rejects(wrong.chat.completions.create(asking), (error: unknown) => {
        assert.ok(error instanceof AuthenticationError)
        assert.equal(error.code, 'invalid_api_key')
        assert.equal(error.type, 'invalid_request_error')
        assert.match(error.message, /Incorrect API key/)
        return true
      })
      await assert.rejects(wrong.models.list(), AuthenticationError)
      for (const path of ['/v1/models', '/health', '/metrics', '/v1/nothing']) {
        const response = await fetch(`${url}${path}`)
        assert.equal(response.status, 401, path)
        assert.equal(response.headers.get('www-authenticate'), 'Bearer')
        assert.match((await response.json()).error.message, /No API key/)
      }
      assert.equal((await fetch(`${url}/ready`)).status, 503, 'of nobody who serves, without a key')
      assert.equal(service.requests.length, 1)
    },
    { access, apiKey: key }
  )
})

test('what tells of all clients is for an operator’s keys', async () => {
  const client = makeKey('clinic', {}, new Date(0))
  const operator = makeKey('scraper', { operator: true }, new Date(0))
  const file = writeKeys([client.stored, operator.stored])
  const access = { keys: () => new KeyRing(readKeys(file, 'keys.json')), usage: new KeyUsage() }
  const selection = () => ({ decided: [] })
  await withGateway(
    script,
    async url => {
      const ask = async (path: string, key: string) => {
        const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${key}` } })
        const text = await response.text()
        return [response.status, response.status === 403 ? JSON.parse(text).error.code : undefined]
      }
      for (const [path, status] of [
        ['/health', 503],
        ['/metrics', 200],
        ['/v1/shoal/selector', 200]
      ] as const) {
        assert.deepEqual(await ask(path, client.key), [403, 'operator_key_required'], path)
        assert.deepEqual(await ask(path, operator.key), [status, undefined], path)
      }
      assert.deepEqual(await ask('/v1/models', client.key), [200, undefined])
      assert.deepEqual(await ask('/v1/models', operator.key), [200, undefined])
    },
    { access, selection, apiKey: client.key }
  )
})

test('a key that is taken away opens nothing from then on', async () => {
  const { key, stored, usage } = oneKey()
  let ring = new KeyRing([stored])
  await withGateway(
    script,
    async (_url, client) => {
      await client.chat.completions.create(asking)
      ring = new KeyRing([])
      await assert.rejects(client.chat.completions.create(asking), AuthenticationError)
    },
    { access: { keys: () => ring, usage }, apiKey: key }
  )
})

/** Hears 429 as OpenAI says it, and when to come back. */
function refusedFor(limit: RegExp, retryAfter: (seconds: number) => boolean) {
  return (error: unknown) => {
    assert.ok(error instanceof RateLimitError)
    assert.equal(error.code, 'rate_limit_exceeded')
    assert.match(error.message, limit)
    assert.ok(retryAfter(Number(error.headers.get('retry-after'))), String(error.headers.get('retry-after')))
    return true
  }
}

test('requests beyond a key’s minute get 429, and the headers tell what is left', async () => {
  const { key, access } = oneKey({ requestsPerMinute: 2, tokensPerMinute: 1_000 })
  await withGateway(
    script,
    async (_url, client, service) => {
      const { response } = await client.chat.completions.create(asking).withResponse()
      assert.equal(response.headers.get('x-ratelimit-limit-requests'), '2')
      assert.equal(response.headers.get('x-ratelimit-remaining-requests'), '1')
      assert.match(response.headers.get('x-ratelimit-reset-requests')!, /^6[01]\.\d{3}s$/)
      assert.equal(response.headers.get('x-ratelimit-limit-tokens'), '1000')
      const second = await client.chat.completions.create(asking).withResponse()
      // 5 of the prompt and 3 of the answer.
      assert.equal(second.response.headers.get('x-ratelimit-remaining-tokens'), '992')
      await assert.rejects(
        client.chat.completions.create(asking),
        refusedFor(/2 requests a minute/, seconds => seconds > 0 && seconds <= 61)
      )
      // Other routes cost nothing.
      await client.models.list()
      assert.equal(service.requests.length, 2)
    },
    { access, apiKey: key }
  )
})

for (const [limits, says, longest] of [
  [{ tokensPerMinute: 8 }, /8 tokens a minute/, 61],
  [{ tokensPerDay: 8, tokensPerMinute: 8 }, /8 tokens a day/, 24 * 3_600 * (61 / 60)]
] as const)
  test(`tokens count whether an answer streams or not: ${Object.keys(limits)[0]}`, async () => {
    for (const stream of [false, true]) {
      const { key, access } = oneKey(limits)
      await withGateway(
        script,
        async (_url, client) => {
          const answer = await client.chat.completions.create({ ...asking, stream })
          if (Symbol.asyncIterator in answer) for await (const _ of answer);
          await assert.rejects(
            client.chat.completions.create(asking),
            refusedFor(says, seconds => seconds > longest / 2 && seconds <= longest)
          )
        },
        { access, apiKey: key }
      )
    }
  })

test('an answer that its client leaves counts what it took', async () => {
  const { key, stored, usage, access } = oneKey({ tokensPerMinute: 100 })
  await withGateway(
    [started, text('In '), 'hang'],
    async (_url, client, service) => {
      for await (const chunk of await client.chat.completions.create({ ...asking, stream: true }))
        if (chunk.choices[0]!.delta.content === 'In ') break
      await service.freed
      assert.equal(usage.remaining(stored, Date.now()).tokens!.remaining, 100 - 5 - 1)
    },
    { access, apiKey: key }
  )
})

test('answers at once are bounded by key, and one that ends makes room', async () => {
  const { key, access } = oneKey({ concurrent: 1 })
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  await withGateway(
    [started, text('In '), gate, text('the beginning')],
    async (_url, client) => {
      const stream = await client.chat.completions.create({ ...asking, stream: true })
      const pieces = stream[Symbol.asyncIterator]()
      await pieces.next()
      await assert.rejects(
        client.chat.completions.create(asking),
        refusedFor(/1 answers at once/, seconds => seconds === 2)
      )
      open()
      // The script ends without saying how, which ends the answer as well.
      await assert.rejects(async () => {
        for (let next = await pieces.next(); !next.done; next = await pieces.next());
      })
      await assert.rejects(client.chat.completions.create(asking), (error: unknown) => !(error instanceof RateLimitError))
    },
    { access, apiKey: key }
  )
})

test('a day’s tokens outlive a restart; what can’t be read is refused whole', () => {
  const { stored } = makeKey('clinic', { tokensPerDay: 10 }, new Date(0))
  const now = Date.UTC(2026, 0, 1)
  const usage = new KeyUsage()
  assert.equal(usage.begin(stored, now), undefined)
  usage.take(stored, 10, now)
  usage.end(stored)
  const again = new KeyUsage()
  again.restore(usage.save(now + 1_000))
  assert.equal(again.begin(stored, now + 3_600_000)?.limit, 'tokens a day')
  assert.equal(again.begin(stored, now + 25 * 3_600_000), undefined)
  for (const text of ['{', '{"x":[]}', `{"${stored.id}":[[1,2],[1,3]]}`, `{"${stored.id}":[[1,-2]]}`, `{"${stored.id}":5}`])
    assert.throws(() => new KeyUsage().restore(text), InvalidFileError)
})

const preflight = (url: string, origin: string) =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,authorization'
    }
  })
const post = (url: string, origin: string, headers: Record<string, string> = {}) =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { origin, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(asking)
  })

test('a browser’s preflight needs no key, and what a page is refused for it can read', async () => {
  const { access } = oneKey()
  await withGateway(
    script,
    async url => {
      const asked = await preflight(url, 'https://page.example')
      assert.equal(asked.status, 204)
      assert.equal(asked.headers.get('access-control-allow-origin'), 'https://page.example')
      assert.match(asked.headers.get('access-control-allow-methods')!, /POST/)
      assert.match(asked.headers.get('access-control-allow-headers')!, /authorization/)
      const refused = await post(url, 'https://page.example')
      assert.equal(refused.status, 401)
      assert.equal(refused.headers.get('access-control-allow-origin'), 'https://page.example')
      assert.equal((await refused.json()).error.code, 'invalid_api_key')
    },
    { access, origins: ['https://page.example'] }
  )
})

test('pages that are not on the list are refused, and no browser lets them read', async () => {
  const { key, access } = oneKey()
  await withGateway(
    script,
    async (url, _client, service) => {
      for (const origin of ['https://other.example', 'https://page.example.other.example', 'http://page.example', 'null']) {
        const asked = await preflight(url, origin)
        assert.equal(asked.headers.get('access-control-allow-origin'), null, origin)
        const refused = await post(url, origin, { authorization: `Bearer ${key}` })
        assert.equal(refused.status, 403, origin)
        assert.equal(refused.headers.get('access-control-allow-origin'), null)
        assert.equal((await refused.json()).error.code, 'origin_not_allowed')
      }
      assert.equal(service.requests.length, 0)
    },
    { access, origins: ['https://page.example'] }
  )
})

test('where keys are asked for any page may show one', async () => {
  const { key, access } = oneKey()
  await withGateway(
    script,
    async url => {
      assert.equal((await preflight(url, 'https://page.example')).headers.get('access-control-allow-origin'), '*')
      const answered = await post(url, 'https://page.example', { authorization: `Bearer ${key}` })
      assert.equal(answered.status, 200)
      assert.equal(answered.headers.get('access-control-allow-origin'), '*')
      assert.match(answered.headers.get('access-control-expose-headers')!, /retry-after/)
    },
    { access }
  )
})

test('without keys a gateway answers pages of this machine, others where it is told to', () =>
  withGateway(script, async url => {
    for (const origin of ['http://localhost:5173', 'https://127.0.0.1', 'http://[::1]:8080']) {
      const answered = await post(url, origin)
      assert.equal(answered.status, 200, origin)
      assert.equal(answered.headers.get('access-control-allow-origin'), origin)
    }
    for (const origin of ['https://page.example', 'http://localhost.page.example', 'http://127.0.0.1.page.example'])
      assert.equal((await post(url, origin)).status, 403, origin)
    await withGateway(
      script,
      async open => {
        const answered = await post(open, 'https://page.example')
        assert.equal(answered.headers.get('access-control-allow-origin'), '*')
      },
      { origins: ['*'] }
    )
  }))
