import { countText } from '../format.ts'
import type { PageState } from '../state.ts'
import { fragmentOf, viewNames } from '../view-name.ts'
import { connectionWords, pageWords, viewWords } from '../words/page.ts'

export function Header({ state }: { state: PageState }) {
  const { view, donation } = state
  return (
    <header>
      {/* A link would need the fragment, which names the view. */}
      <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
        {pageWords.skip}
      </button>
      <h1>
        <Mark /> Shoal
      </h1>
      <nav class="views" aria-label={pageWords.views}>
        {viewNames.map(name => (
          <a key={name} href={fragmentOf(location.hash, name)} aria-current={name === view ? 'page' : undefined}>
            {viewWords[name]}
            {name === 'donate' && donation.phase === 'serving' && (
              <>
                <i class="live" />
                <span class="unseen"> {pageWords.donating}</span>
              </>
            )}
          </a>
        ))}
      </nav>
      <Status state={state} />
    </header>
  )
}

function Status({ state }: { state: PageState }) {
  const { connection, links } = state
  return (
    <p class={`status ${connection.phase}`}>
      {/* Read out when it changes; the number of peers changes too often for that. */}
      <span role="status">{connectionWords[connection.phase]}</span>
      {connection.phase === 'connected' && <span class="peers">to {countText(links.total, 'peer')}</span>}
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
