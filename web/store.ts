/**
 * Holds the page's one state value and tells components when it changes.
 */
import { useEffect, useState } from 'preact/hooks'

export interface Store<State> {
  get: () => State
  update: (change: (state: State) => State) => void
  subscribe: (listener: () => void) => () => void
}

export function createStore<State>(initial: State): Store<State> {
  let state = initial
  const listeners = new Set<() => void>()
  return {
    get: () => state,
    update: change => {
      const next = change(state)
      if (next === state) return
      state = next
      for (const listener of listeners) listener()
    },
    subscribe: listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    }
  }
}

/** However often the state changes, it is drawn once a frame: a fast answer must not delay the hops this tab serves. */
export function useStore<State>(store: Store<State>): State {
  const [state, setState] = useState(store.get())
  useEffect(() => {
    let frame: number | undefined
    const draw = () => {
      frame = undefined
      setState(store.get())
    }
    const later = () => {
      frame ??= requestAnimationFrame(draw)
    }
    draw()
    const unsubscribe = store.subscribe(later)
    return () => {
      unsubscribe()
      if (frame !== undefined) cancelAnimationFrame(frame)
    }
  }, [store])
  return state
}
