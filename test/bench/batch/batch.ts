/**
 * `batch`: so many answers at once through one peer and through a chain of three, real processes over loopback TCP. A hop
 * reads its weights once for all sessions that have a step due, so that together they get more than one alone.
 */
import { readModel } from '../../unit/engine/psalter.ts'
import type { Bench, BenchContext } from '../bench.ts'
import { type ChainAnswer, LocalChain } from '../chain/local-chain.ts'
import { measureAlternately } from '../measure.ts'
import { psalter } from '../models.ts'
import { median, type Row, ratioRow } from '../rows.ts'

const bench = 'batch'
const SESSIONS = [1, 2, 4, 8, 16, 32]
const QUICK_SESSIONS = [1, 16]
/** Enough to average over, within the model's first words. */
const TOKENS = 24
const PROMPT = 'And it came to pass'
/** Of KV, for the most sessions with prompt and answer. */
const POSITIONS_A_SESSION = 64
/** Against one session, on software adapters, where arithmetic bounds what a shared reading of weights can bring; a GPU has its own. */
const GAIN_AT_16 = 3
const GPU_GAIN_AT_16 = 8

interface Together {
  /** Of all sessions, a second. */
  tokensPerSecond: number
  /** Median of the sessions'. */
  tpotMs: number
}

export const batch: Bench = {
  name: bench,
  run: async context => {
    if (context.adapter === undefined) return [{ bench, name: bench, notRun: 'no WebGPU adapter' }]
    const rows: Row[] = []
    for (const hops of [1, 3]) {
      const { deadline } = context
      // The chain needs as long as the one peer.
      const half = hops === 1 ? (performance.now() + deadline) / 2 : deadline
      rows.push(...(await together({ ...context, deadline: half }, hops)))
    }
    return rows
  }
}

async function together(context: BenchContext, hops: number): Promise<Row[]> {
  const { quick, signal, deadline, adapter, log } = context
  const { path, name } = psalter()
  const { layers } = (await readModel(path)).hyperparameters
  const counts = quick ? QUICK_SESSIONS : SESSIONS
  log(`starts a chain of ${hops}`)
  const chain = await LocalChain.start(path, layers, hops, signal, Math.max(...counts) * POSITIONS_A_SESSION)
  try {
    const contestants = Object.fromEntries(counts.map(count => [String(count), () => answers(chain, count)]))
    const samples = await measureAlternately<string, Together>(contestants, {
      rounds: quick ? 3 : 7,
      deadline,
      signal
    })
    const alone = samples['1']!
    return counts.slice(1).flatMap(count => {
      const facts = (what: string) => ({ bench, name: `${name}, ${hops} hops, ${count} sessions: ${what}`, against: '1 session' })
      const of = samples[String(count)]!
      const goal = count === 16 ? { min: adapter?.kind === 'software' ? GAIN_AT_16 : GPU_GAIN_AT_16 } : undefined
      const rates = (all: readonly Together[]) => all.map(({ tokensPerSecond }) => tokensPerSecond)
      const times = (all: readonly Together[]) => all.map(({ tpotMs }) => tpotMs)
      return [
        ratioRow({ ...facts('all tokens'), unit: 'tokens/s', goal }, rates(of), rates(alone)),
        ratioRow({ ...facts('each one’s token'), unit: 'ms' }, times(of), times(alone))
      ]
    })
  } finally {
    await chain.close()
  }
}

async function answers(chain: LocalChain, count: number): Promise<Together> {
  const startedAt = performance.now()
  const all = await Promise.all(Array.from({ length: count }, (): Promise<ChainAnswer> => chain.answer(PROMPT, TOKENS)))
  const seconds = (performance.now() - startedAt) / 1_000
  return { tokensPerSecond: (count * TOKENS) / seconds, tpotMs: median(all.map(({ tpotMs }) => tpotMs)) }
}
