/** The rows of chains of several lengths, measured alternately. */
import { type MeasuredRow, median, ratioRow, valueRow } from '../rows.ts'
import type { ChainAnswer } from './local-chain.ts'

/** Added time a hop over loopback TCP. */
const HOP_GOAL_MS = 3

/** At the longest chain, where the single peer's token takes long enough that links should not show. */
const LONG_TOKEN_GOAL = 1.15
const LONG_TOKEN_MS = 100

/** `chains[0]` is the single peer. */
export function chainRows(model: string, chains: readonly { hops: number; answers: readonly ChainAnswer[] }[]): MeasuredRow[] {
  const [single, ...longer] = chains as [(typeof chains)[0], ...(typeof chains)[0][]]
  const token = (answers: readonly ChainAnswer[]) => answers.map(({ tpotMs }) => tpotMs)
  const alone = token(single.answers)
  const rows: MeasuredRow[] = []
  for (const { hops, answers } of longer) {
    const name = `${model}, ${hops} hops`
    const long = hops === longer.at(-1)!.hops && median(alone) >= LONG_TOKEN_MS
    const goal = long ? { max: LONG_TOKEN_GOAL } : undefined
    rows.push(ratioRow({ bench: 'chain', name: `${name}: token`, unit: 'ms', against: '1 hop', goal }, token(answers), alone))
    const added = token(answers).map((ms, round) => (ms - alone[round]!) / (hops - 1))
    rows.push(valueRow({ bench: 'chain', name: `${name}: added a hop`, unit: 'ms', goal: { max: HOP_GOAL_MS } }, added))
  }
  for (const { hops, answers } of chains)
    for (const [part, of] of parts)
      rows.push(
        valueRow(
          { bench: 'chain', name: `${model}, ${hops} ${hops === 1 ? 'hop' : 'hops'}: ${part}`, unit: 'ms' },
          answers.map(of)
        )
      )
  return rows
}

const inHops = ({ hops }: ChainAnswer, of: 'queueMs' | 'computeMs') => hops.reduce((sum, hop) => sum + hop[of], 0)

/** Encoding and readback of a hop's GPU work are part of its compute time; encoding and decoding of frames of the links'. */
const parts: readonly [string, (answer: ChainAnswer) => number][] = [
  ['first token', ({ ttftMs }) => ttftMs],
  ['compute', answer => inHops(answer, 'computeMs')],
  ['queue', answer => inHops(answer, 'queueMs')],
  ['links and driver', answer => answer.tpotMs - inHops(answer, 'computeMs') - inHops(answer, 'queueMs')]
]
