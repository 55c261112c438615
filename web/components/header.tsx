import { countText } from '../format.ts'
import type { PageState } from '../state.ts'

export function Header({ state }: { state: PageState }) {
  return (
    <header>
      <Mark />
      <div>
        <h1>Shoal</h1>
        <p class="lede">
          A language model run by strangers together: each browser or machine holds a few of its layers, and every word passes
          through all of them.
        </p>
      </div>
      <Status state={state} />
    </header>
  )
}

const connectionWords: Record<PageState['connection']['phase'], string> = {
  connecting: 'Connecting…',
  connected: 'Connected',
  unreachable: 'Not connected'
}

function Status({ state }: { state: PageState }) {
  const { connection, links } = state
  return (
    <p class={`status ${connection.phase}`}>
      {/* Read out when it changes; the number of peers changes too often for that. */}
      <span role="status">{connectionWords[connection.phase]}</span>
      {connection.phase === 'connected' && <span>to {countText(links.total, 'peer')}</span>}
    </p>
  )
}

/** Five fish, one way. */
function Mark() {
  return (
    <svg class="mark" viewBox="0 0 48 48" aria-hidden="true">
      {[
        [2, 18],
        [16, 8],
        [16, 28],
        [30, 18],
        [30, 37]
      ].map(([x, y]) => (
        <path key={`${x} ${y}`} d={`M${x} ${y}l4-3v1.6q6-4.6 12 1.4q-6 6-12 1.4v1.6z`} transform="translate(0 2)" />
      ))}
    </svg>
  )
}
