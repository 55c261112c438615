import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ENERGY_WEIGHTS } from '../../../peer/select/energy.ts'
import { bytesOf, joulesOf, moneyOf, sharesOf } from '../../../peer/select/leg-accounts.ts'
import { arm, ask } from './kit.ts'

const tokens = { promptTokens: 100, completionTokens: 20 }
const edge = {
  ...arm('edge:wan', { freeKvTokens: 300, bandwidth: 2_400, hopBytes: 40 }),
  place: 'edge' as const,
  way: 'wan' as const,
  peers: new Set<string>(),
  watts: new Map([['peer-a', 30]]),
  ageMs: 0
}
const placed = { arm: edge, edge }

test('shares are of the room and of the line that were there: 150 of 300 tokens, 4,800 bytes in 4 s of 2,400 a second', () => {
  const bytes = bytesOf(placed, tokens, 7)
  assert.equal(bytes, 4_800)
  assert.deepEqual(sharesOf(placed, ask(), 5, bytes, 4_000), { computeShare: 0.5, bandwidthShare: 0.5 })
})

test('what is not known has no share', () => {
  const unknown = { ...edge, freeKvTokens: Number.POSITIVE_INFINITY, bandwidth: Number.POSITIVE_INFINITY }
  assert.deepEqual(sharesOf({ arm: unknown, edge }, ask(), 5, 4_800, 4_000), {})
})

test('energy is compute at the hop’s watts, its waiting at a tenth, and a millionth of a joule for a byte over any distance', () => {
  const joules = joulesOf(placed, tokens, 4_800, 4_000, [{ peer: 'peer-a', ms: 1_000 }], ENERGY_WEIGHTS)
  assert.ok(Math.abs(joules - (30 + 0.1 * 30 * 3 + 0.0048)) < 1e-9, String(joules))
})

test('money without a word of usage is known only where nothing was asked for it or nothing was computed', () => {
  const dear = { arm: { ...edge, promptPrice: 1, tokenPrice: 2 } }
  assert.equal(moneyOf(dear, tokens, 'answered'), 140)
  assert.equal(moneyOf(dear, undefined, 'answered'), undefined)
  assert.equal(moneyOf(dear, undefined, 'failed'), undefined)
  assert.equal(moneyOf(dear, undefined, 'refused'), 0)
  assert.equal(moneyOf(placed, undefined, 'left'), 0)
})
