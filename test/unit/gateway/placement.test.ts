/** What a client of the gateway sees of the choice between arms, through OpenAI's own client. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import OpenAI, { BadRequestError } from 'openai'
import type { CompletionRequest, Placement } from '../../../peer/session/types.ts'
import { finished, started, text, withScriptedGateway } from './scripted-service.ts'

const placements: Placement[] = [
  { class: 'interactive', arm: 'edge:lan', reason: 'best' },
  { class: 'interactive', arm: 'cloud:big', reason: 'best', after: { arm: 'edge:lan', error: 'busy' } }
]
const messages = [{ role: 'user' as const, content: 'hi' }]

const withGateway = (use: (client: OpenAI, url: string, requests: CompletionRequest[]) => Promise<void>) =>
  withScriptedGateway(placements, [started, text('In '), started, text('the'), finished], (url, { requests }) =>
    use(new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 }), url, requests)
  )

test('the header names the arm, the trace says why, and the client sees nothing else of it', () =>
  withGateway(async client => {
    const { data, response } = await client.chat.completions.create({ model: 'psalter', messages }).withResponse()
    assert.equal(response.headers.get('x-shoal-arm'), 'cloud:big')
    assert.equal(data.choices[0]!.message.content, 'In the')
    assert.deepEqual((data as unknown as { shoal: { placements: unknown[] } }).shoal.placements, placements)
    const streamed = await client.chat.completions.create({ model: 'psalter', messages, stream: true }).withResponse()
    assert.equal(streamed.response.headers.get('x-shoal-arm'), 'cloud:big')
    const chunks = await Array.fromAsync(streamed.data)
    // The role once, also where the answer goes on elsewhere.
    assert.deepEqual(
      chunks.map(({ choices }) => choices[0]!.delta.role),
      ['assistant', undefined, undefined, undefined]
    )
  }))

test('a class and the wish to stay at the edge come as fields or as headers', () =>
  withGateway(async (client, url, requests) => {
    const asked = { model: 'psalter', messages, user: 'clinic' }
    await client.chat.completions.create({ ...asked, shoal_class: 'batch', shoal_edge_only: true } as typeof asked)
    await client.chat.completions.create(asked, { headers: { 'x-shoal-class': 'batch', 'x-shoal-edge-only': 'true' } })
    for (const { wish } of requests) assert.deepEqual(wish, { stream: false, class: 'batch', user: 'clinic', edgeOnly: true })
    await client.completions.create({ model: 'psalter', prompt: 'hi' })
    assert.deepEqual(requests[2]!.wish, { stream: false })
    const refused = (headers: Record<string, string>) =>
      assert.rejects(client.chat.completions.create(asked, { headers }), BadRequestError)
    await refused({ 'x-shoal-edge-only': 'yes' })
    await refused({ 'x-shoal-class': 'x'.repeat(300) })
    const report = await fetch(`${url}/v1/shoal/selector`)
    assert.deepEqual(await report.json(), { decisions: [] })
  }))
