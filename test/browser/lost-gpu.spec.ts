/**
 * A tab whose GPU device goes away: in the middle of an answer, and once more after it has come back.
 */
import type { Page, Worker } from '@playwright/test'
import { expect, test } from './fixtures.ts'
import { golden, question } from './golden.ts'

declare global {
  var latestDevice: GPUDevice | undefined
}

const ROOM = golden.answer.ids.length + 10

/** The device of the tab's engine worker goes when its next step begins. */
async function loseAtNextStep(page: Page): Promise<void> {
  await page
    .workers()
    .at(-1)!
    .evaluate(() => {
      const { prototype } = GPUDevice
      const create = prototype.createCommandEncoder
      prototype.createCommandEncoder = function (this: GPUDevice, ...args) {
        this.destroy()
        return create.apply(this, args)
      }
    })
}

/** Keeps hold of the device of a worker that is just starting. */
async function watchDevice(worker: Worker): Promise<void> {
  await worker.evaluate(() => {
    const { prototype } = GPUDevice
    const create = prototype.createCommandEncoder
    prototype.createCommandEncoder = function (this: GPUDevice, ...args) {
      globalThis.latestDevice = this
      return create.apply(this, args)
    }
  })
}

test('the answer goes on at the other tab; this one comes back once with fewer layers, then says that it stopped', async ({
  swarm
}) => {
  const browser = await swarm.startBrowser()
  const [, holders] = await Promise.all([swarm.startEdge('0-5'), swarm.donate(browser, ['6-7', '6-7'])])
  const ids = await Promise.all(holders.map(holder => holder.peerId()))
  const driver = await swarm.openTab(browser)
  await driver.configure(ROOM)
  await driver.send(question)
  await driver.tokens(3)
  const used = (await driver.trace())!.chain.at(-1)!.peer
  const { page, donation } = holders[ids.indexOf(used)]!
  const second = page.waitForEvent('worker').then(async worker => {
    await watchDevice(worker)
    return worker
  })
  await loseAtNextStep(page)
  await expect(donation.getByText('The browser took the GPU away')).toBeVisible()
  await expect(donation.getByText(/tries once more, with less than layers 7–8/)).toBeVisible()
  const answer = await driver.answer()
  expect(answer.notice).toBeUndefined()
  expect(answer.trace!.tokens).toEqual(golden.answer.ids)
  expect(answer.text).toBe(golden.answer.text)
  expect(answer.trace!.lost).toEqual([used])
  expect(answer.trace!.chain.at(-1)!.peer).toBe(ids.find(id => id !== used))

  await expect(donation.locator('.my-span')).toHaveText('layer 7 of 8', { timeout: 100_000 })
  await (await second).evaluate(() => globalThis.latestDevice!.destroy())
  await expect(donation.getByText('The browser took the GPU away again')).toBeVisible()
  await expect(donation.getByText(/came back once with less and has stopped now/)).toBeVisible()
  await expect(donation.getByRole('button', { name: 'Donate this tab' })).toBeEnabled()
})
