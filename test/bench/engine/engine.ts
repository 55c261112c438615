/** `engine`: prefill and decode of one Shoal peer, tokens a second. */
import { join } from 'node:path'
import type { Bench, BenchContext } from '../bench.ts'
import { BenchChild } from '../child.ts'
import { measureAlternately } from '../measure.ts'
import { type BenchModel, psalter } from '../models.ts'
import { type Row, valueRow } from '../rows.ts'
import { benchPrompt, type Loaded, type Pass } from './contestant.ts'

const PROMPT_TOKENS = 32
const DECODED_TOKENS = 16
const CONTEXT = 256

export const engine: Bench = {
  name: 'engine',
  run: context => measureModel(context, psalter())
}

async function measureModel(context: BenchContext, model: BenchModel): Promise<Row[]> {
  const { signal, deadline, quick } = context
  const child = new BenchChild({ module: join(import.meta.dirname, 'shoal-child.ts'), signal })
  try {
    const { facts } = await child.ask<Loaded>('load', { path: model.path, contextLength: CONTEXT })
    const passes = await measureAlternately(
      { shoal: () => child.ask<Pass>('pass', benchPrompt(PROMPT_TOKENS), DECODED_TOKENS) },
      { rounds: quick ? 5 : 15, leastRounds: 3, deadline, signal }
    )
    const rate = (count: number, ms: (pass: Pass) => number) => passes.shoal.map(pass => (count * 1000) / ms(pass))
    const row = (name: string) => ({ bench: 'engine', name: `${model.name} ${name}`, unit: 'tokens/s' })
    return [
      valueRow(
        { ...row('prefill'), note: facts },
        rate(PROMPT_TOKENS, pass => pass.prefillMs)
      ),
      valueRow(
        row('decode'),
        rate(DECODED_TOKENS, pass => pass.decodeMs)
      )
    ]
  } finally {
    await child.close()
  }
}
