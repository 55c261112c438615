/**
 * `engine`: prefill and decode of one Shoal peer beside onnxruntime's native WebGPU provider and llama.cpp, each in a process
 * of its own, on the same weights and adapter, a pass of each in turn.
 */
import type { TensorType } from '../../../peer/model/types.ts'
import type { Bench, BenchContext } from '../bench.ts'
import { measureAlternately } from '../measure.ts'
import { type BenchModel, psalter, type SizeName, seededModel } from '../models.ts'
import type { Row } from '../rows.ts'
import { coldStart } from './cold-start.ts'
import { benchPrompt, type Pass } from './contestant.ts'
import { type Contestant, type Entrant, enter, RIVALS, SHOAL } from './entrants.ts'
import { passRows } from './pass-rows.ts'
import { installRivals } from './rivals.ts'

const PROMPT_TOKENS = 32
const DECODED_TOKENS = 16
const CONTEXT = 256

/** What is measured on software adapters; GPUs take larger ones, too. */
const SEEDED: readonly [SizeName, TensorType][] = [
  ['50M', 'Q4_0'],
  ['50M', 'Q8_0'],
  ['50M', 'Q4_K'],
  ['125M', 'Q4_0'],
  ['125M', 'Q8_0'],
  ['125M', 'Q4_K']
]
const SEEDED_ON_GPUS: readonly [SizeName, TensorType][] = [
  ...SEEDED,
  ['500M', 'Q4_0'],
  ['1B', 'Q4_0'],
  ['1B', 'Q8_0'],
  ['7B', 'Q4_0']
]

export const engine: Bench = {
  name: 'engine',
  run: async context => {
    if (context.adapter === undefined) return [{ bench: 'engine', name: 'engine', notRun: 'no WebGPU adapter' }]
    await installRivals(context)
    return await measureEngine(context, context.adapter.kind)
  }
}

/** With whichever rivals are installed. */
export async function measureEngine(context: BenchContext, kind: 'software' | 'gpu'): Promise<Row[]> {
  const rows = await measureModel(context, psalter())
  if (context.quick) return rows
  rows.push(...(await coldStart(context, psalter(), CONTEXT)))
  for (const [size, type] of kind === 'gpu' ? SEEDED_ON_GPUS : SEEDED) {
    context.log(`makes ${size} ${type}`)
    rows.push(...(await measureModel(context, await seededModel(size, type, context.cache))))
  }
  return rows
}

async function measureModel(context: BenchContext, model: BenchModel): Promise<Row[]> {
  const { signal, deadline, quick, log } = context
  const entered: Entrant[] = []
  const absent: Row[] = []
  try {
    const shoal = await enter(context, SHOAL, model, CONTEXT)
    entered.push(shoal)
    for (const rival of RIVALS.filter(each => !quick || each.quick)) {
      log(`loads ${model.name} in ${rival.name}`)
      try {
        entered.push(await enter(context, rival, model, CONTEXT))
      } catch (error) {
        signal.throwIfAborted()
        absent.push({ bench: 'engine', name: `${model.name} in ${rival.name}`, notRun: reason(error) })
      }
    }
    log(`measures ${model.name}`)
    const prompt = benchPrompt(PROMPT_TOKENS)
    const passes = await measureAlternately(
      Object.fromEntries(
        entered.map(({ contestant, child }) => [contestant.name, () => child.ask<Pass>('pass', prompt, DECODED_TOKENS)])
      ) as Record<Contestant['name'], () => Promise<Pass>>,
      { rounds: quick ? 7 : 11, leastRounds: 2, deadline, signal }
    )
    return [...passRows(context, model, entered, passes, PROMPT_TOKENS, DECODED_TOKENS), ...absent]
  } finally {
    await Promise.all(entered.map(({ child }) => child.close()))
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
