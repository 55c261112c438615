/**
 * `links`: chains of three over links of 10, 40 and 80 ms each way. Tokens a second with and without drafts, on text that
 * repeats and on text that does not, by real engines; the first token of a long prompt in chunks and in one piece, by engines
 * that compute by waiting, since three GPUs are not to be had on one machine.
 */
import { readFileSync } from 'node:fs'
import { requestGpu } from '../../../peer/engine/adapter.ts'
import { type EngineDevice, openDevice } from '../../../peer/engine/device.ts'
import type { SpanEngine } from '../../../peer/engine/engine.ts'
import { createSpanEngine } from '../../../peer/engine/span.ts'
import { manifestOf } from '../../../peer/model/manifest.ts'
import { ModelText } from '../../../peer/model/model-text.ts'
import { neutralSampling } from '../../../peer/session/neutral-sampling.ts'
import { bytesSource } from '../../../peer/weights/source.ts'
import { readModel } from '../../unit/engine/psalter.ts'
import type { Bench, BenchContext } from '../bench.ts'
import { measureAlternately } from '../measure.ts'
import { psalter } from '../models.ts'
import { type MeasuredRow, type Row, ratioRow } from '../rows.ts'
import { type DistantAnswer, DistantChain } from './distant-chain.ts'

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
/** Kept for each cell that comes. */
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
    return await speculation(context)
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
          { rounds: quick ? 2 : 5, warmUps: 0, deadline: deadline - (cells.length - at - 1) * CELL_MS, signal }
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

export async function spansOf(device: EngineDevice, path: string, layers: number): Promise<SpanEngine[]> {
  const { hyperparameters, reader } = await readModel(path)
  const edge = (hop: number) => Math.round((layers * hop) / HOPS)
  const engines: SpanEngine[] = []
  for (let hop = 0; hop < HOPS; hop++) {
    const span = { first: edge(hop), end: edge(hop + 1) }
    engines.push(await createSpanEngine({ device, hyperparameters, span, tensors: reader, kvTokens: 512 }))
  }
  return engines
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
