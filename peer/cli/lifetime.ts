/**
 * How a command lives and ends: the first SIGINT or SIGTERM asks it to finish, a later one ends it at once, and asking is
 * bounded in time. A command started by another one also finishes when that one is gone.
 */
import { Option } from 'commander'
import { EXIT } from './exit-codes.ts'
import { parseWithin } from './parse-options.ts'

/** Longer than a goodbye and the end of what runs; after it nothing more is waited for. */
const SHUTDOWN_MS = 8_000

/** A terminal signals the whole group and npm passes its signal on: one Ctrl-C arrives more than once. */
const SAME_SIGNAL_MS = 1_000

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** Longer than any answer takes. */
const LONGEST_DRAIN_SECONDS = 3_600

export class Interrupted extends Error {}

/** @param fallback seconds */
export function drainOption(fallback: number): Option {
  return new Option('--drain <seconds>', 'how long what is under way may take to end when the process is told to')
    .default(fallback)
    .argParser(parseWithin(0, LONGEST_DRAIN_SECONDS))
}

/** Runs `work` with a signal that aborts when the process is told to end; it may take `drainMs` for what is under way. */
export async function untilToldToEnd<Result>(work: (signal: AbortSignal) => Promise<Result>, drainMs = 0): Promise<Result> {
  const shutdownMs = SHUTDOWN_MS + drainMs
  const end = new AbortController()
  let toldAt = 0
  const tell = (why: string) => {
    if (end.signal.aborted) {
      if (performance.now() - toldAt > SAME_SIGNAL_MS) process.exit(EXIT.interrupted)
      return
    }
    toldAt = performance.now()
    end.abort(new Interrupted(`interrupted by ${why}`))
    setTimeout(() => {
      console.error(`shoal: not ended ${shutdownMs / 1000} s after ${why}, giving up`)
      process.exit(EXIT.failure)
    }, shutdownMs).unref()
  }
  const onParentGone = () => tell('the end of its parent')
  for (const name of SIGNALS) process.on(name, tell)
  process.on('disconnect', onParentGone)
  try {
    return await work(end.signal)
  } finally {
    for (const name of SIGNALS) process.off(name, tell)
    process.off('disconnect', onParentGone)
  }
}

/** For services: waits until they are told to end. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
}
