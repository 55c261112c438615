/**
 * Long tasks of a tab's main thread, as the browser counts them: those of 50 ms and more.
 */
import type { Page } from '@playwright/test'

declare global {
  /** Milliseconds of each since they were last taken. */
  var longTasks: number[]
}

export async function watchLongTasks(page: Page): Promise<void> {
  await page.evaluate(() => {
    globalThis.longTasks = []
    const observer = new PerformanceObserver(list => longTasks.push(...list.getEntries().map(({ duration }) => duration)))
    observer.observe({ type: 'longtask' })
  })
}

/** Since the last time. */
export async function takeLongTasks(page: Page): Promise<number[]> {
  return await page.evaluate(async () => {
    // Entries are told in a task of their own, after the one that they are about.
    await new Promise(resolve => setTimeout(resolve))
    return longTasks.splice(0)
  })
}
