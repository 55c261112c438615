import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { NoRouteError } from '../../../peer/errors.ts'
import { manifestOf } from '../../../peer/model/manifest.ts'
import { Tokenizer } from '../../../peer/model/tokenizer.ts'
import { openCompletionService } from '../../../peer/session/completion.ts'
import type { Drafter } from '../../../peer/session/drafter.ts'
import { neutralSampling } from '../../../peer/session/neutral-sampling.ts'
import type { CompletionEvent, CompletionRequest } from '../../../peer/session/types.ts'
import { signAnnouncement } from '../../../peer/swarm/announcement.ts'
import { bytesSource } from '../../../peer/weights/source.ts'
import { goldenModelPath } from '../../oracle/goldens.ts'
import { seer } from '../host/seer.ts'
import { type HostSpan, SmallSwarm } from '../host/small-swarm.ts'
import { greedyReference } from '../host/stand-in-engine.ts'

// The embedded model's tokenizer, template and sizes; the numbers come from the stand-in engine.
const manifest = await manifestOf(bytesSource(readFileSync(goldenModelPath()), 'psalter'))
const { layers, vocabulary, contextLength } = manifest.manifest.hyperparameters
const model = { digest: manifest.digest, layers, width: 4, vocabulary, contextLength }
const tokenizer = new Tokenizer(manifest.manifest.tokenizer)

const PROMPT = 'The LORD is my shepherd;'
/** The stand-in draws no end token after this one before the context is full. */
const LONG_WINDED = 'And it came to pass'
const greedy = { ...neutralSampling, temperature: 0 }
const reference = await greedyReference(tokenizer.encode(PROMPT), 24, model)
const whole = tokenizer.decode(reference)

/** Right four times of five. */
const drafter = seer([...tokenizer.encode(PROMPT), ...reference], vocabulary, position => position % 5 === 0)

const TWO: HostSpan[] = [
  { first: 0, end: 3 },
  { first: 3, end: layers }
]

function swarmOf(hosts: HostSpan[] = TWO, drafter?: Drafter) {
  const swarm = new SmallSwarm(hosts, model)
  const service = openCompletionService({
    links: swarm.driverLinks,
    privateKey: swarm.driverKey,
    manifest: {
      ...manifest,
      manifest: { ...manifest.manifest, hyperparameters: { ...manifest.manifest.hyperparameters, width: 4 } }
    },
    reputation: swarm.reputation,
    clock: swarm.clock,
    ...(drafter === undefined ? {} : { drafter }),
    directory: {
      query: () =>
        Promise.all(
          swarm.directory().entries.map(async ({ announcement, ageMs }) => {
            const key = swarm.hosts.find(({ id }) => id === announcement.peer)?.key ?? swarm.strangerKey
            return { announcement: await signAnnouncement(announcement, key), ageMs }
          })
        )
    }
  })
  const complete = (change: Partial<CompletionRequest> = {}, signal?: AbortSignal) =>
    swarm.clock.until(
      Array.fromAsync(service.complete({ input: { text: PROMPT }, sampling: greedy, stop: [], maxTokens: 24, ...change }, signal))
    )
  return { swarm, service, complete }
}

function textOf(events: readonly CompletionEvent[]): string {
  return events.map(event => (event.type === 'text' ? event.text : '')).join('')
}

function finish(events: readonly CompletionEvent[]) {
  const last = events.at(-1)
  assert.equal(last?.type, 'finished')
  return last as Extract<CompletionEvent, { type: 'finished' }>
}

