import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidRequestError } from '../../../peer/errors.ts'
import { readChatRequest } from '../../../peer/gateway/read-request.ts'

const weather = { type: 'function', function: { name: 'weather', parameters: { type: 'object', properties: {} } } }
const asked = { model: 'm', messages: [{ role: 'user', content: 'Is it raining?' }] }
const call = { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"place": "Ur", "days": [1, 2]}' } }

test('tools and a conversation that used them reach the template', () => {
  const messages = [
    ...asked.messages,
    { role: 'assistant', content: null, tool_calls: [call] },
    { role: 'tool', tool_call_id: 'call_1', name: 'weather', content: 'dry' }
  ]
  const { input } = readChatRequest({ ...asked, messages, tools: [weather], tool_choice: 'auto' }).completion
  assert.deepEqual(input, {
    messages: [
      ...asked.messages,
      {
        role: 'assistant',
        content: '',
        tool_calls: [{ ...call, function: { name: 'weather', arguments: { place: 'Ur', days: [1, 2] } } }]
      },
      { role: 'tool', content: 'dry', name: 'weather', tool_call_id: 'call_1' }
    ],
    tools: [weather]
  })
})

test('no tools, or none to be used, are none', () => {
  for (const change of [{}, { tools: null }, { tools: [] }, { tools: [weather], tool_choice: 'none' }])
    assert.deepEqual(readChatRequest({ ...asked, ...change }).completion.input, { messages: asked.messages })
})

const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)])
const withCalls = (calls: unknown, role = 'assistant') => ({ messages: [{ role, content: 'x', tool_calls: calls }] })
for (const [field, change] of [
  ['tools', { tools: 'all' }],
  ['tools', { tools: Array(129).fill(weather) }],
  ['tools[0]', { tools: [1] }],
  ['tools[0].type', { tools: [{ type: 'browser' }] }],
  ['tools[0].function', { tools: [{ type: 'function' }] }],
  ['tools[0].function.name', { tools: [{ type: 'function', function: { name: '' } }] }],
  ['tools[0]', { tools: [{ ...weather, deep: nested(40) }] }],
  ['tool_choice', { tools: [weather], tool_choice: 'required' }],
  ['tool_choice', { tools: [weather], tool_choice: { type: 'function', function: { name: 'weather' } } }],
  ['messages[0].tool_calls', withCalls('weather')],
  ['messages[0].tool_calls', withCalls([call], 'user')],
  ['messages[0].tool_calls[0].type', withCalls([{ ...call, type: 'custom' }])],
  ['messages[0].tool_calls[0].function.name', withCalls([{ type: 'function', function: { arguments: '{}' } }])],
  ['messages[0].tool_calls[0].function.arguments', withCalls([{ type: 'function', function: { name: 'f', arguments: '{' } }])],
  ['messages[0].tool_calls[0].function.arguments', withCalls([{ type: 'function', function: { name: 'f', arguments: {} } }])],
  ['messages[0].tool_calls[0].function.arguments', withCalls([{ type: 'function', function: { name: 'f', arguments: '[1]' } }])],
  ['messages[0].content', { messages: [{ role: 'assistant', content: null }] }],
  ['messages[0].name', { messages: [{ role: 'user', content: 'x', name: 7 }] }],
  ['messages[0].tool_call_id', { messages: [{ role: 'tool', content: 'x', tool_call_id: '' }] }]
] as const)
  test(`${JSON.stringify(change).slice(0, 100)} is refused as ${field}`, () => {
    assert.throws(
      () => readChatRequest({ ...asked, ...change }),
      (error: unknown) => error instanceof InvalidRequestError && error.details.param === field
    )
  })
