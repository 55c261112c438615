/**
 * `links`: chains of three over links of 10, 40 and 80 ms each way. Tokens a second with and without drafts, on text that
 * repeats and on text that does not, by real engines; the first token of a long prompt in chunks and in one piece, by engines
 * that compute by waiting, since three GPUs are not to be had on one machine; and how busy those are with many answers at once,
 * in micro-batches and not.
 */
import { readFileSync } from 'node:fs'
import { requestGpu } from '../../../peer/engine/adapter.ts'
import { type EngineDevice, openDevice } from '../../../peer/engine/device.ts'
import { measureSpan } from '../../../peer/engine/measure.ts'
import { createSpanEngine } from '../../../peer/engine/span.ts'
import { manifestOf } from '../../../peer/model/manifest.ts'
import { ModelText } from '../../../peer/model/model-text.ts'
import type { DriverLimits } from '../../../peer/session/driver-limits.ts'
import { neutralSampling } from '../../../peer/session/neutral-sampling.ts'
import { bytesSource } from '../../../peer/weights/source.ts'
import { readModel } from '../../unit/engine/psalter.ts'
import type { Bench, BenchContext } from '../bench.ts'
import { measureAlternately } from '../measure.ts'
import { psalter } from '../models.ts'
import { type MeasuredRow, type Row, ratioRow } from '../rows.ts'
import { type ChainEngine, type DistantAnswer, DistantChain } from './distant-chain.ts'
import { type WaitingEngine, waitingEngine, waitingHops } from './waiting-engine.ts'

const bench = 'links'
const HOPS = 3
const DELAYS_MS = [10, 40, 80]
const QUICK_DELAYS_MS = [40]
/** The delay that the goal is set for. */
const GOAL_MS = 40
const GAIN = 2
const NO_LOSS = 0.95
const TOKENS = 64
const QUICK_TOKENS = 24
/** Of a quick run, kept for what comes last, */
const FIRST_TOKEN_MS = 10_000
/** for how busy hops are, */
const BUSY_MS = 8_000
/** and for each cell that comes. */
const CELL_MS = 8_000

/** The model goes round and round after it. */
const REPEATING = 'Holy, holy, holy, holy, holy, holy,'
const TEXTS = {
  'text that repeats': { prompt: REPEATING, sampling: { ...neutralSampling, temperature: 0 } },
  'text that does not': { prompt: 'And it came to pass', sampling: { ...neutralSampling, temperature: 1.3, seed: 7 } }
}

export const links: Bench = {
  name: bench,
  run: async context => {
    if (context.adapter === undefined) return [{ bench, name: 'speculation', notRun: 'no WebGPU adapter' }]
    return [
      ...(await speculation({ ...context, deadline: context.deadline - FIRST_TOKEN_MS - BUSY_MS })),
      ...(await firstToken({ ...context, deadline: context.deadline - BUSY_MS })),
      ...(await utilisation(context))
    ]
  }
}

async function speculation(context: BenchContext): Promise<Row[]> {
  const { quick, signal, deadline, log } = context
  const { path } = psalter()
  const { manifest, digest } = await manifestOf(bytesSource(readFileSync(path), 'psalter'))
  const { layers, width, vocabulary, contextLength } = manifest.hyperparameters
  const { tokenizer } = new ModelText(manifest)
  const device = await openDevice(await requestGpu())
  try {
    log(`loads psalter in ${HOPS} spans`)
    const engines = await spansOf(device, path, layers)
    const chain = await DistantChain.start({ digest, layers, width, vocabulary, contextLength }, engines)
    const rows: Row[] = []
    const delays = quick ? QUICK_DELAYS_MS : DELAYS_MS
    try {
      // Compiles and dials.
      await chain.answer({ prompt: tokenizer.encode(REPEATING), maxTokens: 12 }, {}, signal)
      const cells = delays.flatMap(delayMs => Object.entries(TEXTS).map(([name, text]) => ({ delayMs, name, ...text })))
      for (const [at, { delayMs, name, prompt, sampling }] of cells.entries()) {
        chain.delayMs = delayMs
        log(`${delayMs} ms, ${name}`)
        const ask = (speculate: boolean) => () =>
          chain.answer(
            { prompt: tokenizer.encode(prompt), maxTokens: quick ? QUICK_TOKENS : TOKENS, sampling, speculate },
            {},
            signal
          )
        const answers = await measureAlternately<'with' | 'without', DistantAnswer>(
          { with: ask(true), without: ask(false) },
          { rounds: quick ? 1 : 3, warmUps: 0, deadline: deadline - (cells.length - at - 1) * CELL_MS, signal }
        )
        const goal = name === 'text that does not' ? NO_LOSS : delayMs === GOAL_MS ? GAIN : undefined
        const row = speedRow(`${delayMs} ms, ${name}`, answers, goal)
        log(`${row.ratio?.toFixed(2)} times as fast, ${row.note}`)
        rows.push(row)
      }
      return rows
    } finally {
      await chain.close()
    }
  } finally {
    device.close()
  }
}

