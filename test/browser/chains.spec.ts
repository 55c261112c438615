/**
 * Chains through tabs: the golden answer whatever the chain is made of, and the way its bytes go.
 */

import type { TabConnection } from '../../web/tab-peer.ts'
import { browserOptions } from './browser-options.ts'
import { expect, test } from './fixtures.ts'
import { expectGolden, golden, question } from './golden.ts'
import { longTasksDuring } from './long-tasks.ts'
import type { AnswerTurn, Tab } from './tab.ts'

/** More than the golden answer has, so that the model itself ends it. */
const ROOM = golden.answer.ids.length + 10

const spans = (answer: AnswerTurn) => answer.trace!.chain.map(({ span }) => [span.first, span.end])

/** The connections that carry the chain of the answer under way, once each of the tabs has one: an answer is short. */
async function chainsOf(tabs: readonly Tab[]): Promise<TabConnection[]> {
  let found: TabConnection[][] = []
  const untilAll = async () => {
    found = await Promise.all(tabs.map(tab => tab.chainConnections()))
    return found.filter(connections => connections.length > 0).length
  }
  await expect.poll(untilAll, { intervals: [20] }).toBe(tabs.length)
  return found.flat()
}

/** Answers during which long tasks are counted. */
const ASKED_WATCHED = 2
/** What chance adds: a collection of garbage. */
const ONE_LONG_TASK_MS = 100
const total = (durations: readonly number[]) => durations.reduce((sum, duration) => sum + duration, 0)

/** Answers after which the way of the bytes must be the direct one. */
const MOST_ASKED = 3

/**
 * Asks until the bytes go straight from tab to tab: on a busy machine a chain is opened over the relay while WebRTC still
 * looks for its way. Every answer is the golden one.
 */
async function askDirectly(driver: Tab, tabs: readonly Tab[]): Promise<{ during: TabConnection[]; answer: AnswerTurn }> {
  for (let asked = 1; ; asked++) {
    await driver.send(question)
    const during = await chainsOf(tabs)
    const answer = await driver.answer()
    expectGolden(answer)
    if (asked === MOST_ASKED || during.every(({ relayed }) => !relayed)) return { during, answer }
    await driver.newChat()
  }
}

test('a headless peer and two tabs with a third of the layers each; the tabs talk over WebRTC', async ({ swarm }) => {
  const browser = await swarm.startBrowser()
  const [, [middle, last]] = await Promise.all([swarm.startEdge('0-2'), swarm.donate(browser, ['3-5', '6-7'])])
  await middle!.configure(ROOM)
  const { during, answer } = await askDirectly(middle!, [last!])
  expect(spans(answer)).toEqual([
    [0, 3],
    [3, 6],
    [6, 8]
  ])
  // The last hop is reached by the tab before it, with hidden states, and by the driver, for its answers: the same tab here.
  expect(during.map(({ peer }) => peer)).toEqual([await middle!.peerId()])
  for (const { address, relayed } of during) {
    expect(address).toContain('/webrtc')
    expect(relayed).toBe(false)
  }
  await expect(middle!.chat.getByText('can read the prompt', { exact: true })).toBeVisible()
  await expect(middle!.chat.getByText('can read the answer', { exact: true })).toBeVisible()
  await expect(middle!.chat.getByText(/35 tokens · first after .* · .* tokens\/s · 3 hops/)).toBeVisible()
  await expect(last!.donation.locator('.my-span')).toHaveText('layers 7–8 of 8')
  await expect(last!.donation.locator('.tokens-served')).not.toHaveText('0')
})

test('a tab of another browser process drives a chain made only of tabs', async ({ swarm }) => {
  const [donors, others] = await Promise.all([swarm.startBrowser(), swarm.startBrowser(browserOptions({ webGpu: false }))])
  const tabs = await swarm.donate(donors, ['0-2', '3-5'])
  // Left to itself, a third one takes what is missing.
  const filling = await swarm.openTab(donors)
  await filling.donate()
  await expect(filling.donation.locator('.my-span')).toHaveText('layers 7–8 of 8')
  tabs.push(filling)
  const driver = await swarm.openTab(others)
  await driver.configure(ROOM)
  const { during, answer } = await askDirectly(driver, [driver, ...tabs])
  expect(answer.trace!.chain.map(({ peer }) => peer)).toEqual(await Promise.all(tabs.map(tab => tab.peerId())))
  for (const { address } of during) expect(address).toContain('/webrtc')
})

test('without WebRTC the chain goes over the relay', async ({ swarm }) => {
  const browser = await swarm.startBrowser()
  const tabs = await swarm.donate(browser, ['0-3', '4-7'], { webrtc: 'off' })
  const [driver] = tabs
  await driver!.configure(ROOM)
  await driver!.send(question)
  const during = await chainsOf(tabs)
  expectGolden(await driver!.answer())
  for (const { address, relayed } of during) {
    expect(address).not.toContain('/webrtc')
    expect(relayed).toBe(true)
  }
})

test('a tab that serves is no slower to the touch than one that idles', async ({ swarm }) => {
  const browser = await swarm.startBrowser()
  const [, [driver, ...holders]] = await Promise.all([swarm.startEdge('0-2'), swarm.donate(browser, ['0-2', '3-7', '3-7'])])
  await driver!.configure(ROOM)
  const pages = holders.map(({ page }) => page)
  const ids = await Promise.all(holders.map(holder => holder.peerId()))
  let serving = ''
  const took = await longTasksDuring(browser, pages, async () => {
    for (let asked = 0; asked < ASKED_WATCHED; asked++) {
      await driver!.send(question)
      const watched = await driver!.answer()
      expectGolden(watched)
      serving = watched.trace!.chain.at(-1)!.peer
      await driver!.newChat()
    }
  })
  const busy = took[ids.indexOf(serving)]!
  const idle = took[1 - ids.indexOf(serving)]!
  const said = ({ long, all }: typeof busy) => `${all.toFixed(0)} ms of tasks, long ones ${JSON.stringify(long)}`
  console.log(`serving ${said(busy)}; idle ${said(idle)}`)
  // It did serve, and the trace saw it.
  expect(busy.all).toBeGreaterThan(golden.answer.ids.length)
  expect(total(busy.long)).toBeLessThanOrEqual(total(idle.long) + ONE_LONG_TASK_MS)
})
