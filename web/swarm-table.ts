/**
 * The swarm as rows: one for each span that a peer holds, in the order a reader chose.
 */
import type { Span } from '../peer/model/types.ts'
import type { Holder } from './state.ts'

export interface SwarmRow {
  peer: string
  agent: 'tab' | 'node'
  adapter: string
  span: Span
  loading: boolean
  /** Of a message to it and back; undefined where this tab has no connection to it. */
  roundTripMs: number | undefined
  /** One decoded token through its layers; undefined while it loads. */
  tokenMs: number | undefined
  queueMs: number
  freeKvTokens: number
}

export const columns = ['peer', 'agent', 'span', 'adapter', 'roundTripMs', 'tokenMs', 'queueMs', 'freeKvTokens'] as const
export type Column = (typeof columns)[number]

export interface Order {
  column: Column
  descending: boolean
}

export function rowsOf(holders: readonly Holder[], roundTrips: Readonly<Record<string, number>>): SwarmRow[] {
  return holders.map(({ entry: { announcement }, offer }) => {
    const loading = offer.state === 'loading'
    const layers = offer.span.end - offer.span.first
    return {
      peer: announcement.peer,
      agent: announcement.agent,
      adapter: announcement.adapter,
      span: offer.span,
      loading,
      roundTripMs: roundTrips[announcement.peer],
      tokenMs: loading || offer.decodeRate <= 0 ? undefined : (1000 * layers) / offer.decodeRate,
      queueMs: offer.queueMs,
      freeKvTokens: offer.freeKvTokens
    }
  })
}

/** What is not known comes last, whichever way it is sorted. */
export function sorted(rows: readonly SwarmRow[], { column, descending }: Order): SwarmRow[] {
  const sense = descending ? -1 : 1
  return rows
    .map((row, index) => ({ row, index, key: keyOf(row, column) }))
    .sort((a, b) => {
      if (a.key === undefined || b.key === undefined)
        return Number(a.key === undefined) - Number(b.key === undefined) || a.index - b.index
      return sense * compare(a.key, b.key) || a.index - b.index
    })
    .map(({ row }) => row)
}

function keyOf(row: SwarmRow, column: Column): string | number | undefined {
  if (column === 'span') return row.span.first * 1e6 + row.span.end
  // People read a peer's last characters.
  if (column === 'peer') return row.peer.slice(-6)
  return row[column]
}

function compare(a: string | number, b: string | number): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b), 'en')
}
