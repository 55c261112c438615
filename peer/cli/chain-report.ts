/**
 * The chain under an answer: which peer held which layers and what each hop took, as a table for a terminal.
 */
import type { ChainHop, DraftCounts, HopTime, Recovered } from '../session/types.ts'
import { table } from './table.ts'

export interface ChainReport {
  chain: readonly ChainHop[]
  hops: readonly HopTime[]
  ttftMs: number
  tpotMs: number
  completionTokens: number
  recoveries?: readonly Recovered[]
  drafts?: DraftCounts
}

/** Time a token spends outside the hops is the links' and the driver's. */
export function chainReport({ chain, hops, ttftMs, tpotMs, completionTokens, recoveries = [], drafts }: ChainReport): string {
  const rows = chain.map(({ peer, span }, index) => {
    const time = hops[index]
    return [`hop ${index}`, shortPeer(peer), layersText(span.first, span.end), ms(time?.queueMs), ms(time?.computeMs)]
  })
  const inHops = hops.reduce((sum, { queueMs, computeMs }) => sum + queueMs + computeMs, 0)
  const links = tpotMs > 0 ? `, of it ${ms(Math.max(0, tpotMs - inHops))} links and driver` : ''
  return [
    ...recoveries.map(recoveryText),
    table(['', 'peer', 'layers', 'queue', 'compute'], rows),
    `${completionTokens} tokens, first after ${ms(ttftMs)}, then ${ms(tpotMs)} each${links}`,
    ...(drafts?.drafted ? [`${drafts.drafted} drafted, of them ${drafts.accepted} right`] : [])
  ].join('\n')
}

/** Text written before the loss stands; what a reader may notice is a pause and, at worst, another turn of phrase. */
function recoveryText({ lost, pauseMs, numericsChanged }: Recovered): string {
  const who = lost === '' ? 'a peer' : `peer ${shortPeer(lost)}`
  const rounding = numericsChanged ? '; the new chain rounds differently' : ''
  return `${who} was lost, others took over after ${ms(pauseMs)}${rounding}`
}

/** The end of a peer id tells peers apart; they all begin alike. */
export function shortPeer(peer: string): string {
  return peer.length > 12 ? `…${peer.slice(-8)}` : peer
}

/** [first, end) as people count: first to last. */
export function layersText(first: number, end: number): string {
  return end - first === 1 ? `${first}` : `${first}–${end - 1}`
}

function ms(value: number | undefined): string {
  if (value === undefined) return '–'
  return value >= 100 ? `${Math.round(value)} ms` : `${value.toFixed(1)} ms`
}
