import assert from 'node:assert/strict'
import { test } from 'node:test'
import { adjustmentsOf } from '../../../peer/session/adjust-logits.ts'
import { draw } from '../../../peer/session/draw.ts'
import { neutralSampling } from '../../../peer/session/neutral-sampling.ts'
import { openChain } from '../../../peer/session/open-chain.ts'
import { Pace } from '../../../peer/session/pace.ts'
import { sampleFull } from '../../../peer/session/sampler.ts'
import type { Sampling } from '../../../peer/session/types.ts'
import { AnswerFrame, ChainFrame, Encoding, OpenPlan } from '../../../peer/wire/frames.pb.js'
import { answerProtocol, chainProtocol } from '../../../peer/wire/protocols.ts'
import { PROMPT, SmallSwarm, tokensOf } from './small-swarm.ts'
import { greedyReference, STAND_IN, StandInEngine } from './stand-in-engine.ts'

const expected = await greedyReference(PROMPT, 12)
const THREE = [
  { first: 0, end: 3 },
  { first: 3, end: 6 },
  { first: 6, end: 8 }
]

/** What sampling gives on the whole model, from every logit at every position. */
async function sampledReference(sampling: Sampling, choice: number, count: number): Promise<number[]> {
  const engine = new StandInEngine({ first: 0, end: STAND_IN.layers, maxBatchTokens: 1024 })
  const sequence = await engine.reserve(STAND_IN.contextLength)
  const tokens = [...PROMPT]
  let fed = 0
  while (tokens.length < PROMPT.length + count) {
    const head = { rows: 1, topK: 1, temperature: 1, extraIds: new Uint32Array(0) }
    await engine.run([{ sequence, position: fed, input: { tokens: Uint32Array.from(tokens.slice(fed)) }, head }])
    fed = tokens.length
    const logits = await engine.logits(sequence, 0)
    const adjustments = adjustmentsOf(sampling, tokens, PROMPT.length)
    tokens.push(sampleFull(logits, sampling, draw(sampling.seed, choice, fed), adjustments))
  }
  return tokens.slice(PROMPT.length)
}

test('sampling over a chain is sampling from the whole model, full rows fetched where the draw needs them', async () => {
  let rows = 0
  for (const [seed, change] of [
    {},
    { topP: 0.9 },
    { topK: 7 },
    { minP: 0.2 },
    { temperature: 20 },
    { temperature: 20, topK: 90, topP: 0.8 }
  ].entries()) {
    const sampling = { ...neutralSampling, temperature: 0.9, seed: seed + 40, ...change }
    const swarm = new SmallSwarm(THREE)
    swarm.network.onFrame = ({ protocol, bytes }) => {
      if (protocol === chainProtocol.id && ChainFrame.decode(bytes).rowRequest !== undefined) rows++
      if (protocol === answerProtocol.id && answerProtocol.decode(bytes).rowRequest !== undefined) rows++
    }
    assert.deepEqual(tokensOf(await swarm.run({ sampling, choice: 3 })), await sampledReference(sampling, 3, 12))
  }
  assert.ok(rows > 0 && rows < 40, `${rows} full rows for 72 tokens`)
})

test('penalties and biases go along the chain as extra ids, and give what the whole model gives', async () => {
  for (const change of [
    { temperature: 0, frequencyPenalty: 1.5, presencePenalty: 0.5 },
    { temperature: 0, logitBias: [[11, 100] as const] },
    { temperature: 0.8, repetitionPenalty: 1.5, topK: 9 },
    { presencePenalty: -3, logitBias: [[4, -100] as const, [5, 4] as const], topP: 0.9 },
    { typicalP: 0.7 }
  ]) {
    const sampling = { ...neutralSampling, seed: 3, ...change }
    assert.deepEqual(tokensOf(await new SmallSwarm(THREE).run({ sampling })), await sampledReference(sampling, 0, 12))
  }
})

test('log-probabilities come with each token, and are those of the model’s own distribution', async () => {
  const [plain, told] = [await new SmallSwarm(THREE).run(), await new SmallSwarm(THREE).run({ logprobs: 5 })]
  assert.deepEqual(tokensOf(told), tokensOf(plain))
  for (const event of told) {
    if (event.type !== 'token') continue
    const { id, logprob, top } = event.logprobs!
    assert.deepEqual([id, top.length, top[0]], [event.token, 5, { id, logprob }])
    assert.ok(top.every((entry, at) => entry.logprob <= 0 && (at === 0 || entry.logprob <= top[at - 1]!.logprob)))
  }
})