async function spansOf(device: EngineDevice, path: string, layers: number): Promise<ChainEngine[]> {
  const { hyperparameters, reader } = await readModel(path)
  const edge = (hop: number) => Math.round((layers * hop) / HOPS)
  const engines: ChainEngine[] = []
  for (let hop = 0; hop < HOPS; hop++) {
    const span = { first: edge(hop), end: edge(hop + 1) }
    const engine = await createSpanEngine({ device, hyperparameters, span, tensors: reader, kvTokens: 512 })
    const { prefillTokenLayersPerSecond: prefill, decodeTokenLayersPerSecond: decode } = await measureSpan(engine)
    engines.push({ engine, rates: { prefill, decode } })
  }
  return engines
}

/** Three GPUs, each with a third of a model: 4 ms to read its weights, a quarter of a millisecond for each token. */
const COST = { fixedMs: 4, tokenMs: 0.25 }
const PROMPT_TOKENS = 512
const STAND_IN = { layers: 6, width: 16, vocabulary: 64, contextLength: 1_024 }

async function firstToken({ quick, signal, deadline, log }: BenchContext): Promise<Row[]> {
  const model = { digest: 'ab'.repeat(32), ...STAND_IN }
  const rows: Row[] = []
  const chain = await DistantChain.start(model, waitingHops(STAND_IN, COST))
  // One such hop with nothing behind it.
  const single = await DistantChain.start(model, [waitingEngine(STAND_IN, { first: 0, end: STAND_IN.layers }, COST)])
  try {
    const prompt = Array.from({ length: PROMPT_TOKENS }, (_, at) => (at * 31 + 5) % STAND_IN.vocabulary)
    const first = async (of: DistantChain, tokens: number[], limits: Partial<DriverLimits>) =>
      (await of.answer({ prompt: tokens, maxTokens: 1 }, limits, signal)).ttftMs
    // To open a chain and send a token through it takes as long whatever the prompt's length.
    const ask = (of: DistantChain, limits: Partial<DriverLimits>) => async () =>
      (await first(of, prompt, limits)) - (await first(of, prompt.slice(0, 1), limits))
    await first(chain, prompt, {})
    await first(single, prompt, {})
    for (const delayMs of quick ? QUICK_DELAYS_MS : DELAYS_MS) {
      chain.delayMs = delayMs
      single.delayMs = delayMs
      const samples = await measureAlternately(
        {
          chunks: ask(chain, {}),
          'four steps in flight': ask(chain, { window: 4 }),
          'one piece': ask(chain, { chunkTokens: PROMPT_TOKENS }),
          'one hop': ask(single, {})
        },
        { rounds: quick ? 1 : 5, warmUps: 0, deadline, signal }
      )
      for (const against of ['one piece', 'four steps in flight', 'one hop'] as const) {
        const name = `${delayMs} ms, prefill of ${PROMPT_TOKENS} tokens through ${HOPS} hops`
        rows.push(ratioRow({ bench, name, unit: 'ms', against }, samples.chunks, samples[against]))
      }
      for (const [name, ms] of Object.entries(samples)) log(`${delayMs} ms, ${name}: ${ms.map(Math.round).join(' ')}`)
    }
    return rows
  } finally {
    await chain.close()
    await single.close()
  }
}

