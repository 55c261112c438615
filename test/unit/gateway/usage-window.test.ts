import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { UsageWindow } from '../../../peer/gateway/usage-window.ts'

const WINDOW_MS = 60_000
const PART_MS = WINDOW_MS / 60

/** Requests one after the other, each some time after the one before. */
const arrivals = fc.array(fc.record({ afterMs: fc.nat(20_000), amount: fc.integer({ min: 1, max: 5 }) }), { maxLength: 200 })
const start = fc.integer({ min: 0, max: 2 ** 41 })

test('what is admitted while room is left never exceeds the limit in any window, and is held back no longer than a part more', () =>
  fc.assert(
    fc.property(start, arrivals, fc.integer({ min: 1, max: 12 }), (from, steps, limit) => {
      const window = new UsageWindow(WINDOW_MS)
      const admitted: { at: number; amount: number }[] = []
      let now = from
      for (const { afterMs, amount } of steps) {
        now += afterMs
        // Counted from all that was admitted, without parts.
        const within = (ms: number) => admitted.reduce((sum, used) => sum + (used.at > now - ms ? used.amount : 0), 0)
        const wait = window.waitMs(limit - amount, now)
        if (amount > limit) continue
        if (wait === 0) {
          assert.ok(within(WINDOW_MS) + amount <= limit, 'more than the limit within a window')
          window.add(amount, now)
          admitted.push({ at: now, amount })
        } else {
          assert.ok(within(WINDOW_MS + PART_MS) + amount > limit, 'refused though there was room')
          assert.ok(wait <= WINDOW_MS + PART_MS)
          const later = new UsageWindow(WINDOW_MS, window.save(now))
          assert.notEqual(later.waitMs(limit - amount, now + wait - 1), 0, 'a moment before there is no room')
          assert.equal(later.waitMs(limit - amount, now + wait), 0, 'after the wait there is')
        }
      }
    })
  ))

test('what is saved and read again counts on', () => {
  const window = new UsageWindow(WINDOW_MS)
  window.add(3, 10_000)
  window.add(4, 50_000)
  const again = new UsageWindow(WINDOW_MS, window.save(50_000))
  assert.equal(again.used(60_000), 7)
  assert.equal(again.used(71_000), 4)
  assert.equal(again.used(111_000), 0)
})

test('a clock that is set back frees nothing, and what was used while it was ahead goes after a window all the same', () => {
  const window = new UsageWindow(WINDOW_MS)
  const now = 1_000_000_000
  window.add(1, now)
  window.add(2, now + 1_000 * WINDOW_MS)
  window.add(3, now)
  assert.equal(window.used(now), 5)
  assert.equal(window.used(now + WINDOW_MS + PART_MS), 0)
})
