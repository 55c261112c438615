/**
 * `queue`: bursts of requests, most of them short and some long, at a chain that is slower than they come: first tokens and
 * ends of answers where hops take everything in the order it comes, and with short prompts first and decode before prefill.
 * The same arrivals for both. How far hops' expected waits are from what prompts waited, and what a crowd does to others.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { uniform } from '../../sim/random.ts'
import type { Bench, BenchContext } from '../bench.ts'
import { DistantChain } from '../links/distant-chain.ts'
import { waitingHops } from '../links/waiting-engine.ts'
import { measureAlternately } from '../measure.ts'
import { quantile, type Row, ratioRow } from '../rows.ts'
import { fairness, waitingMemory } from './crowd.ts'

const bench = 'queue'
/** Three GPUs, each with a third of a model: 4 ms to read its weights, a millisecond a token, so that prompts pile up. */
const COST = { fixedMs: 4, tokenMs: 1 }
const MODEL = { layers: 6, width: 64, vocabulary: 64, contextLength: 2_048 }
const BURSTS = 4
const BURST_MS = 1_500
/** In each burst, all within a tenth of a second: of prompts of 16 to 64 tokens, and of some ten times as long. */
const SHORT = { requests: 10, least: 16, most: 64 }
const LONG = { requests: 2, least: 300, most: 600 }
const ANSWER = { least: 4, most: 12 }
/** Room for all of them: it is for runs that they wait here. */
const LIMITS = { reserveAhead: 16 }

interface Arrival {
  atMs: number
  prompt: number[]
  maxTokens: number
}

interface Outcome {
  /** Of each request, from its arrival. */
  firstMs: number[]
  endMs: number[]
  /** Means over prompts at the first hop. */
  waitedMs: number
  missedMs: number
}

export const queue: Bench = {
  name: bench,
  run: async context => [...(await bursts(context)), ...(await fairness(context)), ...(await waitingMemory(context))]
}

async function bursts({ quick, signal, deadline }: BenchContext): Promise<Row[]> {
  const model = { digest: 'ab'.repeat(32), ...MODEL }
  const turns = await DistantChain.start(model, waitingHops(MODEL, COST))
  const arrivalOrder = await DistantChain.start(model, waitingHops(MODEL, COST), { inArrivalOrder: true })
  try {
    // Round by round other arrivals, the same for both.
    const rounds = (chain: DistantChain) => {
      let seed = 0
      return () => serve(chain, arrivalsOf(seed++, quick ? 1 : BURSTS), signal)
    }
    const samples = await measureAlternately(
      { turns: rounds(turns), 'arrival order': rounds(arrivalOrder) },
      { rounds: quick ? 2 : 5, warmUps: 1, deadline, signal }
    )
    return rowsOf(samples.turns, samples['arrival order'])
  } finally {
    await turns.close()
    await arrivalOrder.close()
  }
}

function rowsOf(turns: readonly Outcome[], plain: readonly Outcome[]): Row[] {
  const rows: Row[] = []
  for (const [name, of] of [
    ['first token', ({ firstMs }: Outcome) => firstMs],
    ['answer', ({ endMs }: Outcome) => endMs]
  ] as const)
    for (const part of [0.5, 0.99]) {
      const at = (all: readonly Outcome[]) => all.map(outcome => quantile(of(outcome), part))
      const facts = { bench, name: `${name}, p${part * 100}`, unit: 'ms', against: 'arrival order' }
      rows.push(ratioRow(facts, at(turns), at(plain)))
    }
  const facts = { bench, name: 'what a hop expects prompts to wait: error', unit: 'ms', against: 'what they waited' }
  const missed = turns.map(({ missedMs }) => missedMs)
  const waited = turns.map(({ waitedMs }) => waitedMs)
  rows.push(ratioRow(facts, missed, waited))
  return rows
}

/** Answers each request as it comes; all of them in the end. */
async function serve(chain: DistantChain, arrivals: readonly Arrival[], signal: AbortSignal): Promise<Outcome> {
  const before = chain.stats[0]!.waits
  const answers = await Promise.all(
    arrivals.map(async ({ atMs, prompt, maxTokens }) => {
      await wait(atMs, undefined, { signal })
      const { ttftMs, tpotMs } = await chain.answer({ prompt, maxTokens, speculate: false }, LIMITS, signal)
      return { firstMs: ttftMs, endMs: ttftMs + (maxTokens - 1) * tpotMs }
    })
  )
  const { waits } = chain.stats[0]!
  const prompts = waits.prompts - before.prompts
  return {
    firstMs: answers.map(({ firstMs }) => firstMs),
    endMs: answers.map(({ endMs }) => endMs),
    waitedMs: (waits.waitedMs - before.waitedMs) / prompts,
    missedMs: (waits.missedMs - before.missedMs) / prompts
  }
}

function arrivalsOf(seed: number, bursts: number): Arrival[] {
  const kinds = [...Array(SHORT.requests).fill(SHORT), ...Array(LONG.requests).fill(LONG)] as { least: number; most: number }[]
  return Array.from({ length: bursts * kinds.length }, (_, index) => {
    const drawn = (name: number, least: number, most: number) =>
      least + Math.floor(uniform(seed, name, index) * (most - least + 1))
    const burst = Math.floor(index / kinds.length)
    const { least, most } = kinds[index % kinds.length]!
    const prompt = Array.from({ length: drawn(1, least, most) }, (_, at) => (at * 31 + index * 7) % MODEL.vocabulary)
    return { atMs: burst * BURST_MS + drawn(2, 0, 100), prompt, maxTokens: drawn(3, ANSWER.least, ANSWER.most) }
  })
}
