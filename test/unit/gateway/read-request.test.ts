/**
 * Request bodies: what is understood, and that everything else is refused by the name of its field.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { InvalidRequestError } from '../../../peer/errors.ts'
import { readChatRequest, readTextRequest } from '../../../peer/gateway/read-request.ts'
import { neutralSampling } from '../../../peer/session/neutral-sampling.ts'

const chat = { model: 'psalter', messages: [{ role: 'user', content: 'hi' }] }
const prompt = { model: 'psalter', prompt: 'hi' }

test('defaults are OpenAI’s', () => {
  const { completion, stream, includeUsage } = readChatRequest(chat)
  assert.equal(stream, false)
  assert.equal(includeUsage, false)
  assert.equal(completion.maxTokens, undefined)
  assert.deepEqual(completion.stop, [])
  const { seed } = completion.sampling
  assert.deepEqual(completion.sampling, { ...neutralSampling, seed })
  assert.equal(completion.logprobs, undefined)
  assert.ok(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)
  assert.equal(readTextRequest(prompt).completion.maxTokens, 16)
})

test('Shoal’s own field says whether standbys keep the KV and whether tokens are drafted, and nothing else', () => {
  const read = (shoal: unknown) => readChatRequest({ ...chat, shoal }).completion.standby
  assert.deepEqual([read({ standby: true }), read({ standby: false }), read({}), read(null)], [true, false, undefined, undefined])
  assert.equal(readTextRequest({ ...prompt, shoal: { standby: true } }).completion.standby, true)
  const { completion } = readChatRequest({ ...chat, shoal: { speculate: false } })
  assert.deepEqual([completion.speculate, completion.standby], [false, undefined])
  for (const shoal of [1, [], 'standby', { standby: 1 }, { standbys: true }, { speculate: 'auto' }])
    assert.throws(() => read(shoal), { code: 'INVALID_REQUEST' }, JSON.stringify(shoal))
})

test('the flex tier says that nobody reads along; other tiers change nothing', () => {
  assert.equal(readChatRequest({ ...chat, service_tier: 'flex' }).completion.background, true)
  assert.equal(readTextRequest({ ...prompt, service_tier: 'flex' }).completion.background, true)
  for (const tier of ['auto', 'default', 'priority', null])
    assert.equal(readChatRequest({ ...chat, service_tier: tier }).completion.background, undefined)
})

test('penalties, biases and log-probabilities are understood by both APIs', () => {
  const drawn = {
    temperature: 0.5,
    top_k: 40,
    top_p: 0.9,
    min_p: 0.05,
    typical_p: 0.95,
    repetition_penalty: 1.1,
    frequency_penalty: -2,
    presence_penalty: 2,
    logit_bias: { 5: -100, 17: 3.5 },
    seed: 9
  }
  const sampling = {
    temperature: 0.5,
    topK: 40,
    topP: 0.9,
    minP: 0.05,
    typicalP: 0.95,
    repetitionPenalty: 1.1,
    frequencyPenalty: -2,
    presencePenalty: 2,
    logitBias: [
      [5, -100],
      [17, 3.5]
    ],
    seed: 9
  }
  const told = (completion: { logprobs?: number; sampling: object }) => [completion.sampling, completion.logprobs]
  assert.deepEqual(told(readChatRequest({ ...chat, ...drawn, logprobs: true, top_logprobs: 20 }).completion), [sampling, 20])
  assert.deepEqual(told(readChatRequest({ ...chat, ...drawn, logprobs: true }).completion), [sampling, 0])
  assert.deepEqual(told(readTextRequest({ ...prompt, ...drawn, logprobs: 5 }).completion), [sampling, 5])
})

test('text parts are joined, developer is system, null is absent', () => {
  const { completion } = readChatRequest({
    ...chat,
    temperature: null,
    stop: null,
    messages: [
      { role: 'developer', content: 'be brief' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' }
        ]
      }
    ]
  })
  assert.deepEqual(completion.input, {
    messages: [
      { role: 'system', content: 'be brief' },
      { role: 'user', content: 'ab' }
    ]
  })
})

for (const [field, change] of [
  ['temperature', { temperature: 2.5 }],
  ['temperature', { temperature: 'hot' }],
  ['top_p', { top_p: -0.1 }],
  ['top_k', { top_k: 1.5 }],
  ['min_p', { min_p: 2 }],
  ['max_tokens', { max_tokens: 0 }],
  ['max_completion_tokens', { max_completion_tokens: -1 }],
  ['seed', { seed: 0.5 }],
  ['stop', { stop: ['a', 'b', 'c', 'd', 'e'] }],
  ['stop', { stop: '' }],
  ['stop', { stop: [1] }],
  ['n', { n: 2 }],
  ['logprobs', { logprobs: 5 }],
  ['top_logprobs', { top_logprobs: 3 }],
  ['top_logprobs', { logprobs: false, top_logprobs: 3 }],
  ['top_logprobs', { logprobs: true, top_logprobs: 21 }],
  ['top_logprobs', { logprobs: true, top_logprobs: 1.5 }],
  ['tools[0].type', { tools: [{}] }],
  ['response_format', { response_format: { type: 'json_object' } }],
  ['presence_penalty', { presence_penalty: 2.5 }],
  ['frequency_penalty', { frequency_penalty: -3 }],
  ['frequency_penalty', { frequency_penalty: 'much' }],
  ['repetition_penalty', { repetition_penalty: 0 }],
  ['typical_p', { typical_p: 1.5 }],
  ['logit_bias', { logit_bias: { 5: 101 } }],
  ['logit_bias', { logit_bias: { 5: '1' } }],
  ['logit_bias', { logit_bias: { the: 1 } }],
  ['logit_bias', { logit_bias: { '-1': 1 } }],
  ['logit_bias', { logit_bias: { '1e3': 1 } }],
  ['logit_bias', { logit_bias: [1] }],
  ['logit_bias', { logit_bias: Object.fromEntries(Array.from({ length: 1025 }, (_, id) => [id, 1])) }],
  ['stream', { stream: 'yes' }],
  ['stream_options', { stream_options: { include_usage: true } }],
  ['include_usage', { stream: true, stream_options: { include_usage: 1 } }],
  ['messages', { messages: [] }],
  ['messages[0]', { messages: ['hi'] }],
  ['messages[0].role', { messages: [{ role: 'king', content: 'hi' }] }],
  ['messages[0].role', { messages: [{ role: 'toString', content: 'hi' }] }],
  ['messages[0].content', { messages: [{ role: 'user' }] }],
  ['messages[0].content[0].type', { messages: [{ role: 'user', content: [{ type: 'image_url' }] }] }],
  ['model', { model: 7 }],
  ['repeat_penalty', { repeat_penalty: 1.1 }]
] as const)
  test(`${JSON.stringify(change)} is refused as ${field}`, () => {
    assert.throws(
      () => readChatRequest({ ...chat, ...change }),
      (error: unknown) => error instanceof InvalidRequestError && error.details.param === field
    )
  })

for (const change of [
  { prompt: [1, 2] },
  { prompt: ['a', 'b'] },
  { prompt: '' },
  { echo: true },
  { best_of: 2 },
  { suffix: 'x' },
  { logprobs: true },
  { logprobs: 6 },
  { top_logprobs: 2 },
  { messages: [] }
])
  test(`${JSON.stringify(change)} is refused by the completions API`, () => {
    assert.throws(() => readTextRequest({ ...prompt, ...change }), InvalidRequestError)
  })

test('no body makes the reader fail in any other way', () => {
  const names = [
    'model',
    'messages',
    'prompt',
    'stream',
    'stream_options',
    'stop',
    'temperature',
    'n',
    'tools',
    'response_format',
    'logit_bias',
    'logprobs',
    'top_logprobs',
    'frequency_penalty',
    'shoal'
  ]
  const body = fc.oneof(
    fc.jsonValue(),
    fc.dictionary(fc.constantFrom(...names), fc.jsonValue()),
    fc.record({ messages: fc.array(fc.jsonValue()) })
  )
  fc.assert(
    fc.property(body, fc.constantFrom(readChatRequest, readTextRequest), (value, read) => {
      try {
        read(value)
      } catch (error) {
        assert.ok(error instanceof InvalidRequestError, String(error))
      }
    })
  )
})
