/**
 * Every way in which a tab leaves in the middle of an answer: closed, sent elsewhere, its renderer killed, its network gone.
 * Another tab holds the same layers; no token is lost, repeated or changed.
 */
import { type Page, test } from '@playwright/test'
import { type CuttableWay, cuttableWay } from './cuttable-way.ts'
import { expect, openSwarm, type Swarm } from './fixtures.ts'
import { expectGolden, golden, question } from './golden.ts'
import type { Tab } from './tab.ts'

const deaths: Record<string, (page: Page) => Promise<unknown>> = {
  'is closed': page => page.close({ runBeforeUnload: false }),
  'is sent elsewhere': page => page.goto('about:blank'),
  'loses its renderer': async page => {
    const devtools = await page.context().newCDPSession(page)
    // Never answered: who would answer is what crashes.
    devtools.send('Page.crash').catch(() => {})
    await page.waitForEvent('crash')
  }
}

let swarm: Swarm & AsyncDisposable
let way: CuttableWay
/** One more than deaths, so that each leaves somebody to go on. */
let holders: Tab[]
/** Whose network goes. It reaches others over the relay, by `way`, alone. */
let far: Tab
let driver: Tab

test.beforeAll(async () => {
  test.setTimeout(180_000)
  swarm = await openSwarm()
  way = await cuttableWay(swarm.url)
  const browser = await swarm.startBrowser()
  const layers = '6-7'
  const farAway = async () => {
    const tab = await swarm.openTab(browser, { webrtc: 'off', layers }, way.url)
    await tab.donate()
    // Until its turn comes.
    await pause(tab)
    return tab
  }
  ;[holders, far] = await Promise.all([
    swarm.donate(
      browser,
      [...Object.keys(deaths), 'and one'].map(() => layers)
    ),
    farAway(),
    swarm.startEdge('0-5')
  ])
  driver = await swarm.openTab(browser)
  // More than the golden answer has, so that the model itself ends it.
  await driver.configure(golden.answer.ids.length + 10)
})

test.afterAll(async () => {
  await swarm?.[Symbol.asyncDispose]()
  await way?.[Symbol.asyncDispose]()
})

async function pause(tab: Tab): Promise<void> {
  await tab.donation.getByRole('button', { name: 'Pause' }).click()
  await expect(tab.donation.getByText('You paused it.')).toBeVisible()
}

async function resume(tab: Tab): Promise<void> {
  await tab.donation.getByRole('button', { name: 'Resume' }).click()
  await expect(tab.donation.getByText('Tokens served')).toBeVisible()
}

/** Asks, has whoever computes the last layers die, and sees the golden answer come from another. */
async function expectUnnoticed(what: string, among: readonly Tab[], die: (used: Tab) => Promise<unknown>): Promise<void> {
  const ids = await Promise.all(among.map(tab => tab.peerId()))
  await driver.send(question)
  await driver.tokens(3)
  const peer = (await driver.trace())!.chain.at(-1)!.peer
  const goesOn = driver.page.waitForFunction(() => {
    const turn = shoal.state().turns.at(-1)
    return turn?.role === 'assistant' && (turn.trace?.lost.length ?? 0) > 0
  })
  const used = among[ids.indexOf(peer)]!
  const diesAt = die(used).then(() => performance.now())
  await Promise.all([diesAt, goesOn])
  console.log(`a tab ${what}: the answer goes on after ${(performance.now() - (await diesAt)).toFixed(0)} ms`)
  const answer = await driver.answer()
  expectGolden(answer)
  expect(answer.trace!.lost).toEqual([peer])
  expect(answer.trace!.chain.at(-1)!.peer).not.toBe(peer)
  // A small mark where it happened, and no error.
  await expect(driver.chat.getByRole('img', { name: 'A peer left here' })).toHaveCount(1)
  await expect(driver.chat.getByRole('alert')).toHaveCount(0)
  await driver.newChat()
}

for (const [what, die] of Object.entries(deaths))
  test(`a tab of the chain ${what} in the middle of an answer`, async () => {
    await expectUnnoticed(what, holders, used => {
      holders = holders.filter(tab => tab !== used)
      return die(used.page)
    })
  })

test('the network of a tab of the chain goes in the middle of an answer', async () => {
  const [last] = holders
  await pause(last!)
  await resume(far)
  await expectUnnoticed('loses its network', [far], async () => {
    await resume(last!)
    way.cut()
  })
})
