import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Drafter } from '../../../peer/session/drafter.ts'
import type { DriverLimits } from '../../../peer/session/driver-limits.ts'
import type { GenerationEvent, GenerationRequest } from '../../../peer/session/generate.ts'
import { generate } from '../../../peer/session/generate.ts'
import { neutralSampling } from '../../../peer/session/neutral-sampling.ts'
import { seer } from './seer.ts'
import { DEFAULT_REQUEST, PROMPT, SmallSwarm, THREE, tokensOf } from './small-swarm.ts'
import { greedyReference, STAND_IN } from './stand-in-engine.ts'

function run(swarm: SmallSwarm, request: Partial<GenerationRequest>, drafter: Drafter, limits: Partial<DriverLimits> = {}) {
  swarm.drafter = drafter
  return swarm.run(request, limits)
}

const count = (events: readonly GenerationEvent[], of: 'drafted' | 'accepted') =>
  events.reduce((sum, event) => sum + (event.type === 'token' ? event[of] : 0), 0)

const logprobsOf = (events: readonly GenerationEvent[]) =>
  events.flatMap(event => (event.type === 'token' && event.logprobs !== undefined ? [event.logprobs] : []))

const samplings = fc
  .record({
    temperature: fc.constantFrom(0, 0.7, 1, 20),
    topK: fc.constantFrom(0, 0, 5, 90),
    topP: fc.constantFrom(1, 1, 0.8),
    minP: fc.constantFrom(0, 0, 0.1),
    typicalP: fc.constantFrom(1, 1, 0.6),
    repetitionPenalty: fc.constantFrom(1, 1, 1.4),
    frequencyPenalty: fc.constantFrom(0, 0, 0.7),
    presencePenalty: fc.constantFrom(0, 0, -1.5),
    logitBias: fc.constantFrom([], [], [[4, -100] as const, [5, 4] as const]),
    seed: fc.nat(2 ** 32 - 1)
  })
  .map(change => ({ ...neutralSampling, ...change }))

test('the text, its end and its log-probabilities are the same with drafts right, wrong and in between', async () => {
  const prompts = fc.array(fc.nat(STAND_IN.vocabulary - 1), { minLength: 1, maxLength: 40 })
  const endIds = fc.array(fc.nat(STAND_IN.vocabulary - 1), { maxLength: 2 }).map(ids => new Set(ids))
  const blunders = fc.infiniteStream(fc.boolean())
  const logprobs = fc.constantFrom(undefined, 3)
  let drafted = 0
  let accepted = 0
  await fc.assert(
    fc.asyncProperty(
      prompts,
      samplings,
      endIds,
      blunders,
      logprobs,
      fc.integer({ min: 1, max: 30 }),
      fc.nat(3),
      async (prompt, sampling, endIds, blunders, logprobs, maxTokens, choice) => {
        const request = { prompt, sampling, endIds, logprobs, maxTokens, choice }
        const without = await new SmallSwarm(THREE).run({ ...request, speculate: false })
        const swarm = new SmallSwarm(THREE)
        const drafter = seer([...prompt, ...tokensOf(without)], STAND_IN.vocabulary, () => blunders.next().value)
        const events = await run(swarm, request, drafter)
        drafted += count(events, 'drafted')
        accepted += count(events, 'accepted')
        assert.deepEqual(tokensOf(events), tokensOf(without))
        assert.deepEqual(events.at(-1), without.at(-1))
        const [told, expected] = [logprobsOf(events), logprobsOf(without)]
        assert.equal(told.length, expected.length)
        for (const [at, { id, logprob, top }] of told.entries()) {
          assert.deepEqual([id, ...top.map(entry => entry.id)], [expected[at]!.id, ...expected[at]!.top.map(entry => entry.id)])
          // Sums over the row on either side of the wire.
          assert.ok(Math.abs(logprob - expected[at]!.logprob) < 1e-4)
        }
        assert.deepEqual(swarm.freeBlocks(), [256, 256, 256])
      }
    ),
    { numRuns: 30, seed: 12 }
  )
  assert.ok(accepted > 100 && drafted > accepted + 100, `${accepted} of ${drafted} accepted`)
})

