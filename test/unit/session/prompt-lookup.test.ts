import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LEAST_MATCH, lookUp, MOST_MATCH } from '../../../peer/session/prompt-lookup.ts'

// Few ids, so that ends are found earlier.
const texts = fc.array(fc.nat(3), { maxLength: 60 })
const most = fc.nat(9)

test('what followed the latest of the longest earlier matches is drafted', () => {
  assert.deepEqual(lookUp([1, 2, 3, 9, 1, 2, 4, 8, 1, 2], 2), { tokens: [4, 8], matched: 2 })
  assert.deepEqual(lookUp([7, 1, 2, 3, 9, 1, 2, 4, 8, 7, 1, 2], 3), { tokens: [3, 9, 1], matched: 3 })
  assert.deepEqual(lookUp([1, 2, 3, 4], 4), { tokens: [], matched: 0 })
  assert.deepEqual(lookUp([5, 1, 5], 4), { tokens: [], matched: 0 }, 'one token alone is no match')
})

test('a text that repeats itself is drafted round and round', () => {
  assert.deepEqual(lookUp([1, 2, 1, 2], 5), { tokens: [1, 2, 1, 2, 1], matched: 2 })
  assert.deepEqual(lookUp([4, 4, 4], 4), { tokens: [4, 4, 4, 4], matched: 2 })
})

/** The definition, at its word: every earlier end against the text's. */
function matches(tokens: readonly number[]): { end: number; length: number }[] {
  return tokens.slice(0, -1).map((_, before) => {
    const end = before + 1
    let length = 0
    while (length < Math.min(MOST_MATCH, end) && tokens[end - 1 - length] === tokens[tokens.length - 1 - length]) length++
    return { end, length }
  })
}

test('a draft is as long as asked, and comes from no worse a match than any other', () => {
  fc.assert(
    fc.property(texts, most, (tokens, most) => {
      const { tokens: draft, matched } = lookUp(tokens, most)
      const longest = Math.max(0, ...matches(tokens).map(({ length }) => length))
      if (longest < LEAST_MATCH || most === 0) return assert.deepEqual({ draft, matched }, { draft: [], matched: 0 })
      assert.equal(draft.length, most)
      assert.equal(matched, longest)
      const { end } = matches(tokens).findLast(({ length }) => length === longest)!
      const whole = [...tokens, ...draft]
      for (let at = 0; at < most; at++) assert.equal(draft[at], whole[end + at])
    }),
    { numRuns: 2_000, seed: 5 }
  )
})
