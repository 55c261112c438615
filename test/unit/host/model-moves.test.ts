import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GenerationEvent } from '../../../peer/session/generate.ts'
import { Donors, OTHER_DIGEST, type TestDonor } from './donors.ts'
import { DIGEST, PROMPT, tokensOf } from './small-swarm.ts'
import { greedyReference } from './stand-in-engine.ts'

const MINUTE = 60_000
const WHOLE = { first: 0, end: 8 }

function held(donors: Donors, { id }: TestDonor): string[] {
  return donors.said(id)!.offers.map(({ model, span, state }) => `${model.slice(0, 2)} ${span.first}-${span.end} ${state}`)
}

test('of two idle donors one goes to the model that is asked for; the other is not needed there, and nobody goes back', async () => {
  const donors = new Donors()
  const { clock } = donors
  const fixed = await donors.add({ fixed: WHOLE })
  const roaming = [await donors.add({ roams: true }), await donors.add({ roams: true })]
  // Two answers a minute are 3.3 tokens a second: more than a quarter of one chain's 11, less than of two chains'.
  await donors.pretend(WHOLE, 2)
  await clock.pass(4 * MINUTE)
  assert.equal(donors.moves(), 0, 'a demand must last')
  await clock.pass(20 * MINUTE)
  assert.equal(donors.moves(), 1)
  assert.deepEqual(roaming.map(donor => held(donors, donor)[0]).sort(), ['ab 0-8 serving', 'cd 0-8 serving'])
  assert.deepEqual(held(donors, fixed), ['ab 0-8 serving'])
  await donors.end()
})

test('a donor takes the hole of another model within seconds; its own goes on being served, and the answer that ran with it', async () => {
  const donors = new Donors()
  const { clock } = donors
  const goes = await donors.add({ roams: true, rate: 200 })
  const events: GenerationEvent[] = []
  const answer = donors.generate({ maxTokens: 40 })
  while (tokensOf(events).length < 10) events.push((await clock.until(answer.next())).value!)
  const stays = await donors.add({ fixed: WHOLE })
  await donors.pretend({ first: 0, end: 4 }, 0, 400)
  // A donor with sessions waits for an idle one, of which there is none.
  await clock.pass(40_000)
  assert.deepEqual(held(donors, goes), ['cd 4-8 serving'])
  assert.deepEqual(held(donors, stays), ['ab 0-8 serving'])
  for (let next = await clock.until(answer.next()); !next.done; next = await clock.until(answer.next())) events.push(next.value)
  const recovered = events.filter(event => event.type === 'recovered')
  assert.equal(recovered.length, 1)
  assert.equal(recovered[0]!.recovery.route.hops[0]!.peer, stays.id)
  assert.deepEqual(tokensOf(events), await greedyReference(PROMPT, 40))
  await clock.pass(20 * MINUTE)
  assert.equal(donors.moves(), 1)
  await donors.end()
})

test('the only holder of its model stays, however much another is asked for', async () => {
  const donors = new Donors()
  const only = await donors.add({ roams: true })
  await donors.pretend(WHOLE, 1_024)
  await donors.clock.pass(20 * MINUTE)
  assert.equal(donors.moves(), 0)
  assert.deepEqual(held(donors, only), ['ab 0-8 serving'])
  await donors.end()
})

test('an announcement tells who roams, and both spans of one that goes', async () => {
  const donors = new Donors()
  const goes = await donors.add({ roams: true })
  await donors.add({ fixed: WHOLE })
  await donors.pretend({ first: 0, end: 4 }, 0, 400)
  const both = async () => {
    for (let tenths = 0; tenths < 400; tenths++) {
      const offers = donors.said(goes.id)!.offers
      if (offers.length === 2) return offers
      await donors.clock.pass(100)
    }
    throw new Error('it never meant to go')
  }
  const [left, next] = await both()
  assert.deepEqual([left!.model, left!.leaving, left!.roams], [DIGEST, true, true])
  assert.deepEqual([next!.model, next!.state, next!.span], [OTHER_DIGEST, 'loading', { first: 4, end: 8 }])
  await donors.end()
})
