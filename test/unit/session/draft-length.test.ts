import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DraftLength, MAX_DRAFTED } from '../../../peer/session/draft-length.ts'

interface Chain {
  plainMs: number
  /** That each drafted token adds. */
  tokenMs: number
}

/** A chain whose links take `linksMs` and whose hops take as long for each token as for the first, or no longer for several. */
const chainOf = (linksMs: number, computeMs: number, flat: boolean): Chain => ({
  plainMs: linksMs + computeMs,
  tokenMs: flat ? 0 : computeMs
})

/** Steps until `tokens` are there, `isRight` of each drafted token in turn; what they took over what plain steps would have. */
function speedUp(chain: Chain, tokens: number, isRight: (token: number) => boolean, jitter: () => number = () => 1) {
  const length = new DraftLength()
  const drafts: number[] = []
  let ms = 0
  for (let done = 0; done < tokens; ) {
    const drafted = length.best('a', 0).length
    let accepted = 0
    while (accepted < drafted && isRight(done + accepted)) accepted++
    const stepMs = (chain.plainMs + drafted * chain.tokenMs) * jitter()
    length.stepped({ drafted, accepted, source: 'a', draftMs: 0, stepMs, computeMs: chain.tokenMs })
    drafts.push(drafted)
    ms += stepMs
    done += 1 + accepted
  }
  return { ratio: (tokens * chain.plainMs) / ms, drafts }
}

const never = () => false
const always = () => true

test('over slow links a text that can be drafted goes more than twice as fast', () => {
  // Three hops of 20 ms, and four links of 40 ms.
  const { ratio, drafts } = speedUp(chainOf(160, 60, false), 64, always)
  assert.ok(ratio > 2, `${ratio}`)
  assert.equal(drafts[0], 0, 'the first step tells what a plain one takes')
  assert.equal(Math.max(...drafts), MAX_DRAFTED)
})

test('where compute is all there is, and each token costs as much, nothing is drafted but a probe now and then', () => {
  const { ratio, drafts } = speedUp(chainOf(0, 100, false), 400, always)
  assert.ok(drafts.every(drafted => drafted <= 1))
  assert.ok(drafts.filter(drafted => drafted > 0).length <= drafts.length / 2)
  assert.ok(ratio > 0.97, `${ratio}`)
})

test('a chain that checks several tokens as fast as one drafts as far as it may', () => {
  assert.ok(speedUp(chainOf(0, 100, true), 100, always).ratio > 4)
})

test('text that can’t be drafted is hardly slower, on whatever chain, however its steps’ times vary', () => {
  const jitters = fc.infiniteStream(fc.double({ min: 0.9, max: 1.3, noNaN: true }))
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 400 }),
      fc.integer({ min: 1, max: 200 }),
      fc.boolean(),
      fc.integer({ min: 48, max: 500 }),
      jitters,
      (linksMs, computeMs, flat, tokens, jitter) => {
        const chain = chainOf(linksMs, computeMs, flat)
        assert.ok(speedUp(chain, tokens, never).ratio >= 0.95)
        // Against the mean of the jitter, since both have it.
        const { drafts } = speedUp(chain, tokens, never, () => jitter.next().value)
        const costMs = drafts.reduce((sum, drafted) => sum + drafted * chain.tokenMs, 0)
        assert.ok(costMs <= 0.05 * tokens * chain.plainMs, `${costMs} ms of ${tokens * chain.plainMs}`)
      }
    ),
    { numRuns: 300, seed: 8 }
  )
})

test('drafting stops within a few steps where a text ceases to repeat, and begins again where it does', () => {
  const chain = chainOf(160, 60, false)
  const repeats = (token: number) => token < 60 || token >= 160
  const { drafts } = speedUp(chain, 260, repeats)
  const positions = drafts.map((_, at) => at)
  const failing = positions.filter(at => drafts[at]! > 1)
  assert.ok(failing.length > 10)
  const longestRest = failing.slice(1).reduce((most, at, index) => Math.max(most, at - failing[index]!), 0)
  assert.ok(
    longestRest > 60 && longestRest < 150,
    `${longestRest} steps without a long draft, of 100 tokens that can't be drafted`
  )
})

test('each source of drafts is held to its own record', () => {
  const length = new DraftLength()
  const step = (source: string, drafted: number, accepted: number) =>
    length.stepped({ drafted, accepted, source, draftMs: 0, stepMs: 200 + 20 * drafted, computeMs: 20 })
  const best = (source: string) => length.best(source, 0).length
  step('', 0, 0)
  for (let round = 0; round < 6; round++) {
    step('good', best('good'), best('good'))
    step('bad', 1, 0)
  }
  assert.ok(best('good') > best('bad') + 2)
})

test('what drafting itself takes is part of the bargain', () => {
  const length = new DraftLength()
  const step = (drafted: number, draftMs: number) =>
    length.stepped({ drafted, accepted: drafted, source: 'model', draftMs, stepMs: 200, computeMs: 20 })
  step(0, 0)
  for (let round = 0; round < 8; round++) step(4, 0)
  assert.equal(length.best('model', 5).length, MAX_DRAFTED)
  assert.equal(length.best('model', 250).length <= 1, true)
})