/** Engines whose tokens cost as much as their weights: where a batch of all is no quicker than some smaller ones. */
const HEAVY = { fixedMs: 4, tokenMs: 2 }
const ANSWERS = 12
const ANSWER_TOKENS = { quick: 12, full: 32 }

async function utilisation({ quick, signal, deadline, log }: BenchContext): Promise<Row[]> {
  const model = { digest: 'ab'.repeat(32), ...STAND_IN }
  const [ours, theirs] = [waitingHops(STAND_IN, HEAVY), waitingHops(STAND_IN, HEAVY)]
  const batched = await DistantChain.start(model, ours)
  const whole = await DistantChain.start(model, theirs, { inArrivalOrder: true })
  const tokens = ANSWER_TOKENS[quick ? 'quick' : 'full']
  const rows: Row[] = []
  try {
    for (const delayMs of quick ? [10] : [0, 10, 40]) {
      batched.delayMs = delayMs
      whole.delayMs = delayMs
      const samples = await measureAlternately(
        {
          'micro-batches': () => busyShare(batched, ours, tokens, signal),
          'one batch': () => busyShare(whole, theirs, tokens, signal)
        },
        { rounds: quick ? 1 : 4, warmUps: quick ? 0 : 1, deadline, signal }
      )
      for (const [name, all] of Object.entries(samples))
        log(`${delayMs} ms, ${name}: ${all.map(({ busy, rate }) => `${busy.toFixed(2)} busy, ${rate.toFixed(0)}/s`).join('; ')}`)
      for (const [what, unit, of] of [
        ['a hop computes', 'of the time', ({ busy }: Busy) => busy],
        ['all tokens', 'tokens/s', ({ rate }: Busy) => rate]
      ] as const) {
        const facts = { bench, name: `${delayMs} ms, ${ANSWERS} answers at once: ${what}`, unit, against: 'one batch' }
        rows.push(ratioRow(facts, samples['micro-batches'].map(of), samples['one batch'].map(of)))
      }
    }
    return rows
  } finally {
    await batched.close()
    await whole.close()
  }
}

interface Busy {
  /** The part of the time that a hop computes, of all hops' mean. */
  busy: number
  /** Tokens a second. */
  rate: number
}

async function busyShare(
  chain: DistantChain,
  engines: readonly WaitingEngine[],
  tokens: number,
  signal: AbortSignal
): Promise<Busy> {
  const busyMs = () => engines.reduce((sum, engine) => sum + engine.busyMs(), 0) / engines.length
  const [before, startedAt] = [busyMs(), performance.now()]
  const ask = (by: number) => ({ prompt: [by, 2, 3, 4], maxTokens: tokens, speculate: false })
  await Promise.all(Array.from({ length: ANSWERS }, (_, by) => chain.answer(ask(by), {}, signal)))
  const ms = performance.now() - startedAt
  return { busy: (busyMs() - before) / ms, rate: (1_000 * ANSWERS * tokens) / ms }
}

function speedRow(
  name: string,
  { with: drafted, without: plain }: Record<'with' | 'without', DistantAnswer[]>,
  goal: number | undefined
): MeasuredRow {
  if (drafted.some(({ tokens }, round) => tokens.join() !== plain[round]!.tokens.join())) throw new Error(`${name}: another text`)
  const speed = ({ tpotMs }: DistantAnswer) => 1_000 / tpotMs
  const { drafted: tried, accepted } = drafted.at(-1)!
  return ratioRow(
    {
      bench,
      name: `${name}: with drafts`,
      unit: 'tokens/s',
      against: 'without',
      goal: goal === undefined ? undefined : { min: goal },
      note: `${accepted} of ${tried} drafted tokens right`
    },
    drafted.map(speed),
    plain.map(speed)
  )
}
