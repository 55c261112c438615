/**
 * Keeps what a gateway tells of its choices fresh while somebody looks at it.
 */
import { fetchSelector } from './gateway.ts'
import { readSelector } from './selector-view.ts'
import type { Gateway, PageState } from './state.ts'
import type { Store } from './store.ts'

/** The picture is at most this old. */
const ROUND_MS = 3_000
/** A gateway that takes longer is away. */
const LIMIT_MS = 5_000

/** @param url of the gateway, with a slash at its end */
export async function watchGateway(store: Store<PageState>, url: string, closing: AbortSignal): Promise<void> {
  const { host } = new URL(url)
  const tell = (selector: Gateway['selector']) => store.update(state => ({ ...state, gateway: { url, host, selector } }))
  tell({ phase: 'asking' })
  while (!closing.aborted) {
    if (store.get().view === 'swarm' && !document.hidden) {
      const selector = await ask(url, closing)
      if (closing.aborted) return
      tell(selector)
      // Whether it has a choice is decided when it starts.
      if (selector.phase === 'none') return
    }
    await new Promise(resolve => setTimeout(resolve, ROUND_MS))
  }
}

async function ask(url: string, closing: AbortSignal): Promise<Gateway['selector']> {
  try {
    const told = await fetchSelector(url, AbortSignal.any([closing, AbortSignal.timeout(LIMIT_MS)]))
    if (told === undefined) return { phase: 'none' }
    const view = readSelector(told)
    return view === undefined ? { phase: 'unreachable' } : { phase: 'told', view }
  } catch {
    return { phase: 'unreachable' }
  }
}
