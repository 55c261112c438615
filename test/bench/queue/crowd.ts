/** Two things a crowd must not do: crowd out another driver's single answer, and take memory by waiting. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { BusyError } from '../../../peer/errors.ts'
import type { BenchContext } from '../bench.ts'
import { type DistantAnswer, DistantChain } from '../links/distant-chain.ts'
import { waitingEngine } from '../links/waiting-engine.ts'
import { measureAlternately } from '../measure.ts'
import { median, type Row, ratioRow, valueRow } from '../rows.ts'

const bench = 'queue'
/** One hop of 2 ms for its weights and half a millisecond a token. */
const COST = { fixedMs: 2, tokenMs: 0.5 }
const MODEL = { layers: 4, width: 64, vocabulary: 64, contextLength: 2_048 }
const CROWD = 50
const TOKENS = 24
const PROMPT_TOKENS = 64
const LIMITS = { reserveAhead: 16 }
const MiB = 2 ** 20

/** One answer of one driver alone, and beside fifty of another. */
export async function fairness({ quick, signal, deadline }: BenchContext): Promise<Row[]> {
  const chain = await startChain(2)
  try {
    const samples = await measureAlternately(
      {
        alone: async () => ({ one: await ask(chain, 0, 0, signal), crowd: [] as DistantAnswer[] }),
        'beside fifty': async () => {
          const many = Promise.all(Array.from({ length: CROWD }, (_, by) => ask(chain, 1, by, signal)))
          const one = await ask(chain, 0, 0, signal)
          return { one, crowd: await many }
        }
      },
      { rounds: quick ? 1 : 5, warmUps: 1, deadline, signal }
    )
    const [alone, beside] = [samples.alone, samples['beside fifty']]
    const rows: Row[] = []
    for (const [what, of] of [
      ['first token', ({ ttftMs }: DistantAnswer) => ttftMs],
      ['each token', ({ tpotMs }: DistantAnswer) => tpotMs]
    ] as const) {
      const name = `one answer beside ${CROWD} of another driver, ${what}`
      const besides = beside.map(({ one }) => of(one))
      const alones = alone.map(({ one }) => of(one))
      const crowds = beside.map(({ crowd }) => median(crowd.map(of)))
      rows.push(ratioRow({ bench, name, unit: 'ms', against: 'alone' }, besides, alones))
      rows.push(ratioRow({ bench, name, unit: 'ms', against: 'median of the fifty' }, besides, crowds))
    }
    return rows
  } finally {
    await chain.close()
  }
}

const WAITING = 200

/** What two hundred answers hold, of all peers together, that wait at a hop with KV for four. */
export async function waitingMemory({ signal }: BenchContext): Promise<Row[]> {
  const blocks = (4 * (PROMPT_TOKENS + 2 * TOKENS)) / 16
  const chain = await startChain(4, blocks)
  const ended = new AbortController()
  try {
    await ask(chain, 0, 0, signal)
    const before = heldBytes()
    const either = AbortSignal.any([signal, ended.signal])
    let refused = 0
    const crowd = Array.from({ length: WAITING }, (_, by) =>
      ask(chain, by % 4, by, either).catch(thrown => {
        if (thrown instanceof BusyError) refused++
        else if (!either.aborted) throw thrown
      })
    )
    await new Promise(resolve => setTimeout(resolve, WAITED_MS))
    const during = heldBytes()
    ended.abort(new Error('measured'))
    await Promise.all(crowd)
    const note = `${refused} of them told meanwhile to come back later`
    return [
      valueRow({ bench, name: `memory while ${WAITING} answers wait, all peers`, unit: 'MiB', note }, [(during - before) / MiB])
    ]
  } finally {
    ended.abort(new Error('over'))
    await chain.close()
  }
}

/** Until all of them have asked, and their first wait for KV is not over. */
const WAITED_MS = 3_000

function startChain(drivers: number, blocks?: number): Promise<DistantChain> {
  const engine = waitingEngine(MODEL, { first: 0, end: MODEL.layers }, COST, blocks)
  return DistantChain.start({ digest: 'ab'.repeat(32), ...MODEL }, [engine], { drivers })
}

function ask(chain: DistantChain, driver: number, by: number, signal: AbortSignal): Promise<DistantAnswer> {
  const prompt = Array.from({ length: PROMPT_TOKENS }, (_, at) => (at * 31 + by * 7) % MODEL.vocabulary)
  return chain.answer({ prompt, maxTokens: TOKENS, speculate: false }, LIMITS, signal, driver)
}

/** Of objects and buffers, after a collection. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
