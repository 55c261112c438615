/**
 * `chain`: a token through 1, 2 and 4 hops on this machine, real processes over loopback TCP, and where its time goes. All
 * hops share the machine's cores, so a chain never computes faster here than its single peer.
 */

import { readModel } from '../../unit/engine/psalter.ts'
import type { Bench, BenchContext } from '../bench.ts'
import { measureAlternately } from '../measure.ts'
import { type BenchModel, psalter, seededModel } from '../models.ts'
import type { Row } from '../rows.ts'
import { chainRows } from './chain-rows.ts'
import { type ChainAnswer, LocalChain } from './local-chain.ts'

/** Tokens an answer has: enough to average over, within any model's first words. */
const TOKENS = 24

/** Text that both models' tokenizers know, and that greedy answers go on after for longer than is asked. */
const PROMPTS = { psalter: 'And it came to pass', seeded: 't1t1t1t1t1t1t1t1' }

export const chain: Bench = {
  name: 'chain',
  run: async context => {
    if (context.adapter === undefined) return [{ bench: 'chain', name: 'chain', notRun: 'no WebGPU adapter' }]
    if (context.quick) return await measureChains(context, psalter(), PROMPTS.psalter, [1, 2])
    return [
      ...(await measureChains(context, psalter(), PROMPTS.psalter, [1, 2, 4])),
      ...(await measureChains(context, await seededModel('125M', 'Q4_0', context.cache), PROMPTS.seeded, [1, 2, 4]))
    ]
  }
}

async function measureChains(
  context: BenchContext,
  model: BenchModel,
  prompt: string,
  hopCounts: readonly number[]
): Promise<Row[]> {
  const { signal, deadline, quick, log } = context
  const { layers } = (await readModel(model.path)).hyperparameters
  const chains = new Map<number, LocalChain>()
  try {
    for (const hops of hopCounts) {
      log(`starts a chain of ${hops} for ${model.name}`)
      chains.set(hops, await LocalChain.start(model.path, layers, hops, signal))
    }
    log(`measures ${model.name}`)
    const contestants = Object.fromEntries(hopCounts.map(hops => [`${hops}`, () => chains.get(hops)!.answer(prompt, TOKENS)]))
    const answers = await measureAlternately<string, ChainAnswer>(contestants, {
      rounds: quick ? 5 : 15,
      leastRounds: 3,
      deadline,
      signal
    })
    return chainRows(
      model.name,
      hopCounts.map(hops => ({ hops, answers: answers[`${hops}`]! }))
    )
  } finally {
    await Promise.all([...chains.values()].map(each => each.close()))
  }
}
