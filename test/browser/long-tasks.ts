/**
 * Long tasks of tabs' main threads, by the processor's time they took, from the browser's own trace. By the wall's time, as
 * PerformanceObserver tells them, every task is long on a machine with more to do than it has cores.
 */
import type { Browser, Page } from '@playwright/test'

/** From here on a task delays what the reader does: https://w3c.github.io/longtasks/ */
const LONG_MS = 50

interface TraceEvent {
  name: string
  pid: number
  tid: number
  /** Of the thread, µs. */
  tdur?: number
  args?: { data?: { message?: string } }
}

/** Does the work, and returns each page's long tasks meanwhile and what all tasks of its main thread took together, ms. */
export async function longTasksDuring(
  browser: Browser,
  pages: readonly Page[],
  work: () => Promise<void>
): Promise<{ long: number[]; all: number }[]> {
  await browser.startTracing(undefined, { categories: ['toplevel', 'devtools.timeline'] })
  let trace: Buffer
  try {
    // Tells in the trace which thread is whose.
    await Promise.all(pages.map((page, index) => page.evaluate(name => console.timeStamp(name), nameOf(index))))
    await work()
  } finally {
    trace = await browser.stopTracing()
  }
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] }
  return pages.map((_, index) => {
    const mark = traceEvents.find(({ name, args }) => name === 'TimeStamp' && args?.data?.message === nameOf(index))!
    const took = traceEvents
      .filter(({ name, pid, tid }) => name === TASK && pid === mark.pid && tid === mark.tid)
      .map(({ tdur = 0 }) => tdur / 1_000)
    return { long: took.filter(ms => ms >= LONG_MS), all: took.reduce((sum, ms) => sum + ms, 0) }
  })
}

const TASK = 'ThreadControllerImpl::RunTask'
const nameOf = (index: number) => `long tasks of page ${index}`
