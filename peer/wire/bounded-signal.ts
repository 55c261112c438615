/**
 * One signal for several reasons to stop, let go of when the work is done. `AbortSignal.any` is not always: one that has a
 * timeout among its sources and becomes a source itself stays in a set of Node's until it aborts, which it never does once
 * its timeout was collected (Node 24.21). Each dial and each question to a directory node left one behind.
 */
export interface BoundedSignal {
  readonly signal: AbortSignal
  /** Whether it was the time that ended it. */
  readonly expired: () => boolean
  /** To be called when nothing waits for the signal any more; it never aborts after that. */
  readonly release: () => void
}

/** Aborts with the first of `parents` that does, with its reason, or after `ms`. */
export function boundedSignal(parents: readonly (AbortSignal | undefined)[], ms?: number): BoundedSignal {
  const controller = new AbortController()
  const sources = parents.filter(parent => parent !== undefined)
  let expired = false
  let timer: ReturnType<typeof setTimeout> | undefined
  const release = () => {
    clearTimeout(timer)
    for (const source of sources) source.removeEventListener('abort', onAbort)
  }
  const end = (reason: unknown) => {
    release()
    controller.abort(reason)
  }
  const onAbort = () => end(sources.find(source => source.aborted)?.reason)
  for (const source of sources) source.addEventListener('abort', onAbort)
  if (ms !== undefined)
    timer = setTimeout(() => {
      expired = true
      end(new DOMException(`not within ${ms} ms`, 'TimeoutError'))
    }, ms)
  if (sources.some(source => source.aborted)) onAbort()
  return { signal: controller.signal, expired: () => expired, release }
}
