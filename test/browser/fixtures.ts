/**
 * A swarm for a test: bootstrap and headless peers as processes of their own, tabs in one or more browsers. Whatever was
 * started is ended when the test is over.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, test as base, chromium, type LaunchOptions } from '@playwright/test'
import { type ServiceProcess, startService } from '../../peer/cli/service-process.ts'
import { browserOptions } from './browser-options.ts'
import { Tab } from './tab.ts'

export { expect } from '@playwright/test'

export interface Swarm {
  /** Of the bootstrap and its page. */
  readonly url: string
  /** A headless peer with exactly these layers, first and last from 0. */
  startEdge: (layers: string) => Promise<ServiceProcess>
  /** Any other command that joins this swarm. */
  start: (command: string, ...args: string[]) => Promise<ServiceProcess>
  /** A browser process of its own. */
  startBrowser: (options?: LaunchOptions) => Promise<Browser>
  /** The page in a context of its own; `query` as in ?webrtc=off, `origin` where the bootstrap goes by another name. */
  openTab: (browser: Browser, query?: Record<string, string>, origin?: string) => Promise<Tab>
  /** Tabs that donate these layers, loaded side by side. */
  donate: (browser: Browser, layers: readonly string[], query?: Record<string, string>) => Promise<Tab[]>
}

export const test = base.extend<{ swarm: Swarm }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads from the pattern which fixtures this one needs
  swarm: async ({}, use) => {
    await using swarm = await openSwarm()
    await use(swarm)
  }
})

/** For tests that share one. */
export async function openSwarm(): Promise<Swarm & AsyncDisposable> {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-browser-'))
  // Also those that are still starting when a test fails.
  const services: Promise<ServiceProcess>[] = []
  const browsers: Browser[] = []
  const close = async () => {
    await Promise.allSettled(browsers.map(browser => browser.close()))
    await Promise.allSettled(services.map(async service => (await service).stop()))
    rmSync(folder, { recursive: true, force: true })
  }
  const start = (...args: string[]) => {
    const identity = join(folder, `${services.length}-${args[0]}.key`)
    const service = startService([...args, '--identity', identity, '--log-level', 'warn'])
    services.push(service)
    return service
  }
  let url: string
  try {
    url = String((await start('bootstrap', '--port', '0')).ready.url)
  } catch (error) {
    await close()
    throw error
  }
  const openTab: Swarm['openTab'] = async (browser, query = {}, origin = url) => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(`${origin}/?${new URLSearchParams(query)}`)
    return new Tab(page)
  }
  return {
    url,
    startEdge: layers => start('edge', '--join', url, '--layers', layers),
    start: (command, ...args) => start(command, '--join', url, ...args),
    startBrowser: async (options = browserOptions()) => {
      const browser = await chromium.launch(options)
      browsers.push(browser)
      return browser
    },
    openTab,
    donate: async (browser, layers, query = {}) =>
      await Promise.all(
        layers.map(async part => {
          const tab = await openTab(browser, { ...query, layers: part })
          await tab.donate()
          return tab
        })
      ),
    [Symbol.asyncDispose]: close
  }
}