test('the same request with another seed or choice is another answer', async () => {
  const sampling = { ...neutralSampling, seed: 1 }
  const run = async (seed: number, choice: number) =>
    tokensOf(await new SmallSwarm(THREE).run({ sampling: { ...sampling, seed }, choice })).join()
  const answers = [await run(1, 0), await run(2, 0), await run(1, 1)]
  assert.equal(new Set(answers).size, 3)
  assert.equal(await run(1, 0), answers[0])
})

test('an end id ends the answer and is not part of it', async () => {
  const swarm = new SmallSwarm(THREE)
  const events = await swarm.run({ endIds: new Set([expected[5]!]) })
  const before = expected.indexOf(expected[5]!)
  assert.deepEqual(tokensOf(events), expected.slice(0, before))
  assert.deepEqual(events.at(-1), { type: 'ended', reason: 'stop' })
})

test('aborting at any frame, in open, prefill or decode, frees every hop before the caller hears of it', async () => {
  const counting = new SmallSwarm(THREE)
  let lastAnswer = 0
  counting.network.onFrame = ({ index, to, protocol }) => {
    if (protocol === answerProtocol.id && to === counting.driverId) lastAnswer = index
  }
  await counting.run()
  for (let frame = 0; frame <= lastAnswer; frame += 2) {
    const swarm = new SmallSwarm(THREE)
    const controller = new AbortController()
    swarm.network.onFrame = ({ index }) => {
      if (index === frame) controller.abort(new Error('enough'))
    }
    const started = swarm.clock.now()
    const run = Array.fromAsync(swarm.generate({}, {}, controller.signal))
    await assert.rejects(swarm.clock.until(run), { message: 'enough' })
    assert.deepEqual(swarm.freeBlocks(), [256, 256, 256], `aborted at frame ${frame}`)
    assert.ok(swarm.clock.now() - started < 10_000)
    await swarm.clock.pass(10_000)
    assert.deepEqual(swarm.network.open, [], `aborted at frame ${frame}`)
  }
})

test('leaving the loop frees every hop', async () => {
  const swarm = new SmallSwarm(THREE)
  const events = swarm.generate()
  for (let seen = 0; seen < 4; seen++) await swarm.clock.until(events.next())
  assert.deepEqual(swarm.freeBlocks(), [253, 253, 253])
  // Not before the slowest hop is done.
  swarm.hosts[2]!.engine.holdRelease = () => new Promise(resolve => swarm.clock.after(500, resolve))
  await swarm.clock.until(events.return())
  assert.deepEqual(swarm.freeBlocks(), [256, 256, 256])
})

test('aborting after a hop has died frees the others too', async () => {
  const swarm = new SmallSwarm(THREE)
  const controller = new AbortController()
  swarm.network.onFrame = ({ index }) => {
    if (index !== 50) return
    swarm.network.kill(swarm.hosts[1]!.id)
    swarm.gone.add(swarm.hosts[1]!.id)
    swarm.clock.after(3_000, () => controller.abort(new Error('enough')))
  }
  await assert.rejects(swarm.clock.until(Array.fromAsync(swarm.generate({}, {}, controller.signal))), { message: 'enough' })
  const [a, , c] = swarm.freeBlocks()
  assert.deepEqual([a, c], [256, 256])
})

test('answers come along the chain when the last hop can’t be reached directly', async () => {
  const swarm = new SmallSwarm(THREE)
  swarm.network.refuse(swarm.driverId, swarm.hosts[2]!.id, answerProtocol.id)
  const sampling = { ...neutralSampling, temperature: 1.4, seed: 44 }
  assert.deepEqual(tokensOf(await swarm.run({ sampling })), await sampledReference(sampling, 0, 12))
  let direct = 0
  const other = new SmallSwarm(THREE)
  other.network.onFrame = ({ protocol, from }) => {
    if (protocol === answerProtocol.id && from === other.hosts[2]!.id) direct++
  }
  await other.run()
  assert.ok(direct >= 11, `${direct} answers came directly`)
})

