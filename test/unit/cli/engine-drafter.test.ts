import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engineDrafter } from '../../../peer/cli/engine-drafter.ts'
import type { GenerationEvent } from '../../../peer/session/generate.ts'
import { neutralSampling } from '../../../peer/session/neutral-sampling.ts'
import { PROMPT, SmallSwarm, THREE, tokensOf } from '../host/small-swarm.ts'
import { greedyReference, STAND_IN, StandInEngine } from '../host/stand-in-engine.ts'

const whole = { first: 0, end: STAND_IN.layers }
const count = (events: readonly GenerationEvent[], of: 'drafted' | 'accepted') =>
  events.reduce((sum, event) => sum + (event.type === 'token' ? event[of] : 0), 0)

test('a model that sees what the chain sees drafts what it says, sampled and penalised too', async () => {
  for (const change of [{ temperature: 0 }, { temperature: 1 }, { temperature: 0.8, repetitionPenalty: 1.4, topK: 9 }]) {
    const sampling = { ...neutralSampling, seed: 5, ...change }
    const plain = await new SmallSwarm(THREE).run({ sampling, maxTokens: 30, speculate: false })
    const swarm = new SmallSwarm(THREE)
    const engine = new StandInEngine({ ...whole, maxBatchTokens: 8 })
    swarm.drafter = engineDrafter(engine)
    const events = await swarm.run({ sampling, maxTokens: 30 })
    assert.deepEqual(tokensOf(events), tokensOf(plain))
    assert.ok(count(events, 'accepted') >= 20, `${count(events, 'accepted')} of 30`)
    assert.equal(count(events, 'accepted'), count(events, 'drafted'))
    assert.equal(engine.kv().freeBlocks, 256, 'its KV is back')
  }
})

test('a model that knows nothing costs no token, and what was wrong is taken back in it too', async () => {
  const expected = await greedyReference(PROMPT, 40)
  const swarm = new SmallSwarm(THREE)
  // Fewer layers: another model altogether.
  swarm.drafter = engineDrafter(new StandInEngine({ first: 0, end: 5, model: { ...STAND_IN, layers: 5 } }))
  const events = await swarm.run({ maxTokens: 40 })
  assert.deepEqual(tokensOf(events), expected)
  assert.ok(count(events, 'drafted') > 0 && count(events, 'accepted') < count(events, 'drafted') / 4)
})

test('answers draft side by side, as many as have room; the others go on without', async () => {
  const swarm = new SmallSwarm(THREE)
  // 33 positions each: three blocks.
  const engine = new StandInEngine({ ...whole, blocks: 7 })
  swarm.drafter = engineDrafter(engine)
  const prompts = Array.from({ length: 4 }, (_, at) => PROMPT.map(id => (id + 7 * at) % STAND_IN.vocabulary))
  const runs = await swarm.clock.until(Promise.all(prompts.map(prompt => Array.fromAsync(swarm.generate({ prompt })))))
  for (const [at, events] of runs.entries()) assert.deepEqual(tokensOf(events), await greedyReference(prompts[at]!, 12))
  assert.equal(runs.filter(events => count(events, 'accepted') > 0).length, 2)
  assert.equal(engine.kv().freeBlocks, 7)
})

test('an engine that fails ends the drafts, not the answer', async () => {
  const swarm = new SmallSwarm(THREE)
  const engine = new StandInEngine(whole)
  let runs = 0
  engine.hold = async () => {
    if (++runs > 4) throw new Error('the device is lost')
  }
  swarm.drafter = engineDrafter(engine)
  assert.deepEqual(tokensOf(await swarm.run({ maxTokens: 24 })), await greedyReference(PROMPT, 24))
  assert.equal(engine.kv().freeBlocks, 256)
})
