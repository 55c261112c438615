/** Room, queue and bandwidth of the edge as a gateway reckons them between two announcements of its peers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refusal } from '../../../peer/select/arms.ts'
import { SelectionBook } from '../../../peer/select/book.ts'
import type { EdgeArm } from '../../../peer/select/edge-arms.ts'
import { readSettings } from '../../../peer/select/settings.ts'
import { answer, arm, ask } from './kit.ts'

const edge = (ageMs: number, changes: Partial<EdgeArm> = {}): EdgeArm => ({
  ...arm('edge:lan', { freeKvTokens: 400, bandwidth: 12_000, ...changes }),
  place: 'edge',
  way: 'lan',
  peers: new Set(['peer-a']),
  watts: new Map([['peer-a', 20]]),
  ageMs
})
const bookAt = (now: number) =>
  new SelectionBook(
    readSettings({}, () => undefined),
    now
  )

test('what was sent since the peers last told of themselves takes room and waits until they tell it', () => {
  const book = bookAt(0)
  // 100 tokens of prompt at 1 ms each, and at most 50 of answer.
  book.begin(ask({ now: 1_000 }), edge(0))
  const before = book.edgeArm(edge(500), ask({ now: 1_200 }))
  assert.deepEqual([before.freeKvTokens, before.waitMs], [250, 100])
  // Told after 1,100: it is in what they told.
  const after = book.edgeArm(edge(500), ask({ now: 1_600 }))
  assert.deepEqual([after.freeKvTokens, after.waitMs], [400, 0])
})

test('a burst between two announcements is refused once the room is taken', () => {
  const book = bookAt(0)
  const wanted = ask({ now: 1_000 })
  const refusals = Array.from({ length: 4 }, () => {
    const now = book.edgeArm(edge(0, { bandwidth: 1e9 }), wanted)
    const why = refusal(now, wanted)
    if (why === undefined) book.begin(wanted, now)
    return why
  })
  assert.deepEqual(refusals, [undefined, undefined, 'KV room', 'KV room'])
})

test('what is under way shares the line, and gives it back', () => {
  const book = bookAt(0)
  // 1,000 bytes of prompt within 2 s: 500 bytes a second are needed.
  const narrow = () => book.edgeArm(edge(0, { bandwidth: 900, freeKvTokens: 4_096 }), ask({ now: 5_000 }))
  assert.notEqual(refusal(narrow(), ask({ now: 5_000 })), 'bandwidth')
  const leg = book.begin(ask({ now: 1_000 }), edge(0))!
  assert.equal(refusal(narrow(), ask({ now: 5_000 })), 'bandwidth')
  book.end(leg, { outcome: answer(500, 20), money: 0, error: undefined }, 5_000)
  assert.notEqual(refusal(narrow(), ask({ now: 5_000 })), 'bandwidth')
})

test('clouds take nothing from the edge', () => {
  const book = bookAt(0)
  book.begin(ask({ now: 1_000 }), arm('cloud:big', { place: 'cloud' }))
  const { freeKvTokens, waitMs, bandwidth } = book.edgeArm(edge(0), ask({ now: 1_000 }))
  assert.deepEqual([freeKvTokens, waitMs, bandwidth], [400, 0, 12_000])
})
