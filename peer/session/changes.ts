/** Waiting for something to become true: whoever changes state says so, whoever waits looks again. */
export class Changes {
  readonly #waiters = new Set<() => void>()

  happened(): void {
    for (const wake of [...this.#waiters]) wake()
  }

  /** Resolves once `met`; rejects with what `failure` gives first, or with the signal's reason. */
  async until(met: () => boolean, failure: () => Error | undefined, signal?: AbortSignal): Promise<void> {
    while (!met()) {
      signal?.throwIfAborted()
      const failed = failure()
      if (failed !== undefined) throw failed
      await new Promise<void>(resolve => {
        const wake = () => {
          signal?.removeEventListener('abort', wake)
          this.#waiters.delete(wake)
          resolve()
        }
        this.#waiters.add(wake)
        signal?.addEventListener('abort', wake, { once: true })
      })
    }
  }
}