test('text in, text out, with its chain and what each hop took', async () => {
  const { swarm, complete } = swarmOf(TWO, drafter)
  const events = await complete()
  assert.equal(textOf(events), whole)
  const { session, ...begun } = events[0] as Extract<CompletionEvent, { type: 'started' }>
  assert.match(session!, /^[^/]+\/[0-9a-f]{32}$/)
  assert.deepEqual(begun, {
    type: 'started',
    model: manifest.digest,
    promptTokens: tokenizer.encode(PROMPT).length,
    chain: swarm.hosts.map(({ id, engine }) => ({ peer: id, span: engine.shape.span }))
  })
  assert.deepEqual(
    events.flatMap(event => (event.type === 'text' ? event.tokens : [])),
    reference
  )
  const { reason, completionTokens, hops, drafts } = finish(events)
  assert.deepEqual([reason, completionTokens, hops.length], ['length', 24, 2])
  assert.ok(drafts!.accepted >= 12 && drafts!.drafted > drafts!.accepted, 'several tokens a step, some of them wrong')
  assert.deepEqual(swarm.freeBlocks(), [256, 256])
})

test('an answer ends before a stop text, which may lie across tokens and is never shown', async () => {
  const { complete } = swarmOf()
  for (const from of [3, 7, 11, 16]) {
    // From the middle of one token to the middle of another.
    const start = tokenizer.decode(reference.slice(0, from)).length - 1
    const stop = whole.slice(start, start + 9)
    const events = await complete({ stop: ['never in there', stop] })
    assert.equal(textOf(events), whole.slice(0, whole.indexOf(stop)), `stop at ${JSON.stringify(stop)}`)
    assert.equal(finish(events).reason, 'stop')
  }
})

test('a request may have each token computed in a step of its own, and reads the same, stop texts too', async () => {
  const { complete } = swarmOf(TWO, drafter)
  for (const stop of [[], [whole.slice(31, 40)], [whole.slice(-9)]]) {
    const [plain, drafted] = [await complete({ stop, speculate: false }), await complete({ stop })]
    assert.deepEqual(finish(plain).drafts, { drafted: 0, accepted: 0 })
    assert.ok(finish(drafted).drafts!.accepted > 4)
    const shown = (events: readonly CompletionEvent[]) => events.filter(({ type }) => type === 'text')
    assert.deepEqual(shown(plain), shown(drafted))
    assert.equal(finish(plain).reason, finish(drafted).reason)
  }
})

test('log-probabilities keep pace with the text and never tell a stop text', async () => {
  const { complete } = swarmOf()
  const told = (events: readonly CompletionEvent[]) => events.flatMap(event => (event.type === 'text' ? event.logprobs! : []))
  const all = told(await complete({ logprobs: 2 }))
  assert.deepEqual(
    all.map(({ token }) => token),
    reference.map(id => tokenizer.decode([id]))
  )
  let text = ''
  for (const { token, bytes, offset, top, logprob } of all) {
    assert.equal(offset, [...text].length)
    text += token
    assert.equal(new TextDecoder().decode(Uint8Array.from(bytes!)), token)
    assert.deepEqual([top.length, top[0]], [2, { token, bytes, logprob }])
  }
  assert.equal(text, whole)
  // A stop text from the middle of one token to the middle of another: tokens before it, and the one it begins in, are told.
  const from = tokenizer.decode(reference.slice(0, 7)).length - 1
  const stopped = await complete({ logprobs: 0, stop: [whole.slice(from, from + 9)] })
  const shown = textOf(stopped)
  assert.deepEqual(
    told(stopped).map(({ token, offset }) => [token, offset]),
    all.filter(({ offset }) => offset < [...shown].length).map(({ token, offset }) => [token, offset])
  )
  assert.equal(
    (await complete()).some(event => 'logprobs' in event),
    false
  )
})

test('what looked like a stop text at the end of the answer is shown', async () => {
  const { complete } = swarmOf()
  const events = await complete({ stop: [`${whole.slice(-4)} and more`] })
  assert.equal(textOf(events), whole)
  assert.equal(finish(events).reason, 'length')
})

