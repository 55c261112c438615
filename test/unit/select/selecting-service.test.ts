/**
 * Requests through the selecting service: a scripted edge, clouds that fail in every way, and time that moves when it is told to.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BusyError, CloudError, DeadlineError, InvalidRequestError, NoRouteError, PeerLostError } from '../../../peer/errors.ts'
import { committed } from '../../../peer/select/budget.ts'
import { SELECTOR_OPTIONS } from '../../../peer/select/selector.ts'
import { finished as edgeFinished, started, text } from '../gateway/scripted-service.ts'
import { armsOf, directoryOf, finishedOf, KEY, serviceOver, textOf } from './service-kit.ts'
import { type Behaviour, refuses, says, startUpstream } from './upstream.ts'

const WORDS = ['In ', 'the ', 'beginning']
const edge = [started, text('From '), text('the '), text('edge'), edgeFinished]
const budget = { limit: 1_000 }
/** Expected to miss the deadline, so that the edge is first. */
const lateCloud = { expected: { first_token_ms: 60_000 } }

async function withUpstream(
  behaviours: Behaviour[],
  use: (upstream: Awaited<ReturnType<typeof startUpstream>>) => Promise<void>
) {
  const upstream = await startUpstream(...behaviours)
  try {
    await use(upstream)
  } finally {
    await upstream.close()
  }
}

test('a cloud answers where the edge has a hole, streamed and whole, and is paid by usage', () =>
  withUpstream([says(WORDS)], async ({ url, asked }) => {
    const { ask, book } = serviceOver([url], { settings: { budget }, directory: directoryOf({ end: 7 }) })
    for (const stream of [true, false]) {
      const events = await ask({ wish: { stream }, stop: ['Amen'] })
      assert.equal(textOf(events), 'In the beginning')
      assert.deepEqual(armsOf(events), ['cloud:c0'])
      assert.deepEqual([finishedOf(events).promptTokens, finishedOf(events).completionTokens], [10, 3])
    }
    // Ten tokens and three at 1 a token, twice.
    assert.equal(book.ledger!.spent, 26)
    assert.equal(committed(book.ledger!), 26)
    assert.deepEqual(asked[0]!.body, {
      model: 'large',
      messages: [{ role: 'user', content: 'hi' }],
      max_tokens: 16,
      temperature: 1,
      seed: 1,
      stop: ['Amen'],
      stream: true,
      stream_options: { include_usage: true }
    })
    assert.equal(asked[0]!.headers.authorization, `Bearer ${KEY}`)
    assert.equal(asked[1]!.body.stream, undefined)
  }))

test('edge only is absolute: by request, by class and by rule, with no edge at all and while it fails', () =>
  withUpstream([says(WORDS)], async ({ url, asked }) => {
    const settings = { classes: [{ name: 'private', edge_only: true }], rules: [{ class: 'private', user: 'clinic' }] }
    const wishes = [{ edgeOnly: true }, { class: 'private' }, { user: 'clinic', class: 'batch' }]
    for (const wish of wishes) {
      const none = serviceOver([url], { settings })
      await assert.rejects(none.ask({ wish: { stream: true, ...wish } }), NoRouteError)
      const failing = serviceOver([url], { settings, directory: directoryOf(), edge: [new PeerLostError('gone')] })
      const failed = assert.rejects(failing.ask({ wish: { stream: true, ...wish } }), PeerLostError)
      for (let retries = 0; retries < 3; retries++) {
        await failing.clock.waits(ms => ms <= 400)
        failing.clock.advance(400)
      }
      await failed
    }
    assert.equal(asked.length, 0)
  }))

