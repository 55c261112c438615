import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { StopScanner } from '../../../peer/session/stop-scanner.ts'

function scan(stops: string[], pieces: string[]): { shown: string; stopped: boolean; events: string[] } {
  const scanner = new StopScanner(stops)
  const events: string[] = []
  for (const piece of pieces) {
    const { text, stopped } = scanner.push(piece)
    events.push(text)
    if (stopped) return { shown: events.join(''), stopped, events }
  }
  events.push(scanner.flush())
  return { shown: events.join(''), stopped: false, events }
}

test('a stop text over several pieces is never shown, not even its beginning', () => {
  const { events, stopped } = scan(['\n\nUser:'], ['Amen', '.', '\n', '\nUs', 'er', ': more'])
  assert.deepEqual(events, ['Amen', '.', '', '', '', ''])
  assert.ok(stopped)
})

test('a beginning that turns out otherwise is shown', () => {
  assert.deepEqual(scan(['abac'], ['ab', 'ab', 'ac', 'x']), { shown: 'ab', stopped: true, events: ['', 'ab', ''] })
  assert.deepEqual(scan(['abc'], ['xab', 'd']), { shown: 'xabd', stopped: false, events: ['x', 'abd', ''] })
  assert.deepEqual(scan(['abc'], ['xab']), { shown: 'xab', stopped: false, events: ['x', 'ab'] })
})

test('how text is cut makes no difference', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 3 }), fc.array(letters, { maxLength: 12 }), (stops, pieces) => {
      const text = pieces.join('')
      // The definition: the answer ends where any stop text is complete for the first time.
      let end = 1
      while (end <= text.length && !stops.some(stop => text.slice(0, end).endsWith(stop))) end++
      const longest = stops
        .filter(stop => text.slice(0, end).endsWith(stop))
        .reduce((most, stop) => Math.max(most, stop.length), 0)
      const expected = end <= text.length ? text.slice(0, end - longest) : text
      assert.equal(scan(stops, pieces).shown, expected)
      assert.equal(scan(stops, [...text]).shown, expected)
    }),
    { numRuns: 2000 }
  )
})
