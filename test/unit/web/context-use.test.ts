import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contextUse } from '../../../web/context-use.ts'
import type { Turn } from '../../../web/state.ts'

const user = (text: string): Turn => ({ role: 'user', text })
const answer = (text: string, promptTokens: number | undefined, tokens: number): Turn => ({
  role: 'assistant',
  text,
  state: 'finished',
  cut: false,
  forgotten: 0,
  notice: undefined,
  trace: {
    chain: [],
    lost: [],
    numericsChanged: false,
    answerTokens: undefined,
    gateway: undefined,
    placements: [],
    recoveries: [],
    promptTokens,
    hops: undefined,
    ttftMs: undefined,
    tpotMs: undefined,
    tokens: Array(tokens).fill(0)
  }
})

test('before a chain has counted, four characters are a token', () => {
  assert.deepEqual(contextUse([], '', '', 256), { tokens: 0, of: 256, share: 0, exact: true })
  assert.deepEqual(contextUse([], 'sys!', 'draft!!!', 256), { tokens: 3, of: 256, share: 3 / 256, exact: false })
})

test('what a chain has read and written counts exactly, what is typed since by the rate it showed', () => {
  const turns = [user('a'.repeat(90)), answer('b'.repeat(30), 50, 10)]
  assert.deepEqual(contextUse(turns, 'the system is in the prompt', '', 256), {
    tokens: 60,
    of: 256,
    share: 60 / 256,
    exact: true
  })
  // 120 characters were 60 tokens.
  assert.equal(contextUse(turns, '', 'c'.repeat(20), 256).tokens, 70)
  assert.equal(contextUse([...turns, user('d'.repeat(10)), answer('', undefined, 0)], '', 'c'.repeat(20), 256).tokens, 75)
})

test('a conversation that outgrew the model fills it', () => {
  assert.equal(contextUse([user('a'.repeat(4_000))], '', '', 256).share, 1)
})
