/** The page's way to a gateway: against the gateway itself, and against one that says what it should not. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { BusyError, CloudError, ContextLengthError, NoRouteError } from '../../../peer/errors.ts'
import { neutralSampling } from '../../../peer/session/neutral-sampling.ts'
import { askGateway, fetchSelector, type GatewayEvent } from '../../../web/gateway.ts'
import {
  digest,
  finished,
  type ScriptedService,
  type Step,
  started,
  text,
  withScriptedGateway
} from '../gateway/scripted-service.ts'

const request = {
  input: { messages: [{ role: 'user' as const, content: 'hi' }] },
  maxTokens: 9,
  sampling: { ...neutralSampling, temperature: 0.5, seed: 7, topK: 40 },
  stop: []
}
const never = new AbortController().signal

const placement = { class: 'interactive', arm: 'cloud:big', reason: 'only', after: { arm: 'edge:lan', error: 'busy' } }

const withGateway = (script: readonly Step[], use: (url: string, scripted: ScriptedService) => Promise<void>) =>
  withScriptedGateway([placement], script, (url, scripted) => use(`${url}/`, scripted))

test('an answer comes in pieces, with the arm first, and why, by whom and how long at its end', () =>
  withGateway([started, text('In '), text('the'), finished], async (url, { requests }) => {
    const events = await Array.fromAsync(askGateway(url, digest, request, never))
    assert.deepEqual(events[0], { type: 'told', trace: { placements: [{ class: '', arm: 'cloud:big', reason: '' }] } })
    assert.equal(events.map(event => (event.type === 'text' ? event.text : '')).join(''), 'In the')
    const end = events.at(-1) as GatewayEvent & { type: 'ended' }
    assert.equal(end.reason, 'stop')
    assert.deepEqual(end.trace, {
      chain: started.type === 'started' && started.chain,
      hops: finished.type === 'finished' && finished.hops,
      lost: [],
      numericsChanged: false,
      ttftMs: 40,
      tpotMs: 7,
      placements: [placement],
      promptTokens: 5,
      answerTokens: 3
    })
    const { sampling, maxTokens, wish } = requests[0]!
    assert.deepEqual([sampling, maxTokens, wish?.stream], [request.sampling, 9, true])
    assert.deepEqual(await fetchSelector(url, never), { decisions: [] })
  }))

for (const [thrown, type] of [
  [new ContextLengthError('too long'), ContextLengthError],
  [new BusyError('full'), BusyError],
  [new NoRouteError('nobody'), NoRouteError],
  [new CloudError('the cloud failed'), CloudError]
] as const)
  for (const [when, script] of [
    ['before', [thrown]],
    ['after', [started, text('In'), thrown]]
  ] as const)
    test(`${type.name} ${when} the first word is the page's too`, () =>
      withGateway(script, async url => {
        await assert.rejects(Array.fromAsync(askGateway(url, digest, request, never)), type)
      }))

test('an abort ends the request at the gateway', () =>
  withGateway([started, text('In'), 'hang'], async (url, { freed }) => {
    const leaving = new AbortController()
    const answer = askGateway(url, digest, request, leaving.signal)
    await assert.rejects(async () => {
      for await (const event of answer) if (event.type === 'text' && event.text !== '') leaving.abort(new Error('left'))
    }, /left|abort/i)
    await freed
  }))

const chunk = (value: object) => `data: ${JSON.stringify(value)}\n\n`
const ending = chunk({ choices: [{ delta: {}, finish_reason: 'stop' }], shoal: { chain: [{ peer: 7 }, null], ttft_ms: 'x' } })
for (const [what, body, matches] of [
  ['no JSON', 'data: {\n\n', /no JSON/],
  ['a line without end', `data: ${'x'.repeat(1_100_000)}`, /longer than/],
  ['an end too soon', chunk({ choices: [{ delta: { content: 'a' } }] }), /broke off/],
  ['no word of how it ended', 'data: [DONE]\n\n', /without saying how/]
] as const)
  test(`a stream with ${what} is refused by name`, async () => {
    await withServer(body, async url => {
      await assert.rejects(
        Array.fromAsync(askGateway(url, digest, request, never)),
        (error: Error) => error instanceof CloudError && matches.test(error.message)
      )
    })
  })

test('of a trace that is none, nothing is believed', async () => {
  await withServer(`${ending}data: [DONE]\n\n`, async url => {
    const end = (await Array.fromAsync(askGateway(url, digest, request, never))).at(-1)
    assert.ok(end?.type === 'ended')
    assert.deepEqual([end.trace.chain, end.trace.ttftMs, end.trace.placements], [[], undefined, []])
  })
})

async function withServer(body: string, use: (url: string) => Promise<void>) {
  const server = createServer((_request, response) => response.end(body))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}
