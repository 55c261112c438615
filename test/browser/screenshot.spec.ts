/**
 * README's pictures of the page: `SHOAL_PICTURES=web/pictures npm run test:browser` makes them anew.
 */
import { join } from 'node:path'
import { expect, test } from './fixtures.ts'
import type { Tab } from './tab.ts'

const SIZE = { width: 1180, height: 800 }

const folder = process.env.SHOAL_PICTURES
test.skip(folder === undefined, 'SHOAL_PICTURES names no folder')

test('the page, donating and answering', async ({ swarm }) => {
  const browser = await swarm.startBrowser()
  await Promise.all(['0-2', '0-2', '6-7'].map(layers => swarm.startEdge(layers)))
  const [tab] = (await swarm.donate(browser, ['3-5'])) as [Tab]
  const { page } = tab
  await page.setViewportSize(SIZE)
  await tab.configure(64)
  await tab.send('And he said unto me, Son of man')
  const answer = await tab.answer()
  expect(answer.notice).toBeUndefined()
  const take = (name: string) => page.screenshot({ path: join(folder!, `${name}.png`) })
  await take('chat')
  await tab.show('Donate')
  await take('donate')
  await tab.show('Swarm')
  await expect(tab.swarm.getByRole('row')).toHaveCount(5)
  await take('swarm')
})
