/** The rows of what engines were measured doing alternately. */
import type { BenchContext } from '../bench.ts'
import type { BenchModel } from '../models.ts'
import { type Goal, type Row, ratioRow, valueRow } from '../rows.ts'
import type { Pass } from './contestant.ts'
import type { Entrant } from './entrants.ts'

/** Of Shoal's tokens a second over those of the better engine on WebGPU. */
const GOALS: Record<'software' | 'gpu', { prefill?: Goal; decode: Goal }> = {
  software: { decode: { min: 1.5 } },
  gpu: { prefill: { min: 1 }, decode: { min: 1.3 } }
}

/** `entered[0]` is Shoal. */
export function passRows(
  { adapter }: Pick<BenchContext, 'adapter'>,
  model: BenchModel,
  entered: readonly Entrant[],
  passes: Record<string, Pass[]>,
  promptTokens: number,
  decodedTokens: number
): Row[] {
  const goals = GOALS[adapter!.kind]
  const [shoal, ...rivals] = entered as [Entrant, ...Entrant[]]
  const rates = {
    prefill: (of: Entrant) => passes[of.contestant.name]!.map(({ prefillMs }) => (promptTokens * 1000) / prefillMs),
    decode: (of: Entrant) => passes[of.contestant.name]!.map(({ decodeMs }) => (decodedTokens * 1000) / decodeMs)
  }
  return (['prefill', 'decode'] as const).flatMap((what): Row[] => {
    const facts = { bench: 'engine', name: `${model.name} ${what}`, unit: 'tokens/s' }
    if (rivals.length === 0) return [valueRow({ ...facts, note: shoal.loaded.facts }, rates[what](shoal))]
    return rivals.map(rival => {
      const goal = rival.contestant.webGpu ? goals[what] : undefined
      const note =
        what === 'prefill'
          ? `${shoal.loaded.facts}; ${rival.contestant.name}: ${rival.loaded.facts}`
          : alike(passes, shoal, rival)
      return ratioRow({ ...facts, against: rival.contestant.name, goal, note }, rates[what](shoal), rates[what](rival))
    })
  })
}

/** How far greedy tokens agree: the same weights round differently, Q4_K's are not quite the same in ONNX. */
function alike(passes: Record<string, Pass[]>, shoal: Entrant, rival: Entrant): string {
  const [ours, theirs] = [shoal, rival].map(({ contestant }) => passes[contestant.name]![0]!.tokens) as [number[], number[]]
  const parted = ours.findIndex((token, index) => token !== theirs[index])
  return parted < 0 ? `the same ${ours.length} tokens` : `tokens part at ${parted} of ${ours.length}`
}