test('drafts that are right take the steps that they save', async () => {
  const expected = await greedyReference(PROMPT, 24)
  const swarm = new SmallSwarm(THREE)
  const events = await run(
    swarm,
    { maxTokens: 24 },
    seer([...PROMPT, ...expected], STAND_IN.vocabulary, () => false)
  )
  assert.deepEqual(tokensOf(events), expected)
  // Prompt and a plain step, then steps of 8: 22 tokens in three.
  const steps = swarm.hosts[2]!.engine.batches.flat().filter(({ position }) => position >= PROMPT.length)
  assert.deepEqual(
    steps.map(step => step.count),
    [1, 8, 8, 6]
  )
  assert.equal(count(events, 'accepted'), count(events, 'drafted'))
})

test('text that repeats is drafted from itself', async () => {
  // A strong bias makes any model say one thing.
  const sampling = { ...neutralSampling, temperature: 0, logitBias: [[11, 1_000] as const] }
  const swarm = new SmallSwarm(THREE)
  const events = await swarm.run({ sampling, maxTokens: 40 })
  assert.deepEqual(tokensOf(events), Array(40).fill(11))
  assert.ok(count(events, 'accepted') >= 30, `${count(events, 'accepted')} accepted`)
})

test('a session that grows keeps its drafts within what is reserved', async () => {
  const expected = await greedyReference(PROMPT, 120)
  for (const reserveAhead of [5, 9, 16]) {
    const swarm = new SmallSwarm(THREE)
    const drafter = seer([...PROMPT, ...expected], STAND_IN.vocabulary, at => at % 5 === 0)
    const events = await run(swarm, { maxTokens: 120 }, drafter, { reserveAhead })
    assert.deepEqual(tokensOf(events), expected)
    assert.ok(events.every(event => event.type !== 'recovered'))
    assert.ok(count(events, 'accepted') > 40)
    assert.deepEqual(swarm.freeBlocks(), [256, 256, 256])
  }
})

test('a hop that is lost with a draft in flight is replaced, and what the draft left behind is gone', async () => {
  const expected = await greedyReference(PROMPT, 24)
  const swarm = new SmallSwarm([...THREE, { first: 3, end: 6 }])
  swarm.drafter = seer([...PROMPT, ...expected], STAND_IN.vocabulary, () => false)
  const events: GenerationEvent[] = []
  const generation = swarm.generate({ maxTokens: 24 })
  for (;;) {
    const next = await swarm.clock.until(generation.next())
    if (next.done) break
    events.push(next.value)
    // With a draft of seven in flight, and its KV on every hop.
    if (next.value.type === 'token' && next.value.accepted > 0 && !swarm.gone.has(swarm.hosts[1]!.id)) swarm.kill(1)
  }
  assert.deepEqual(tokensOf(events), expected)
  assert.equal(events.filter(event => event.type === 'recovered').length, 1)
})

test('sessions that speculate and ones that do not share batches, and each gets what it gets alone', async () => {
  const swarm = new SmallSwarm(THREE)
  // Where all of them meet.
  swarm.hosts[1]!.engine.hold = () => swarm.clock.turns(20)
  const prompts = Array.from({ length: 6 }, (_, at) => PROMPT.map(id => (id + 7 * at) % STAND_IN.vocabulary))
  const expected = await Promise.all(prompts.map(prompt => greedyReference(prompt, 24)))
  const runs = prompts.map((prompt, at) => {
    const drafter = seer([...prompt, ...expected[at]!], STAND_IN.vocabulary, token => at === 2 && token % 3 === 0)
    const request = { ...DEFAULT_REQUEST, prompt, maxTokens: 24, speculate: at % 2 === 0 }
    return Array.fromAsync(generate({ ...swarm.context(), drafter }, request))
  })
  for (const [at, events] of (await swarm.clock.until(Promise.all(runs))).entries()) {
    assert.deepEqual(tokensOf(events), expected[at])
    assert.equal(count(events, 'drafted') > 0, at % 2 === 0)
  }
  const batches = swarm.hosts[1]!.engine.batches
  const mixed = batches.filter(
    batch => batch.some(step => step.count === 1) && batch.some(step => step.count > 1 && step.count <= 8)
  )
  assert.ok(mixed.length > 2, `${mixed.length} batches held both`)
  assert.deepEqual(swarm.freeBlocks(), [256, 256, 256])
})