test('an answer fills the context and no more; what can’t fit is refused before anything is asked of a hop', async () => {
  const { swarm, complete } = swarmOf()
  const prompt = tokenizer.encode(LONG_WINDED).length
  const events = await complete({ input: { text: LONG_WINDED }, maxTokens: undefined })
  assert.equal(finish(events).completionTokens, contextLength - prompt)
  assert.equal(finish(events).reason, 'length')
  const before = swarm.network.frames
  await assert.rejects(complete({ input: { text: LONG_WINDED }, maxTokens: contextLength - prompt + 1 }), {
    code: 'CONTEXT_LENGTH'
  })
  await assert.rejects(complete({ input: { text: PROMPT.repeat(contextLength) } }), { code: 'CONTEXT_LENGTH' })
  assert.equal(swarm.network.frames, before)
})

test('requests that make no sense are refused by field', async () => {
  const { complete } = swarmOf()
  const wrong: [string, Partial<CompletionRequest>][] = [
    ['temperature', { sampling: { ...greedy, temperature: -1 } }],
    ['temperature', { sampling: { ...greedy, temperature: Number.NaN } }],
    ['top_p', { sampling: { ...greedy, topP: 0 } }],
    ['top_k', { sampling: { ...greedy, topK: 1.5 } }],
    ['min_p', { sampling: { ...greedy, minP: 2 } }],
    ['typical_p', { sampling: { ...greedy, typicalP: 0 } }],
    ['repetition_penalty', { sampling: { ...greedy, repetitionPenalty: 0 } }],
    ['frequency_penalty', { sampling: { ...greedy, frequencyPenalty: Number.NaN } }],
    ['presence_penalty', { sampling: { ...greedy, presencePenalty: Number.POSITIVE_INFINITY } }],
    ['logit_bias', { sampling: { ...greedy, logitBias: [[vocabulary, 1]] } }],
    ['logit_bias', { sampling: { ...greedy, logitBias: [[1.5, 1]] } }],
    ['logit_bias', { sampling: { ...greedy, logitBias: [[1, Number.NaN]] } }],
    ['top_logprobs', { logprobs: 21 }],
    ['seed', { sampling: { ...greedy, seed: -1 } }],
    ['max_tokens', { maxTokens: 0 }],
    ['stop', { stop: [''] }],
    ['stop', { stop: Array.from({ length: 17 }, () => 'x') }]
  ]
  for (const [param, change] of wrong) await assert.rejects(complete(change), { code: 'INVALID_REQUEST', details: { param } })
})

test('a chat goes through the model’s own template', async () => {
  const { complete } = swarmOf()
  const events = await complete({ input: { messages: [{ role: 'user', content: PROMPT }] }, maxTokens: 4 })
  assert.equal(finish(events).completionTokens, 4)
})

test('a lost hop shows as recovered, and nothing emitted changes', async () => {
  const { swarm, complete } = swarmOf([
    { first: 0, end: 3 },
    { first: 3, end: layers },
    { first: 3, end: layers }
  ])
  swarm.network.onFrame = ({ index }) => {
    if (index !== 60) return
    swarm.network.kill(swarm.hosts[1]!.id)
    swarm.gone.add(swarm.hosts[1]!.id)
  }
  const events = await complete()
  assert.equal(textOf(events), whole)
  const recovered = events.find(event => event.type === 'recovered')
  assert.equal(recovered?.lost, swarm.hosts[1]!.id)
  assert.deepEqual(
    recovered?.chain.map(({ peer }) => peer),
    [swarm.hosts[0]!.id, swarm.hosts[2]!.id]
  )
})

test('another numerics class takes over only where nobody else can, and the reader is told', async () => {
  for (const [spare, changed] of [
    ['kv=f16', false],
    ['kv=f32', true]
  ] as const) {
    const { swarm, complete } = swarmOf([
      { first: 0, end: 3, numerics: 'kv=f16' },
      { first: 3, end: layers, numerics: 'kv=f16' },
      { first: 3, end: layers, numerics: 'kv=f32', decodeRate: 90 },
      { first: 3, end: layers, numerics: spare, decodeRate: 10 }
    ])
    swarm.network.onFrame = ({ index }) => {
      if (index === 60) swarm.kill(1)
    }
    const events = await complete()
    const recovered = events.find(event => event.type === 'recovered')
    assert.equal(recovered?.numericsChanged, changed)
    assert.equal(recovered?.chain[1]?.peer, swarm.hosts[changed ? 2 : 3]!.id)
  }
})

