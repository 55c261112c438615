import { useState } from 'preact/hooks'
import { msText, peerHue, shortPeer, spanText } from '../format.ts'
import { type Column, columns, type Order, type SwarmRow, sorted } from '../swarm-table.ts'
import { thisTab } from '../words/page.ts'
import { swarmWords as words } from '../words/swarm.ts'

const numbers: ReadonlySet<Column> = new Set(['roundTripMs', 'tokenMs', 'queueMs', 'freeKvTokens'])

export function SwarmTable({ rows, self }: { rows: readonly SwarmRow[]; self: string | undefined }) {
  const [order, setOrder] = useState<Order>({ column: 'span', descending: false })
  const by = (column: Column) => setOrder({ column, descending: order.column === column && !order.descending })
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="scroll card" tabIndex={0} aria-label={words.table}>
      <table>
        <thead>
          <tr>
            {columns.map(column => {
              const chosen = order.column === column
              return (
                <th
                  key={column}
                  scope="col"
                  class={numbers.has(column) ? 'right' : ''}
                  aria-sort={chosen ? (order.descending ? 'descending' : 'ascending') : undefined}
                >
                  <button type="button" class="link" onClick={() => by(column)}>
                    {words.columns[column]}
                    <span class="sense" aria-hidden="true">
                      {chosen ? (order.descending ? '▾' : '▴') : ''}
                    </span>
                  </button>
                </th>
              )
            })}
          </tr>
        </thead>
        <tbody>
          {sorted(rows, order).map(row => (
            <tr key={`${row.peer} ${row.span.first}`}>
              <th scope="row" class="peer" style={{ '--hue': peerHue(row.peer, self) }} title={row.peer}>
                <i class="dot" /> {shortPeer(row.peer)}
                {row.peer === self && ` (${thisTab})`}
              </th>
              <td>{words.agents[row.agent]}</td>
              <td>{spanText(row.span)}</td>
              <td class="adapter-name">{row.adapter}</td>
              <td class="right">{row.roundTripMs === undefined ? words.unmeasured : msText(row.roundTripMs)}</td>
              <td class="right">{row.tokenMs === undefined ? words.loading : msText(row.tokenMs)}</td>
              <td class="right">{row.loading ? '' : msText(row.queueMs)}</td>
              <td class="right">{row.loading ? '' : row.freeKvTokens.toLocaleString('en')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
