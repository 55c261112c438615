/**
 * Every way a tab can go while it serves the answer of another: each time the answer goes on over the next holder, golden,
 * and the page says that somebody left.
 */
import type { Page } from '@playwright/test'
import { browserOptions } from './browser-options.ts'
import { expect, test } from './fixtures.ts'
import { golden, question } from './golden.ts'

/** More than the golden answer has, so that the model itself ends it. */
const ROOM = golden.answer.ids.length + 10
/** Into decode, with most of the answer to come. */
const TOKENS_BEFORE = 3

const DEATHS: Record<string, (page: Page) => Promise<void>> = {
  'is closed': page => page.close({ runBeforeUnload: false }),
  'goes to another page': async page => {
    await page.goto('about:blank')
  },
  crashes: async page => {
    const session = await page.context().newCDPSession(page)
    const crashed = page.waitForEvent('crash')
    // Its answer never comes.
    session.send('Page.crash').catch(() => {})
    await crashed
  },
  'goes offline': async page => {
    const session = await page.context().newCDPSession(page)
    // Being offline alone leaves WebRTC as it is; losing every packet is what cuts that off.
    await session.send('Network.emulateNetworkConditions', {
      offline: true,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: -1,
      packetLoss: 100
    })
  }
}

test('a tab that goes in the middle of an answer, whichever way, is replaced', async ({ swarm }) => {
  const kinds = Object.entries(DEATHS)
  const [donors, others] = await Promise.all([swarm.startBrowser(), swarm.startBrowser(browserOptions({ webGpu: false }))])
  // One for each death, and one that is left.
  const spans = Array.from({ length: kinds.length + 1 }, () => '3-7')
  const t0 = Date.now()
  const [, tabs, driver] = await Promise.all([swarm.startEdge('0-2'), swarm.donate(donors, spans), swarm.openTab(others)])
  console.log('up', Date.now() - t0)
  const ids = await Promise.all(tabs.map(tab => tab.peerId()))
  await driver.configure(ROOM)
  for (const [how, die] of kinds) {
    await test.step(how, async () => {
      await driver.send(question)
      await driver.tokens(TOKENS_BEFORE)
      const dying = (await driver.trace())!.chain.at(-1)!.peer
      const at = Date.now()
      await die(tabs[ids.indexOf(dying)]!.page)
      const answer = await driver.answer()
      console.log(how, Date.now() - at, answer.trace!.lost.length, (await driver.trace())!.tokens.length)
      expect(answer.notice, how).toBeUndefined()
      expect(answer.trace!.tokens, how).toEqual(golden.answer.ids)
      expect(answer.text, how).toBe(golden.answer.text)
      expect(answer.trace!.lost, how).toEqual([dying])
      expect(answer.trace!.chain.at(-1)!.peer, how).not.toBe(dying)
      await expect(driver.chat.locator('.turn.assistant').last()).toContainText('1 peer left on the way')
    })
  }
})