test('a hole is said so at once, with when to come back', async () => {
  const { swarm, complete } = swarmOf([{ first: 0, end: 3 }])
  const before = swarm.clock.now()
  await assert.rejects(
    complete(),
    (error: unknown) => error instanceof NoRouteError && error.details.retryAfterMs === 10_000 && /layers 3/.test(error.message)
  )
  assert.equal(swarm.clock.now(), before)
})

test('a request waits a moment for a peer that loads, whose word may be late, and no longer', async () => {
  const { swarm, complete } = swarmOf([{ first: 0, end: 3 }])
  const serving = swarm.directory.bind(swarm)
  swarm.directory = () => {
    const found = serving()
    const [{ announcement }] = found.entries as [(typeof found.entries)[number]]
    const loading = { ...announcement.offers[0]!, span: { first: 3, end: layers }, state: 'loading' as const }
    return {
      entries: [...found.entries, { announcement: { ...announcement, peer: swarm.strangerId, offers: [loading] }, ageMs: 0 }]
    }
  }
  const before = swarm.clock.now()
  await assert.rejects(complete(), { code: 'NO_ROUTE' })
  const waited = swarm.clock.now() - before
  assert.ok(waited >= 4_000 && waited <= 6_100, `${waited} ms`)
  swarm.clock.after(2_000, () => swarm.add({ first: 3, end: layers }))
  assert.equal(textOf(await complete()), whole)
})

test('a deadline ends the answer and frees the hops', async () => {
  const { swarm, complete } = swarmOf()
  for (const { engine } of swarm.hosts) engine.hold = () => new Promise(resolve => swarm.clock.after(400, resolve))
  await assert.rejects(complete({ deadlineMs: 3_000 }), { code: 'DEADLINE' })
  await swarm.clock.pass(1_000)
  assert.deepEqual(swarm.freeBlocks(), [256, 256])
})

test('an answer goes on after what the reader has of it, and repeats nothing', async () => {
  const { service, complete } = swarmOf()
  const answered = tokenizer.decode(reference.slice(0, 10))
  const events = await complete({ answered, maxTokens: 14 })
  const text = events.map(event => (event.type === 'text' ? event.text : '')).join('')
  const asked = [...tokenizer.encode(PROMPT), ...tokenizer.encodeMore(answered)]
  // Text cut into other tokens than were drawn may go on otherwise; what is fed is prompt and answer, each once.
  assert.equal(text, tokenizer.decode(await greedyReference(asked, 14, model)))
  assert.equal(service.measure({ input: { text: PROMPT }, answered, sampling: greedy, stop: [] }).promptTokens, asked.length)
  assert.equal(tokenizer.decode(asked.slice(tokenizer.encode(PROMPT).length)), answered)
})

test('the first chain runs through the peers asked for, whatever others cost', async () => {
  const { swarm, complete } = swarmOf([
    { first: 0, end: layers },
    { first: 0, end: 3 },
    { first: 3, end: layers }
  ])
  const [, ...pair] = swarm.hosts.map(({ id }) => id)
  const peersOf = (events: CompletionEvent[]) =>
    events.flatMap(event => (event.type === 'started' ? event.chain.map(({ peer }) => peer) : []))
  assert.deepEqual(peersOf(await complete()), [swarm.hosts[0]!.id])
  const events = await complete({ onlyPeers: new Set(pair) })
  assert.deepEqual(peersOf(events), pair)
  const finished = events.at(-1)!
  assert.ok(finished.type === 'finished' && finished.compute !== undefined)
  assert.deepEqual(
    finished.compute.map(({ peer }) => peer),
    pair
  )
})
