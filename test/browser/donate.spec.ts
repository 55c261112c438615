/**
 * A donor's day: reloaded while it loads, serving, paused, taken over by another tab of the same browser, stopped. And one
 * whose browser keeps nothing. One swarm for both.
 */
import { type Browser, expect, test } from '@playwright/test'
import { openSwarm } from './fixtures.ts'
import { Tab } from './tab.ts'

let swarm: Awaited<ReturnType<typeof openSwarm>>
let browser: Browser

test.beforeAll(async () => {
  swarm = await openSwarm()
  browser = await swarm.startBrowser()
})

test.afterAll(() => swarm?.[Symbol.asyncDispose]())

/** Of the weights, before the tab is reloaded. */
const SHARE = 0.4

test('a reload goes on where loading was; one tab donates at a time; pause and stop', async () => {
  const tab = await swarm.openTab(browser, { layers: '4-7' })
  const { page, donation } = tab
  // The service worker lets weights pass, but the test must see them.
  const context = page.context()
  let asked = 0
  let holding = true
  let stuck = 0
  const loaded = () =>
    page.evaluate(() => {
      const now = shoal.state().donation
      return now.phase === 'starting' && now.loaded !== undefined ? now.loaded.done / now.loaded.total : 0
    })
  await context.route('**/weights', async route => {
    if (route.request().headers().range !== undefined) {
      asked++
      if (holding && (await loaded()) >= SHARE) {
        stuck++
        return
      }
    }
    await route.continue()
  })
  await tab.show('Donate')
  await expect(donation.getByText('What leaves this machine')).toBeVisible()
  await expect(donation.getByRole('checkbox', { name: /psalter-6m/ })).toBeChecked()
  await donation.getByRole('button', { name: 'Donate this tab' }).click()
  await expect.poll(() => stuck, { intervals: [50] }).toBeGreaterThan(0)
  const before = asked - stuck
  const share = await loaded()
  expect(share).toBeGreaterThanOrEqual(SHARE)
  expect(share).toBeLessThan(1)
  await expect(donation.getByText(new RegExp(`from ${new URL(swarm.url).host}`))).toBeVisible()

  holding = false
  asked = 0
  await page.reload()
  // Nobody presses anything.
  await expect(donation.getByText('Tokens served')).toBeVisible({ timeout: 100_000 })
  console.log(`chunks fetched: ${before} before the reload at ${(100 * share).toFixed(0)} %, ${asked} after it`)
  expect(before).toBeGreaterThan(0)
  const cached = before / (before + asked)
  // Small chunks at tensors' ends make counts and bytes differ.
  expect(cached).toBeGreaterThan(SHARE / 2)
  await expect(donation.locator('.my-span')).toHaveText('layers 5–8 of 8')
  await expect(donation.locator('.my-layers .mine')).toHaveCount(4)
  await expect(donation.getByText(/about \d+ mWh/)).toBeVisible()

  await donation.getByRole('button', { name: 'Pause' }).click()
  await expect(donation.getByText('You paused it.')).toBeVisible()
  await tab.show('Swarm')
  await expect(tab.swarm.getByText('Nobody is donating yet').first()).toBeVisible()
  await tab.show('Donate')
  await donation.getByRole('button', { name: 'Resume' }).click()
  await tab.show('Swarm')
  await expect(tab.swarm.getByText('Nobody holds layers 1–4').first()).toBeVisible()
  await tab.show('Donate')

  const second = new Tab(await context.newPage())
  await second.page.goto(`${swarm.url}/?layers=4-7#view=donate`)
  await second.donation.getByRole('button', { name: 'Donate this tab' }).click()
  await expect(second.donation.getByText('Another tab of this browser donates already')).toBeVisible()
  await second.donation.getByRole('button', { name: 'Take over' }).click()
  await page.bringToFront()
  await expect(donation.getByText('Another tab took over')).toBeVisible()
  await second.page.bringToFront()
  await expect(second.donation.getByText('Tokens served')).toBeVisible({ timeout: 100_000 })
  await second.donation.getByRole('button', { name: 'Stop donating' }).click()
  await expect(second.donation.getByRole('button', { name: 'Donate this tab' })).toBeVisible()
  await expect(second.donation.getByRole('alert')).toHaveCount(0)
})

/** Less than one layer's weights. */
const QUOTA_BYTES = 65_536

test('without room in the browser the weights are used and not kept, and the page says so', async () => {
  const tab = await swarm.openTab(browser, { layers: '5-5' })
  const { page, donation } = tab
  const devtools = await page.context().newCDPSession(page)
  // What the browser says of its quota stays as it was: only a write that fails tells.
  await devtools.send('Storage.overrideQuotaForOrigin', { origin: swarm.url, quotaSize: QUOTA_BYTES })
  await tab.donate()
  await expect(donation.getByText(/This browser had no room to keep .* of the weights/)).toBeVisible()
  await expect(donation.locator('.my-span')).toHaveText('layer 6 of 8')
  await expect(donation.getByRole('alert')).toHaveCount(0)
  const kept = await page.evaluate(async () => {
    const root = await navigator.storage.getDirectory()
    // Not even an empty folder may have had room.
    const folder = await root.getDirectoryHandle('shoal-chunks').catch(() => undefined)
    if (folder === undefined) return 0
    const sizes: number[] = []
    for await (const handle of folder.values())
      if (handle.kind === 'file') sizes.push((await (handle as FileSystemFileHandle).getFile()).size)
    return sizes.reduce((sum, size) => sum + size, 0)
  })
  expect(kept).toBeLessThanOrEqual(QUOTA_BYTES)
  await page.context().close()
})