test('a driver never has more steps in flight than its window, nor does a hop', async () => {
  for (const window of [1, 2, 5]) {
    const swarm = new SmallSwarm(THREE)
    // The last hop is the slow one, so that only its credit holds the others back.
    swarm.hosts[2]!.engine.hold = () => swarm.clock.turns(12)
    const sent = new Map<string, number>()
    const credited = new Map<string, number>()
    let most = 0
    swarm.network.onFrame = ({ from, to, protocol, bytes }) => {
      if (protocol !== chainProtocol.id) return
      const { step, credit } = ChainFrame.decode(bytes)
      if (step !== undefined) {
        sent.set(from, step.number)
        const inFlight = step.number - (credited.get(from) ?? 0)
        most = Math.max(most, inFlight)
        assert.ok(inFlight <= window, `${inFlight} steps in flight with a window of ${window}`)
      }
      // Counted when it leaves, which is before its reader can act on it.
      if (credit !== undefined) credited.set(to, credit.number)
    }
    const prompt = Array.from({ length: 200 }, (_, at) => at % STAND_IN.vocabulary)
    assert.deepEqual(tokensOf(await swarm.run({ prompt, maxTokens: 3 }, { window })), await greedyReference(prompt, 3))
    assert.equal(most, window)
  }
})

test('hops hear how much of a prompt is to come, and whether anybody reads along', async () => {
  const swarm = new SmallSwarm(THREE)
  const heard: string[] = []
  swarm.network.fate = ({ protocol, bytes }) => {
    const { open, step } = protocol === chainProtocol.id ? ChainFrame.decode(bytes) : {}
    if (open !== undefined) heard.push(OpenPlan.decode(open.plan).background ? 'background' : 'somebody reads')
    if (step !== undefined && step.position < PROMPT.length) heard.push(`${step.position + step.count + step.promptLeft}`)
    return [{}]
  }
  await swarm.run({ background: true })
  assert.deepEqual(new Set(heard), new Set(['background', `${PROMPT.length}`]))
})

test('many sessions at once get what each would get alone', async () => {
  const swarm = new SmallSwarm(THREE)
  // Runs take a few turns, so that steps of several sessions meet in the queue.
  for (const { engine } of swarm.hosts) engine.hold = () => swarm.clock.turns(3)
  const prompts = Array.from({ length: 8 }, (_, at) => PROMPT.map(id => (id + 11 * at) % STAND_IN.vocabulary))
  const runs = await swarm.clock.until(Promise.all(prompts.map(prompt => Array.fromAsync(swarm.generate({ prompt })))))
  for (const [at, events] of runs.entries()) assert.deepEqual(tokensOf(events), await greedyReference(prompts[at]!, 12))
  // A third of them, or so, at each of three hops.
  assert.ok(swarm.hosts[1]!.engine.batches.some(batch => batch.length > 1))
  assert.deepEqual(swarm.freeBlocks(), [256, 256, 256])
})

test('full hosts make sessions wait their turn; one that can never fit is told so', async () => {
  const swarm = new SmallSwarm(THREE.map(span => ({ ...span, blocks: 6 })))
  const runs = Array.from({ length: 4 }, () => Array.fromAsync(swarm.generate({}, { openMs: 120_000 })))
  for (const events of await swarm.clock.until(Promise.all(runs))) assert.deepEqual(tokensOf(events), expected)
  await assert.rejects(swarm.run({ maxTokens: 200 }), { code: 'BUSY' })
  assert.deepEqual(swarm.freeBlocks(), [6, 6, 6])
})

test('activations in f32 and f16 give the stand-in’s tokens alike', async () => {
  for (const encoding of [Encoding.AUTO, Encoding.F32]) {
    assert.deepEqual(tokensOf(await new SmallSwarm(THREE).run({}, { encoding })), expected)
  }
})

test('a chain takes each answer once, in whatever order and however often it comes', async () => {
  const swarm = new SmallSwarm(THREE)
  swarm.network.fate = ({ protocol }) => (protocol === answerProtocol.id ? [{ delayMs: 7 }, { delayMs: 3 }, {}] : [{}, {}])
  assert.deepEqual(tokensOf(await swarm.run()), expected)
})

test('a step, credit or answer that gets lost on the way is sent again within the epoch', async () => {
  for (const kind of ['step', 'credit', 'answer'] as const) {
    for (const nth of [1, 2, 5, 9]) {
      const swarm = new SmallSwarm(THREE)
      let seen = 0
      swarm.network.fate = ({ protocol, bytes }) => {
        const frame = protocol === chainProtocol.id ? ChainFrame.decode(bytes) : AnswerFrame.decode(bytes)
        return kind in frame && frame[kind as keyof typeof frame] !== undefined && ++seen === nth ? [] : [{}]
      }
      const events = await swarm.run({}, { window: 1 })
      assert.deepEqual(tokensOf(events), expected)
      assert.ok(!events.some(event => event.type === 'recovered'), `${kind} ${nth}`)
    }
  }
})

