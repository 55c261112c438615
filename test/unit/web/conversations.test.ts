import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type Conversation,
  fileNameOf,
  isKeepable,
  keptTurns,
  MAX_CONVERSATION_CHARS,
  readConversation,
  surplus,
  titleOf,
  toJson,
  toMarkdown
} from '../../../web/conversations.ts'
import type { Turn } from '../../../web/state.ts'

const user = (text: string): Turn => ({ role: 'user', text })
const answer = (text: string, state: (Turn & { role: 'assistant' })['state'] = 'finished'): Turn => ({
  role: 'assistant',
  text,
  state,
  cut: false,
  forgotten: 0,
  notice: { title: 'gone', detail: 'by then' },
  trace: {
    chain: [{ peer: 'p', span: { first: 0, end: 8 } }],
    lost: ['q'],
    numericsChanged: false,
    answerTokens: undefined,
    gateway: undefined,
    placements: [],
    recoveries: [{ lost: 'q', at: 3, pauseMs: 40 }],
    promptTokens: 9,
    hops: [{ queueMs: 0, computeMs: 2 }],
    ttftMs: 80,
    tpotMs: undefined,
    tokens: [1, 2]
  }
})
const conversation: Conversation = {
  version: 1,
  id: 'a',
  title: 'Fish',
  changed: Date.UTC(2026, 0, 2),
  model: { digest: 'ab', name: 'small' },
  system: 'Be brief.',
  turns: [user('Why?'), answer('**Because.**')]
}

test('a title is the beginning of the first question, cut between words', () => {
  assert.equal(titleOf([user('  Why do\n fish swim? ')]), 'Why do fish swim?')
  assert.equal(titleOf([user(`${'word '.repeat(11)}thelastonethatdoesnotfit`)]), `${'word '.repeat(11).trim()}…`)
  assert.equal(titleOf([user('a'.repeat(99))]), `${'a'.repeat(60)}…`)
  assert.equal(titleOf([]), 'Untitled')
})

test('answers under way are kept as stopped, and without their notices', () => {
  const states = (['waiting', 'streaming', 'stopped', 'failed', 'finished'] as const).map(state => answer('x', state))
  const kept = keptTurns(states) as (Turn & { role: 'assistant' })[]
  assert.deepEqual(
    kept.map(({ state }) => state),
    ['stopped', 'stopped', 'stopped', 'failed', 'finished']
  )
  assert.ok(kept.every(({ notice }) => notice === undefined))
})

test('what was kept is read as it was; what was not written by this page is refused, whatever it is', () => {
  const stored = structuredClone({ ...conversation, turns: keptTurns(conversation.turns) })
  assert.deepEqual(readConversation(stored), stored)
  assert.equal(readConversation({ ...stored, version: 2 }), undefined)
  assert.equal(readConversation({ ...stored, turns: [{ role: 'tool', text: '' }] }), undefined)
  const broken = { ...stored, turns: [{ ...stored.turns[1], trace: { chain: [{ peer: 1 }] } }] }
  assert.equal((readConversation(broken)!.turns[0] as Turn & { role: 'assistant' }).trace, undefined)
  fc.assert(
    fc.property(fc.anything(), value => {
      readConversation(value)
      readConversation({ ...stored, turns: [{ role: 'assistant', text: '', trace: value }, value] })
    })
  )
})

test('the ones longest untouched go first', () => {
  const heads = [3, 1, 2].map(changed => ({ id: String(changed), title: '', changed }))
  assert.deepEqual(surplus(heads, 2), ['1'])
  assert.deepEqual(surplus(heads, 3), [])
})

test('a conversation longer than a book is not kept', () => {
  assert.ok(isKeepable([user('a'.repeat(MAX_CONVERSATION_CHARS))]))
  assert.ok(!isKeepable([user('a'.repeat(MAX_CONVERSATION_CHARS)), user('b')]))
})

test('exported as Markdown for people, as messages for programs', () => {
  assert.equal(
    toMarkdown(conversation),
    '# Fish\n\nModel: small (ab)\n\n## System\n\nBe brief.\n\n## You\n\nWhy?\n\n## Answer\n\n**Because.**\n'
  )
  const [exported] = JSON.parse(toJson([conversation]))
  assert.deepEqual(exported.messages, [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Why?' },
    { role: 'assistant', content: '**Because.**' }
  ])
  assert.equal(exported.changed, '2026-01-02T00:00:00.000Z')
  assert.equal(fileNameOf('Why do fish swim?/..', 'md'), 'why-do-fish-swim.md')
  assert.equal(fileNameOf('???', 'md'), 'conversation.md')
})
