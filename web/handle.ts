/**
 * `window.shoal`: what this tab is and whom it is connected to, for the console of whoever wants to look and for the tests.
 */
import type { Span } from '../peer/model/types.ts'
import type { PageState } from './state.ts'
import type { Store } from './store.ts'
import type { TabConnection, TabPeer } from './tab-peer.ts'

export interface ShoalHandle {
  /** Undefined until the tab has joined. */
  peerId: () => string | undefined
  connections: () => TabConnection[]
  /** Served now. */
  span: () => Span | undefined
  /** Everything the page shows. */
  state: () => PageState
}

export function exposeHandle(store: Store<PageState>, joined: Promise<TabPeer>): void {
  let peer: TabPeer | undefined
  void joined.then(tab => {
    peer = tab
  })
  const handle: ShoalHandle = {
    peerId: () => peer?.self,
    connections: () => peer?.connections() ?? [],
    span: () => {
      const { donation } = store.get()
      return donation.phase === 'serving' ? donation.span : undefined
    },
    state: store.get
  }
  Object.assign(globalThis, { shoal: handle })
}