test('what a last hop makes up is refused and charged to it', async () => {
  const swarm = new SmallSwarm([...THREE, { first: 6, end: 8, decodeRate: 1 }])
  const liar = swarm.hosts[2]!.id
  swarm.network.fate = ({ from, protocol, bytes }) => {
    if (from !== liar || protocol !== chainProtocol.id) return [{}]
    const frame = ChainFrame.decode(bytes)
    const row = frame.answer?.rows[0]
    if (row === undefined) return [{}]
    row.ids[0] = STAND_IN.vocabulary + 5
    return [{ bytes: ChainFrame.encode(frame) }]
  }
  swarm.network.refuse(swarm.driverId, liar, answerProtocol.id)
  const events = await swarm.run()
  assert.deepEqual(tokensOf(events), expected)
  assert.ok(swarm.reputation.isBanned(liar, swarm.clock.now()))
})

test('opening gives up when the signal does, and names who can’t be reached', async () => {
  const swarm = new SmallSwarm(THREE)
  const route = {
    hops: swarm.hosts.map(({ id, engine, links }) => ({
      peer: id,
      addresses: links.addresses(),
      span: engine.shape.span,
      numerics: 'stand-in',
      promisedMs: 1,
      promisedBatchedMs: 1
    })),
    decodeMs: 1,
    prefillMs: 1
  }
  swarm.network.kill(swarm.hosts[2]!.id)
  const { links, privateKey, clock, model, limits } = swarm.context()
  const options = {
    links,
    privateKey,
    clock,
    model,
    route,
    session: new Uint8Array(16),
    epoch: 1,
    reserveTokens: 32,
    committed: 0,
    background: false,
    pace: new Pace(),
    reachMs: () => Infinity,
    stoodStill: () => false
  }
  const opening = openChain({ ...options, ...limits }, new AbortController().signal)
  await assert.rejects(swarm.clock.until(opening), { code: 'PEER_LOST', details: { peer: swarm.hosts[2]!.id } })
  assert.deepEqual(swarm.freeBlocks().slice(0, 2), [256, 256])
})

test('a session leaves a chain that is far slower than promised for a better one, and not again for nothing', async () => {
  const whole = { first: 0, end: 8 }
  const swarm = new SmallSwarm([
    { ...whole, decodeRate: 100 },
    { ...whole, decodeRate: 90 },
    { ...whole, decodeRate: 80 }
  ])
  const ids = swarm.hosts.map(({ id }) => id)
  // All crawl: once each of two has disappointed, the session stays where it is.
  for (const { engine } of swarm.hosts) engine.hold = () => new Promise(resolve => swarm.clock.after(1_000, resolve))
  const events = await swarm.run({ maxTokens: 60 })
  assert.deepEqual(tokensOf(events), await greedyReference(PROMPT, 60))
  const moves = events.flatMap(event => (event.type === 'recovered' ? [event.recovery] : []))
  assert.deepEqual(
    moves.map(({ lost, route }) => [lost, route.hops[0]!.peer]),
    [
      ['', ids[1]],
      ['', ids[2]]
    ]
  )
  assert.ok(ids.every(id => !swarm.reputation.isBanned(id, swarm.clock.now())))
  await swarm.clock.pass(60_000)
  assert.deepEqual(swarm.freeBlocks(), [256, 256, 256])
})

test('a session stays on a slow chain when there is none much better', async () => {
  const swarm = new SmallSwarm([
    { first: 0, end: 8, decodeRate: 100 },
    { first: 0, end: 8, decodeRate: 12 }
  ])
  swarm.hosts[0]!.engine.hold = () => new Promise(resolve => swarm.clock.after(1_000, resolve))
  const events = await swarm.run({ maxTokens: 40 })
  assert.ok(events.every(event => event.type !== 'recovered'))
})

test('a peer slower than it announced is passed by in the next session', async () => {
  const swarm = new SmallSwarm([
    { first: 0, end: 8, decodeRate: 10_000 },
    { first: 0, end: 8, decodeRate: 1_000 }
  ])
  const [boaster, honest] = swarm.hosts.map(({ id }) => id)
  swarm.hosts[0]!.engine.hold = () => new Promise(resolve => swarm.clock.after(200, resolve))
  const peersOf = (events: Awaited<ReturnType<typeof swarm.run>>) =>
    events.flatMap(event => (event.type === 'opened' ? event.route.hops.map(hop => hop.peer) : []))
  const first = await swarm.run()
  assert.deepEqual([peersOf(first), tokensOf(first)], [[boaster], expected])
  assert.ok(swarm.reputation.ratio(boaster!, swarm.clock.now()) < 0.1)
  const second = await swarm.run()
  assert.deepEqual([peersOf(second), tokensOf(second)], [[honest], expected])
})