const before: [string, Behaviour[]][] = [
  ['500', [refuses(500)]],
  ['a torn line', [says([], { end: 'cut' })]],
  ['an error object', [says([], { end: 'error' })]],
  ['an empty answer', [says([])]],
  ['no end mark and no text', [says([], { finish: null })]],
  ['what is no JSON', [response => void response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: {\n\n')]],
  ['a page of HTML', [response => void response.writeHead(502).end('<html>Bad Gateway</html>')]],
  ['429', [refuses(429, { 'retry-after': '60' })]],
  ['400', [refuses(400)]],
  ['401', [refuses(401)]]
]
for (const [what, behaviours] of before)
  for (const stream of [true, false])
    test(`${what} before the first byte falls back to the other arm, ${stream ? 'streamed' : 'whole'}`, () =>
      withUpstream(behaviours, async ({ url }) => {
        // The first pull of a cell goes to the first untried arm by name: the cloud.
        const { ask, book } = serviceOver([url], { directory: directoryOf(), edge })
        const events = await ask({ wish: { stream } })
        assert.equal(textOf(events), 'From the edge')
        assert.deepEqual(armsOf(events), ['cloud:c0', 'edge:lan'])
        const [failed, answered] = book.decisions[0]!.legs
        assert.deepEqual([answered!.arm, answered!.result], ['edge:lan', 'answered'])
        assert.equal(failed!.result, ['429', '400'].includes(what) ? 'refused' : 'failed')
      }))

test('an edge that fails or has no room falls back to the cloud', () =>
  withUpstream([says(WORDS)], async ({ url }) => {
    for (const error of [new PeerLostError('gone'), new BusyError('full'), new DeadlineError('late')]) {
      const { ask, book } = serviceOver([url], { directory: directoryOf(), edge: [error], cloud: lateCloud })
      const events = await ask()
      assert.deepEqual(armsOf(events), ['edge:lan', 'cloud:c0'])
      assert.equal(textOf(events), 'In the beginning')
      assert.equal(book.decisions[0]!.legs.length, 2)
    }
    const full = serviceOver([url], { directory: directoryOf({ freeKvTokens: 3 }) })
    const events = await full.ask()
    assert.deepEqual(armsOf(events), ['cloud:c0'])
    assert.deepEqual(full.book.decisions[0]!.refused, [{ arm: 'edge:lan', why: 'KV room' }])
  }))

test('200 and then silence is a missed deadline of that arm, given up while the other can still meet it', () =>
  withUpstream([says([], { end: 'hang', finish: null })], async ({ url, asked, reached }) => {
    const { ask, book, clock } = serviceOver([url], { directory: directoryOf({ queueMs: 50 }), edge })
    const answered = ask()
    await reached(1)
    // Two seconds for the first token; the edge needs about 115 ms of it: two queues and three links.
    const given = await clock.waits(ms => ms > 1_000 && ms < 2_000)
    assert.ok(given > 1_880 && given < 1_890, String(given))
    clock.advance(given)
    const events = await answered
    assert.deepEqual(armsOf(events), ['cloud:c0', 'edge:lan'])
    await asked[0]!.closed
    const [leg] = book.decisions[0]!.legs
    assert.equal(leg!.result, 'failed')
    assert.match(leg!.error!, /^cloud:c0 gave no token within 188\d ms$/)
    const [, records] = [...book.state.cells][0]!
    // Faded by the answer that followed.
    assert.equal(records.get('cloud:c0')!.violations, SELECTOR_OPTIONS.fade)
    assert.equal(clock.pending, 0)
  }))

test('silence with nobody else to ask ends in a deadline, not in waiting', () =>
  withUpstream([says([], { end: 'hang', finish: null })], async ({ url, asked, reached }) => {
    const { ask, clock } = serviceOver([url])
    const answered = assert.rejects(ask(), DeadlineError)
    await reached(1)
    clock.advance(await clock.waits(ms => ms === 10_000))
    await answered
    await asked[0]!.closed
  }))

const after: [string, Behaviour][] = [
  ['a stall', says(['In ', 'the '], { end: 'hang', finish: null })],
  ['a missing end mark', says(['In ', 'the '], { end: 'none', finish: null })],
  ['a torn line', says(['In ', 'the '], { end: 'cut' })],
  ['an error object', says(['In ', 'the '], { end: 'error' })]
]
for (const [what, behaviour] of after) {
  const run = async (service: ReturnType<typeof serviceOver>) => {
    const events: Awaited<ReturnType<typeof service.ask>> = []
    const running = (async () => {
      for await (const event of service.service.complete(service.request())) {
        events.push(event)
        // Twenty tokens' time.
        if (what === 'a stall' && event.type === 'text' && textOf(events) === 'In the ') service.clock.advance(4_000)
      }
    })()
    return {
      events,
      error: await running.then(
        () => undefined,
        (thrown: unknown) => thrown
      )
    }
  }

  test(`${what} after the first byte goes on at the edge, which is fed what the reader has`, () =>
    withUpstream([behaviour], async ({ url }) => {
      const service = serviceOver([url], { directory: directoryOf(), edge })
      const { events, error } = await run(service)
      assert.equal(error, undefined)
      assert.equal(textOf(events), 'In the From the edge')
      assert.equal(service.scripted.requests[0]!.answered, 'In the ')
      assert.equal(service.scripted.requests[0]!.maxTokens, 14)
      assert.equal(finishedOf(events).completionTokens, 5)
      assert.equal(service.book.decisions[0]!.legs[0]!.result, 'failed')
    }))

  test(`${what} after the first byte of a chat ends in an error where only clouds are left`, () =>
    withUpstream([behaviour], async ({ url }) => {
      const { events, error } = await run(serviceOver([url, url]))
      assert.ok(error instanceof CloudError || error instanceof DeadlineError, String(error))
      assert.equal(textOf(events), 'In the ')
    }))
}

test('what broke off before anybody had any of it is no loss: a whole answer is asked for anew', () =>
  withUpstream([says(WORDS)], async ({ url }) => {
    const broken = [started, text('From '), new PeerLostError('gone')]
    const { ask } = serviceOver([url], { directory: directoryOf(), edge: broken, cloud: lateCloud })
    const events = await ask({ wish: { stream: false } })
    assert.deepEqual(armsOf(events), ['edge:lan', 'cloud:c0'])
    assert.equal(textOf(events), 'In the beginning')
  }))

test('plain text goes on at a cloud that completes text, after what the reader has', () =>
  withUpstream([says(['In ', 'the '], { end: 'cut' }), says(['beginning'])], async ({ url, asked }) => {
    const events = await serviceOver([url, url]).ask({ input: { text: 'Once: ' } })
    assert.equal(textOf(events), 'In the beginning')
    assert.deepEqual(armsOf(events), ['cloud:c0', 'cloud:c1'])
    assert.deepEqual(
      asked.map(({ body }) => [body.prompt, body.max_tokens]),
      [
        ['Once: ', 16],
        ['Once: In the ', 14]
      ]
    )
  }))

test('log-probabilities are not continued: their places would be wrong', () =>
  withUpstream([says(WORDS)], async ({ url, asked }) => {
    const broken = [started, text('From '), new PeerLostError('gone')]
    const { ask } = serviceOver([url], { directory: directoryOf(), edge: broken })
    await assert.rejects(ask({ logprobs: 1 }), PeerLostError)
    assert.equal(asked.length, 0)
  }))

test('a stream without usage, and one that broke off, count with all that was reserved', () =>
  withUpstream([says(WORDS, { usage: undefined })], async ({ url }) => {
    const { ask, book } = serviceOver([url], { settings: { budget } })
    assert.equal(textOf(await ask()), 'In the beginning')
    const [leg] = book.decisions[0]!.legs
    assert.equal(leg!.moneyMeasured, false)
    assert.equal(book.ledger!.spent, leg!.money)
    assert.ok(leg!.money > 16)
    assert.equal(book.totals.get('cloud:c0')!.unmeasuredMoney, leg!.money)
  }))

test('a cloud that has no room in the midst of its answer has computed: what was reserved is paid', () =>
  withUpstream([says(['In '], { end: 'busy' })], async ({ url }) => {
    const { ask, book } = serviceOver([url], { settings: { budget } })
    await assert.rejects(ask(), BusyError)
    const [leg] = book.decisions[0]!.legs
    assert.deepEqual([leg!.result, leg!.moneyMeasured], ['failed', false])
    assert.ok(leg!.money > 16)
    assert.equal(book.ledger!.spent, leg!.money)
  }))

test('both legs of a fallback are paid', () =>
  withUpstream([says(['In '], { end: 'cut' }), says(WORDS)], async ({ url }) => {
    const { ask, book } = serviceOver([url, url], { settings: { budget } })
    await ask({ input: { text: 'Once: ' } })
    const [first, second] = book.decisions[0]!.legs
    assert.equal(second!.money, 13)
    assert.equal(first!.moneyMeasured, false)
    assert.equal(book.ledger!.spent, first!.money + 13)
  }))

test('a client that leaves closes the upstream, says nothing of the arm and pays what was reserved', () =>
  withUpstream([says(['In '], { end: 'hang', finish: null })], async ({ url, asked }) => {
    for (const way of ['leaves the loop', 'aborts']) {
      const { service, request, book, clock } = serviceOver([url], { settings: { budget } })
      const leaving = new AbortController()
      const read = async () => {
        for await (const event of service.complete(request(), leaving.signal)) {
          if (event.type !== 'text') continue
          if (way === 'leaves the loop') break
          leaving.abort(new Error('the client left'))
        }
      }
      await read().catch(() => {})
      await asked.at(-1)!.closed
      const [leg] = book.decisions[0]!.legs
      assert.equal(leg!.result, 'left', way)
      assert.equal(book.ledger!.spent, leg!.money)
      assert.ok(leg!.money > 0)
      const record = [...book.state.cells][0]![1].get('cloud:c0')!
      assert.deepEqual([record.samples, record.inFlight], [0, 0])
      assert.equal(clock.pending, 0)
    }
  }))

for (const [form, header] of [
  ['seconds', '1'],
  ['a date', 'Thu, 01 Jan 2026 00:00:01 GMT']
] as const)
  test(`Retry-After in ${form} is waited for inside the deadline`, () =>
    withUpstream([refuses(429, { 'retry-after': header }), says(WORDS)], async ({ url, asked }) => {
      const { ask, clock } = serviceOver([url])
      const answered = ask()
      const wait = await clock.waits(ms => ms <= 1_000)
      assert.equal(wait, 1_000)
      assert.equal(asked.length, 1)
      clock.advance(wait)
      assert.equal(textOf(await answered), 'In the beginning')
    }))

test('a Retry-After past the deadline is told to the client', () =>
  withUpstream([refuses(429, { 'retry-after': '30' })], async ({ url, asked }) => {
    const { ask } = serviceOver([url])
    await assert.rejects(ask(), (error: unknown) => error instanceof BusyError && error.details.retryAfterMs === 30_000)
    // And nobody asks again before.
    const again = serviceOver([url])
    await assert.rejects(again.ask(), BusyError)
    await assert.rejects(again.ask(), (error: unknown) => error instanceof BusyError && error.details.retryAfterMs === 30_000)
    assert.equal(asked.length, 2)
  }))

test('tries of the same arm are spaced, jittered, and end', () =>
  withUpstream([refuses(500)], async ({ url, asked }) => {
    const { ask, clock } = serviceOver([url])
    const failed = assert.rejects(ask(), CloudError)
    const waits: number[] = []
    for (let tries = 0; tries < 2; tries++) {
      const wait = await clock.waits(ms => ms < 2_000)
      waits.push(wait)
      clock.advance(wait)
    }
    // Three failures in a row open the breaker, which is then past the deadline.
    const open = await clock.waits(ms => ms < 2_000)
    clock.advance(open)
    await failed
    assert.deepEqual(waits, [100, 200])
    assert.equal(open, 1_000)
    assert.equal(asked.length, 4)
  }))

test('a breaker keeps requests off an arm that fails, and lets one try it', () =>
  withUpstream([refuses(500), refuses(500), refuses(500), says(WORDS)], async ({ url, asked }) => {
    const { ask, clock, book } = serviceOver([url], {
      directory: directoryOf(),
      edge,
      settings: { selector: { exploration: 100 } }
    })
    for (let count = 0; count < 12; count++) await ask()
    assert.equal(asked.length, 3)
    assert.deepEqual(book.decisions[0]!.refused, [{ arm: 'cloud:c0', why: 'paused' }])
    clock.advance(1_000)
    for (let count = 0; count < 12; count++) await ask()
    assert.ok(asked.length > 4)
  }))

test('no key is in any error or line of the log, even when the endpoint quotes it', () =>
  withUpstream([refuses(401, {}, `Incorrect API key provided: ${KEY}`)], async ({ url }) => {
    const { ask, book, logged } = serviceOver([url])
    await assert.rejects(
      ask(),
      (error: unknown) => error instanceof CloudError && /Incorrect API key provided: …/.test(error.message)
    )
    assert.ok(logged.length > 0)
    assert.ok(!JSON.stringify([logged, book.decisions]).includes(KEY))
  }))

test('parallel requests never pass a budget, of all clouds or of one', () =>
  withUpstream([says(WORDS)], async ({ url, asked }) => {
    for (const options of [{ settings: { budget: { limit: 180 } } }, { cloud: { budget: { limit: 180 } } }]) {
      const { ask, book } = serviceOver([url], options)
      const before = asked.length
      const results = await Promise.allSettled(Array.from({ length: 20 }, () => ask()))
      const served = results.filter(({ status }) => status === 'fulfilled').length
      // What one may cost at most is 63; each cost 13.
      assert.equal(served, 2)
      assert.equal(asked.length - before, 2)
      for (const result of results) if (result.status === 'rejected') assert.match(String(result.reason), /cloud:c0: budget/)
      const ledger = book.ledger ?? book.ledgers.get('cloud:c0')!
      assert.equal(ledger.spent, 26)
      assert.equal(committed(ledger), 26)
    }
  }))

test('money is kept before it is spent', () =>
  withUpstream([says(WORDS)], async ({ url, asked }) => {
    const kept = Promise.withResolvers<void>()
    const { ask } = serviceOver([url], { settings: { budget }, keep: () => kept.promise })
    const answered = ask()
    await new Promise(resolve => setTimeout(resolve, 20))
    assert.equal(asked.length, 0)
    kept.resolve()
    assert.equal(textOf(await answered), 'In the beginning')
  }))

test('what a cloud can’t do stays at the edge', () =>
  withUpstream([says(WORDS)], async ({ url, asked }) => {
    const weather = { type: 'function' as const, function: { name: 'weather' } }
    const { ask, request } = serviceOver([url], { directory: directoryOf(), edge, cloud: { apis: 'chat' } })
    const { sampling } = request()
    const messages = [{ role: 'user' as const, content: 'hi' }]
    for (const change of [
      { input: { text: 'Once' } },
      { input: { messages, tools: [weather] } },
      { logprobs: 0 },
      { sampling: { ...sampling, topK: 5 } },
      { sampling: { ...sampling, logitBias: [[5, 1]] as const } }
    ])
      assert.deepEqual(armsOf(await ask(change)), ['edge:lan'], JSON.stringify(change))
    assert.equal(asked.length, 0)
  }))

test('an endpoint at its limit of requests is left alone', () =>
  withUpstream([says(['In '], { end: 'hang', finish: null })], async ({ url, asked, reached }) => {
    const { ask, service, request, clock } = serviceOver([url], { cloud: { limits: { concurrent: 1 } } })
    const held = service.complete(request())
    await held.next()
    await held.next()
    await reached(1)
    await assert.rejects(ask(), (error: unknown) => error instanceof BusyError && /cloud:c0: paused/.test(error.message))
    await held.return()
    const slow = serviceOver([url], { cloud: { limits: { requests_per_minute: 1 } } })
    const first = slow.service.complete(slow.request())
    await first.next()
    await first.next()
    await first.return()
    await assert.rejects(slow.ask(), (error: unknown) => error instanceof BusyError && error.details.retryAfterMs === 60_000)
    assert.equal(asked.length, 2)
    assert.equal(clock.pending, 0)
  }))

test('the edge’s own word that the request is wrong is the client’s error', async () => {
  const { ask, book } = serviceOver([], { directory: directoryOf(), edge: [new InvalidRequestError('bad')] })
  await assert.rejects(ask(), InvalidRequestError)
  assert.equal([...book.state.cells][0]![1].get('edge:lan')!.samples, 0)
})

test('energy is what the hops computed, at their watts', async () => {
  const compute = [
    { peer: 'peer-a', ms: 100 },
    { peer: 'peer-b', ms: 50 }
  ]
  const { ask, book } = serviceOver([], {
    directory: directoryOf(),
    edge: [started, text('word'), { ...edgeFinished, compute } as never]
  })
  await ask()
  const { joules } = book.decisions[0]!.legs[0]!
  // 150 ms at 100 W, and a few hundred bytes over the network.
  assert.ok(joules > 15 && joules < 15.001, String(joules))
})
