import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { shareMemory } from '../../../peer/host/share-memory.ts'

test('equal parts, and what one does not need goes to the others', () => {
  assert.deepEqual(shareMemory(90, [100, 100, 100]), [30, 30, 30])
  assert.deepEqual(shareMemory(90, [100, 10, 100]), [40, 10, 40])
  assert.deepEqual(shareMemory(500, [100, 10]), [100, 10])
})

test('never more than there is nor than is of use; nothing is left while somebody wants it; no share can grow at a smaller one’s cost', () => {
  fc.assert(
    fc.property(fc.nat(1e9), fc.array(fc.nat(1e9), { minLength: 1, maxLength: 8 }), (total, wholes) => {
      const shares = shareMemory(total, wholes)
      const used = shares.reduce((sum, share) => sum + share, 0)
      assert.ok(used <= total)
      shares.forEach((share, at) => {
        assert.ok(share <= wholes[at]!)
      })
      const cut = shares.filter((share, at) => share < wholes[at]!)
      if (cut.length === 0) return
      assert.ok(total - used < wholes.length, 'but for what does not divide')
      assert.ok(Math.min(...cut) >= Math.max(...shares) - wholes.length)
    })
  )
})
