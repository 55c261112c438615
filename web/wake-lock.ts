/**
 * Keeps the screen on while this tab donates and is seen: a machine that sleeps serves nobody. The browser takes the lock
 * back whenever the tab is hidden, so it is asked for again when it is seen.
 */
export interface WakeLock {
  release: () => void
}

/** `onChange` hears whether the screen is kept on. Where the browser refuses, it is not. */
export function keepAwake(onChange: (awake: boolean) => void): WakeLock {
  let sentinel: WakeLockSentinel | undefined
  let released = false
  const ask = async () => {
    if (released || document.hidden || sentinel !== undefined || !('wakeLock' in navigator)) return
    try {
      const got = await navigator.wakeLock.request('screen')
      if (released) return void got.release()
      sentinel = got
      onChange(true)
      got.addEventListener('release', () => {
        sentinel = undefined
        onChange(false)
      })
    } catch {
      // Battery saver, or a browser that never does.
    }
  }
  const again = () => void ask()
  document.addEventListener('visibilitychange', again)
  void ask()
  return {
    release: () => {
      released = true
      document.removeEventListener('visibilitychange', again)
      void sentinel?.release()
    }
  }
}
