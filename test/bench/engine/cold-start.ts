/**
 * The first token of an engine that nobody's cache has compiled anything for: a new process each time, the driver's shader
 * cache off, the model's file in memory.
 */
import type { BenchContext } from '../bench.ts'
import { measureAlternately } from '../measure.ts'
import type { BenchModel } from '../models.ts'
import { type Row, ratioRow } from '../rows.ts'
import { enter, RIVALS, SHOAL } from './entrants.ts'

/** Mesa's, and NVIDIA's. */
const WITHOUT_CACHE = { MESA_SHADER_CACHE_DISABLE: 'true', __GL_SHADER_DISK_CACHE: '0' }

/** Each takes a rival half a minute on two idle cores. */
const ROUNDS = 2

export async function coldStart(context: BenchContext, model: BenchModel, contextLength: number): Promise<Row[]> {
  const { signal, adapter, log } = context
  const name = `${model.name} first token, cold`
  const rival = RIVALS.find(each => each.webGpu)!
  const firstToken = (of: typeof rival) => async () => {
    log(`starts ${of.name} cold`)
    const { child, loaded } = await enter(context, of, model, contextLength, WITHOUT_CACHE)
    await child.close()
    return loaded.firstTokenMs
  }
  try {
    const samples = await measureAlternately(
      { shoal: firstToken(SHOAL), rival: firstToken(rival) },
      { rounds: ROUNDS, warmUps: 0, signal }
    )
    const goal = adapter?.kind === 'software' ? { max: 1 / 3 } : undefined
    return [ratioRow({ bench: 'engine', name, unit: 'ms', against: rival.name, goal }, samples.shoal, samples.rival)]
  } catch (error) {
    signal.throwIfAborted()
    return [{ bench: 'engine', name, notRun: String(error) }]
  }
}
