/**
 * Tabs that cannot compute: the page says why in plain words, and the tab still chats as a driver.
 */
import { browserOptions } from './browser-options.ts'
import { expect, test } from './fixtures.ts'
import { golden, question } from './golden.ts'

const TOKENS = 8
/** A name that leads here and is not localhost: to the browser an insecure context. */
const NAME = 'shoal.test'

test('without WebGPU, and over plain HTTP, a tab says so and chats', async ({ swarm }) => {
  const [browser] = await Promise.all([
    swarm.startBrowser(browserOptions({ webGpu: false, more: [`--host-resolver-rules=MAP ${NAME} 127.0.0.1`] })),
    swarm.startEdge('0-7')
  ])
  const there = new URL(swarm.url)
  there.hostname = NAME
  for (const [origin, title, detail] of [
    [swarm.url, 'The browser offers no GPU', 'You can still chat'],
    [there.origin, 'This page cannot use your GPU here', 'opened over plain HTTP']
  ] as const) {
    const tab = await swarm.openTab(browser, {}, origin)
    await tab.show('Donate')
    await expect(tab.donation.getByText(title)).toBeVisible()
    await expect(tab.donation.getByText(detail)).toBeVisible()
    await expect(tab.donation.getByRole('button', { name: 'Donate this tab' })).toHaveCount(0)
    await tab.configure(TOKENS)
    await tab.send(question)
    const answer = await tab.answer()
    expect(answer.notice).toBeUndefined()
    expect(answer.trace!.tokens).toEqual(golden.greedy.ids.slice(0, TOKENS))
    await expect(tab.chat.getByText('Cut at the token limit')).toBeVisible()
    await tab.configure(100)
    await tab.send(question)
    await tab.tokens(1)
    await tab.chat.getByRole('button', { name: 'Stop' }).click()
    expect((await tab.answer()).state).toBe('stopped')
    await expect(tab.chat.getByText('Stopped.')).toBeVisible()
  }
})

test('no WebGPU at all, layers that nobody holds, no bootstrap: each is said', async ({ swarm }) => {
  const browser = await swarm.startBrowser(browserOptions({ webGpu: false }))
  const tab = await swarm.openTab(browser)
  await tab.show('Swarm')
  await expect(tab.swarm.getByText('Nobody is donating yet', { exact: true })).toBeVisible()
  await swarm.startEdge('0-2')
  await expect(tab.swarm.getByText('Nobody holds layers 4–8 now')).toBeVisible()
  await tab.show('Chat')
  await tab.chat.getByRole('textbox', { name: 'Message' }).fill(question)
  await tab.chat.getByRole('button', { name: 'Send' }).click()
  // Where nobody is loading them there is nothing to wait for.
  const answer = await tab.answer()
  expect(answer.state).toBe('failed')
  await expect(tab.chat.getByRole('alert')).toContainText('Nobody holds layers 4–8 now')
  // No current Chromium can be started without the API.
  const bare = await (await browser.newContext()).newPage()
  await bare.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, 'gpu'))
  await bare.goto(`${swarm.url}/#view=donate`)
  await expect(bare.getByRole('region', { name: 'Donate' }).getByText('This browser has no WebGPU')).toBeVisible()
  const lost = await swarm.openTab(browser, { bootstrap: 'http://127.0.0.1:9/' })
  await expect(lost.page.getByRole('alert')).toContainText('The swarm cannot be reached')
})
