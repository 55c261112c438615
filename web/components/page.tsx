import type { PageState } from '../state.ts'
import { Chat, type ChatActions } from './chat.tsx'
import { Donate, type DonateActions } from './donate.tsx'
import { Header } from './header.tsx'
import { Swarm } from './swarm.tsx'

export type PageActions = ChatActions & DonateActions & { onModel: (digest: string) => void }

export function Page({ state, actions }: { state: PageState; actions: PageActions }) {
  return (
    <>
      <Header state={state} />
      <main>
        <Swarm state={state} onModel={actions.onModel} />
        <Chat state={state} {...actions} />
        <Donate state={state} {...actions} />
      </main>
    </>
  )
}
