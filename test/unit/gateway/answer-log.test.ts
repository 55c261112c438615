/**
 * What a gateway writes to its log of an answer: enough to find it in the logs of the hops, and no text unless asked.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import type { GatewayOptions } from '../../../peer/gateway/server.ts'
import { messages, withGateway } from './gateway-kit.ts'
import { finished, started, text } from './scripted-service.ts'

const session = '12D3KooWdriver/00112233445566778899aabbccddeeff'
const script = [{ ...started, session }, text('In the '), text('beginning'), finished]

async function logOf(options: Partial<GatewayOptions>): Promise<Record<string, unknown>[]> {
  const lines: string[] = []
  const logger = pino({ level: 'trace' }, { write: (line: string) => lines.push(line) })
  await withGateway(
    script,
    async (url, client) => {
      await client.chat.completions.create({ model: 'psalter', messages, user: 'nebuchadnezzar' })
      for await (const _ of await client.completions.create({ model: 'psalter', prompt: 'Let there be light', stream: true }));
      // Refused, each for its own reason.
      await assert.rejects(client.chat.completions.create({ model: 'gospel', messages }))
      await assert.rejects(client.chat.completions.create({ model: 'psalter', messages, temperature: 9 }))
      await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"messages": [{"content": "Who made the heaven?"'
      })
    },
    { ...options, logger }
  )
  return lines.map(line => JSON.parse(line))
}

test('an answer’s line names its session, what it took and how it ended; no line holds a text of client or model', async () => {
  const lines = await logOf({})
  const answered = lines.filter(({ msg }) => msg === 'answered')
  assert.equal(answered.length, 2)
  for (const line of answered) {
    assert.deepEqual(line.sessions, [session])
    assert.deepEqual(
      [line.model, line.promptTokens, line.answerTokens, line.firstTokenMs, line.end],
      ['psalter', 5, 3, 40, 'stop']
    )
    // The same as in the lines of the request.
    assert.ok(lines.some(({ reqId, msg }) => reqId === line.reqId && msg === 'incoming request'))
  }
  assert.doesNotMatch(JSON.stringify(lines), /heaven|light|In the|beginning|nebuchadnezzar/)
})

test('with --log-text the texts stand there too', async () => {
  const answered = (await logOf({ logText: true })).filter(({ msg }) => msg === 'answered')
  assert.deepEqual(
    answered.map(({ input, answer }) => [input, answer]),
    [
      [{ messages }, 'In the beginning'],
      [{ text: 'Let there be light' }, 'In the beginning']
    ]
  )
})
