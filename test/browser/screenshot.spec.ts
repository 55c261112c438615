/**
 * README's picture of the page: `SHOAL_SCREENSHOT=web/screenshot.png npm run test:browser` makes it anew.
 */
import { expect, test } from './fixtures.ts'
import type { Tab } from './tab.ts'

const SIZE = { width: 1180, height: 900 }

const path = process.env.SHOAL_SCREENSHOT
test.skip(path === undefined, 'SHOAL_SCREENSHOT names no file')

test('the page, donating and answering', async ({ swarm }) => {
  const browser = await swarm.startBrowser()
  await Promise.all(['0-2', '0-2'].map(layers => swarm.startEdge(layers)))
  const [shown] = (await swarm.donate(browser, ['3-5', '6-7'])) as [Tab, Tab]
  await shown.page.setViewportSize(SIZE)
  await shown.configure(64)
  await shown.send('And he said unto me, Son of man')
  const answer = await shown.answer()
  expect(answer.notice).toBeUndefined()
  await shown.page.screenshot({ path: path!, fullPage: true })
})
