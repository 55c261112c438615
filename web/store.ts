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

/** A frame that does not come (a hidden tab, a GPU that computes) is not waited for longer. */
const LATEST_DRAWING_MS = 250

/** However often the state changes, it is drawn once a frame: a fast answer must not delay the hops this tab serves. */
export function useStore<State>(store: Store<State>): State {
  const [state, setState] = useState(store.get())
  useEffect(() => {
    let forget: (() => void) | undefined
    const draw = () => {
      forget?.()
      forget = undefined
      setState(store.get())
    }
    const later = () => {
      if (forget !== undefined) return
      const frame = requestAnimationFrame(draw)
      const timer = setTimeout(draw, LATEST_DRAWING_MS)
      forget = () => {
        cancelAnimationFrame(frame)
        clearTimeout(timer)
      }
    }
    draw()
    const unsubscribe = store.subscribe(later)
    return () => {
      unsubscribe()
      forget?.()
    }
  }, [store])
  return state
}
