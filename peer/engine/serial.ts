/**
 * Runs tasks one after another. The engine's buffers belong to one step at a time, and whoever releases KV must not do so
 * under a step that still writes it.
 */
export class Serial {
  #tail: Promise<unknown> = Promise.resolve()

  /** Starts `task` when all earlier ones have settled. */
  run<T>(task: () => Promise<T> | T): Promise<T> {
    const result = this.#tail.then(task)
    this.#tail = result.catch(() => undefined)
    return result
  }
}
