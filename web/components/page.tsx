import type { ComponentChildren } from 'preact'
import { useRef } from 'preact/hooks'
import type { PageState } from '../state.ts'
import { modelWords } from '../words/page.ts'
import { Chat, type ChatActions } from './chat.tsx'
import { Donate, type DonateActions } from './donate.tsx'
import { Header } from './header.tsx'
import { NoticeBox } from './notice.tsx'
import { Swarm } from './swarm.tsx'

export type PageActions = ChatActions & DonateActions & { onModel: (digest: string) => void }

export function Page({ state, actions }: { state: PageState; actions: PageActions }) {
  const { view, connection, warnings } = state
  return (
    <>
      <Header state={state} />
      <main id="main" tabIndex={-1} class={`view-${view}`}>
        {(connection.phase === 'unreachable' || warnings.length > 0) && (
          <div class="notices">
            {connection.phase === 'unreachable' && <NoticeBox notice={connection.notice} urgent />}
            {warnings.map(detail => (
              <NoticeBox key={detail} notice={{ title: modelWords.about, detail }} />
            ))}
          </div>
        )}
        <Kept shown={view === 'chat'}>
          <Chat state={state} {...actions} />
        </Kept>
        {view === 'donate' && <Donate state={state} {...actions} />}
        {view === 'swarm' && <Swarm state={state} onModel={actions.onModel} />}
      </main>
    </>
  )
}

/** Holds what is typed and where it is scrolled while another view is shown, and is not drawn anew meanwhile. */
function Kept({ shown, children }: { shown: boolean; children: ComponentChildren }) {
  const drawn = useRef(children)
  if (shown) drawn.current = children
  return (
    <div class="kept" hidden={!shown}>
      {drawn.current}
    </div>
  )
}
