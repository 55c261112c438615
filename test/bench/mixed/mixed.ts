/**
 * `mixed`: what answers under way feel of a long prompt beside them: the time of each of their tokens while one prompt after
 * another is prefilled through the same chain, over the time without. With decode overtaking (at hops and on connections) and
 * the prompt in chunks, and without either, over loopback and over links of 10 Mbit/s. Engines compute by waiting, since three
 * GPUs are not to be had on one machine; everything else is real.
 */
import type { DriverLimits } from '../../../peer/session/driver-limits.ts'
import type { Bench, BenchContext } from '../bench.ts'
import { DistantChain } from '../links/distant-chain.ts'
import { waitingHops } from '../links/waiting-engine.ts'
import { measureAlternately } from '../measure.ts'
import { type Row, ratioRow } from '../rows.ts'

const bench = 'mixed'
/** As `links` has them: a third of a model each, 4 ms to read its weights, a quarter of a millisecond a token. */
const COST = { fixedMs: 4, tokenMs: 0.25 }
/** Wide enough that the links of 10 Mbit/s, not the engines, bound a prefill: 2 KiB a token are 610 tokens a second. */
const MODEL = { layers: 6, width: 1_024, vocabulary: 64, contextLength: 2_048 }
const PROMPT_TOKENS = 512
const SESSIONS = 4
/** Of an answer's own prompt. */
const SHORT_TOKENS = 4
const TOKENS = 32
const QUICK_TOKENS = 16
const LINKS = {
  loopback: { delayMs: 0, bytesPerSecond: Number.POSITIVE_INFINITY },
  '10 Mbit/s and 10 ms': { delayMs: 10, bytesPerSecond: 1_250_000 }
}
/** A token beside a prompt over a token without one. */
const SLOWER_AT_MOST = 1.5
const PIECE = { chunkTokens: PROMPT_TOKENS }

export const mixed: Bench = {
  name: bench,
  run: async ({ quick, signal, deadline, log }: BenchContext) => {
    const model = { digest: 'ab'.repeat(32), ...MODEL }
    const ours = await DistantChain.start(model, waitingHops(MODEL, COST))
    const plain = await DistantChain.start(model, waitingHops(MODEL, COST), { inArrivalOrder: true })
    const rows: Row[] = []
    try {
      const tokens = quick ? QUICK_TOKENS : TOKENS
      const links = Object.entries(LINKS)
      const beganAt = performance.now()
      for (const [at, [name, link]] of links.entries()) {
        for (const chain of [ours, plain]) {
          chain.delayMs = link.delayMs
          chain.bytesPerSecond = link.bytesPerSecond
        }
        const samples = await measureAlternately(
          {
            'no prompt': () => beside(ours, tokens, undefined, signal),
            both: () => beside(ours, tokens, {}, signal),
            'no chunks': () => beside(ours, tokens, PIECE, signal),
            'no overtaking': () => beside(plain, tokens, {}, signal),
            neither: () => beside(plain, tokens, PIECE, signal)
          },
          {
            rounds: quick ? 2 : 5,
            warmUps: quick ? 0 : 1,
            deadline: beganAt + ((deadline - beganAt) * (at + 1)) / links.length,
            signal
          }
        )
        for (const [what, all] of Object.entries(samples))
          log(
            `${name}, ${what}: ${all.map(({ tokenMs, fed }) => `${tokenMs.toFixed(0)} ms, ${fed.toFixed(0)} fed a second`).join('; ')}`
          )
        const times = (all: readonly Beside[]) => all.map(({ tokenMs }) => tokenMs)
        const rates = (all: readonly Beside[]) => all.map(({ fed }) => fed)
        for (const what of ['both', 'no chunks', 'no overtaking', 'neither'] as const) {
          const goal = what === 'both' ? { max: SLOWER_AT_MOST } : undefined
          const facts = { bench, name: `${name}, a token beside a prompt: ${what}`, unit: 'ms', against: 'no prompt', goal }
          rows.push(ratioRow(facts, times(samples[what]), times(samples['no prompt'])))
        }
        const facts = { bench, name: `${name}, the prompt meanwhile: both`, unit: 'tokens/s', against: 'neither' }
        rows.push(ratioRow(facts, rates(samples.both), rates(samples.neither)))
      }
      return rows
    } finally {
      await ours.close()
      await plain.close()
    }
  }
}

interface Beside {
  /** The mean token of the answers. */
  tokenMs: number
  /** Tokens of prompts that the last hop took meanwhile, a second. */
  fed: number
}

/** `SESSIONS` answers; with `prefill`, while one long prompt after another is fed under these limits. */
async function beside(
  chain: DistantChain,
  tokens: number,
  prefill: Partial<DriverLimits> | undefined,
  signal: AbortSignal
): Promise<Beside> {
  const answered = new AbortController()
  const either = AbortSignal.any([answered.signal, signal])
  const served = () => chain.stats.at(-1)!.tokensServed
  const [before, startedAt] = [served(), performance.now()]
  const prompts = prefill === undefined ? undefined : prefillUntil(chain, prefill, either)
  try {
    const answers = await Promise.all(
      Array.from({ length: SESSIONS }, (_, by) =>
        chain.answer({ prompt: promptOf(SHORT_TOKENS, by), maxTokens: tokens, speculate: false }, {}, signal)
      )
    )
    const seconds = (performance.now() - startedAt) / 1_000
    const fed = (served() - before - SESSIONS * (SHORT_TOKENS + tokens - 1)) / seconds
    return { tokenMs: answers.reduce((sum, { tpotMs }) => sum + tpotMs, 0) / SESSIONS, fed }
  } finally {
    answered.abort(new Error('the answers are there'))
    await prompts
  }
}

async function prefillUntil(chain: DistantChain, limits: Partial<DriverLimits>, signal: AbortSignal): Promise<void> {
  try {
    for (let by = 0; ; by++)
      await chain.answer({ prompt: promptOf(PROMPT_TOKENS, by), maxTokens: 1, speculate: false }, limits, signal)
  } catch (thrown) {
    if (!signal.aborted) throw thrown
  }
}

function promptOf(length: number, by: number): number[] {
  return Array.from({ length }, (_, at) => (at * 31 + by * 7 + 5) % MODEL.vocabulary)
}
