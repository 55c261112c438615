/**
 * The built page as people use it, without a GPU of its own: its weight, its policy, what it asks of whom, the chat by
 * keyboard alone, conversations that stay, edge and cloud by a gateway, and what it does offline. One swarm for all.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type Browser, expect, test } from '@playwright/test'
import { says, startUpstream } from '../unit/select/upstream.ts'
import { browserOptions } from './browser-options.ts'
import { openSwarm } from './fixtures.ts'

const PAGE = join(import.meta.dirname, '../../dist/web')
/** Everything the page may ever load before weights: both workers, libp2p, icons. */
const MAX_GZIP_BYTES = 400_000

let swarm: Awaited<ReturnType<typeof openSwarm>>
let browser: Browser

test.beforeAll(async () => {
  swarm = await openSwarm()
  ;[browser] = await Promise.all([swarm.startBrowser(browserOptions({ webGpu: false })), swarm.startEdge('0-7')])
})

test.afterAll(() => swarm?.[Symbol.asyncDispose]())

test('all of the page before weights is at most 400 KB', () => {
  const files = (readdirSync(PAGE, { recursive: true }) as string[])
    .map(name => join(PAGE, name))
    .filter(path => statSync(path).isFile())
  const bytes = files.reduce((sum, path) => sum + gzipSync(readFileSync(path)).byteLength, 0)
  console.log(`page: ${(bytes / 1000).toFixed(0)} KB gzip in ${files.length} files`)
  expect(bytes).toBeLessThanOrEqual(MAX_GZIP_BYTES)
})

test('a chat by keyboard alone: asked, copied, edited, answered anew, exported, kept over a reload, deleted', async () => {
  const tab = await swarm.openTab(browser)
  const { page, chat } = tab
  const foreign: string[] = []
  page.on('request', request => new URL(request.url()).origin !== swarm.url && foreign.push(request.url()))
  const broken: string[] = []
  page.on('console', message => message.type() === 'error' && broken.push(message.text()))
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await tab.configure(6)
  await expect(chat.getByText('Every layer is held.')).toBeVisible()

  await chat.getByRole('textbox', { name: 'Message' }).focus()
  await page.keyboard.type('The LORD is my shepherd')
  await page.keyboard.press('Enter')
  const first = await tab.answer()
  expect(first.notice).toBeUndefined()
  await expect(chat.getByText('Edge: this tab drove the chain itself, and no cloud is configured here.')).toBeVisible()
  expect(first.text).not.toBe('')
  // Told once, when it is done, and not by syllables.
  await expect(chat.getByRole('status')).toHaveText(first.text)
  await expect(chat.getByText(/\d+ of 256 tokens/)).toBeVisible()

  await chat.getByRole('button', { name: 'Copy the answer' }).press('Enter')
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(first.text)

  await chat.getByRole('button', { name: 'Regenerate' }).press('Enter')
  await tab.tokens(1)
  expect((await tab.answer()).text).toBe(first.text)
  await expect(chat.locator('.turn')).toHaveCount(2)

  await chat.getByRole('button', { name: 'Edit' }).press('Enter')
  await expect(chat.getByRole('textbox', { name: 'Edit the message' })).toBeFocused()
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.type('Blessed are they that')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await expect(chat.locator('.turn.user .text')).toContainText('Blessed are they that')
  await tab.tokens(1)
  const edited = await tab.answer()
  await expect(chat.locator('.turn')).toHaveCount(2)

  const downloading = page.waitForEvent('download')
  await chat.getByRole('button', { name: 'Export', exact: true }).press('Enter')
  const download = await downloading
  expect(download.suggestedFilename()).toBe('blessed-are-they-that.md')
  const exported = readFileSync((await download.path())!, 'utf8')
  expect(exported).toContain(`## You\n\nBlessed are they that\n\n## Answer\n\n${edited.text}\n`)

  // The views have addresses, and what is typed waits.
  await chat.getByRole('textbox', { name: 'Message' }).fill('a draft')
  await tab.show('Swarm')
  await expect(tab.swarm.getByRole('row')).toHaveCount(2)
  await expect(tab.swarm.getByText('no cloud is configured here')).toBeVisible()
  await tab.swarm.getByRole('button', { name: 'Round trip' }).press('Enter')
  await expect(tab.swarm.getByRole('columnheader', { name: 'Round trip' })).toHaveAttribute('aria-sort', 'ascending')
  await page.goBack()
  await expect(chat.getByRole('textbox', { name: 'Message' })).toHaveValue('a draft')

  await page.reload()
  const kept = chat.getByRole('navigation', { name: 'Chats' })
  await kept.getByRole('button', { name: 'Blessed are they that', exact: true }).click()
  await expect(chat.getByRole('article', { name: 'Answer' })).toContainText(edited.text)
  await kept.getByRole('button', { name: 'Delete: Blessed are they that' }).click()
  await kept.getByRole('button', { name: 'Delete it' }).click()
  await expect(kept.getByText('in this browser only')).toBeVisible()
  await expect(chat.locator('.turn')).toHaveCount(0)

  expect(foreign).toEqual([])
  expect(broken).toEqual([])
})

test('by a gateway an answer comes from edge or cloud; under it stands why, and in the swarm what was learned', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-select-'))
  const upstream = await startUpstream(says(['from the ', 'cloud']))
  try {
    const settings = join(folder, 'selection.json')
    const cloud = { name: 'big', url: upstream.url, model: 'any', price: { prompt: 1, completion: 2 }, watts: 200 }
    // A busy machine is slower than people would wait for.
    const patient = { name: 'patient', first_token_ms: 60_000, per_token_ms: 5_000 }
    writeFileSync(settings, JSON.stringify({ clouds: [cloud], classes: [patient], default_class: 'patient' }))
    const state = join(folder, 'state.json')
    const { ready } = await swarm.start('serve', '--port', '0', '--json', '--select', settings, '--select-state', state)
    const tab = await swarm.openTab(browser, { gateway: String(ready.url) })
    const { page, chat } = tab
    await tab.configure(6)
    await chat.getByRole('button', { name: 'Settings' }).click()
    await page.getByRole('radio', { name: /^The gateway / }).check()
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
    await expect(chat.getByText(/^The gateway .* reads prompt and answer/)).toBeVisible()
    const places: string[] = []
    for (let count = 0; count < 2; count++) {
      await tab.send('The LORD is my shepherd')
      await expect(chat.locator('.turn.assistant')).toHaveCount(count + 1)
      const answer = await tab.answer()
      expect(answer.notice).toBeUndefined()
      const [placement] = answer.trace!.placements
      const fromCloud = placement!.arm === 'cloud:big'
      places.push(placement!.arm)
      expect(answer.text === 'from the cloud').toBe(fromCloud)
      expect(answer.trace!.chain).toHaveLength(fromCloud ? 0 : 1)
      const words = fromCloud ? 'Cloud “big”' : 'Edge (on its machine)'
      await expect(
        chat.getByText(new RegExp(`^${words.replace(/[()]/g, '\\$&')}: .*, class “patient”, says the gateway`))
      ).toHaveCount(1)
    }
    // Each is tried before either is preferred.
    expect(places.sort()).toEqual(['cloud:big', 'edge:local'])
    await tab.show('Swarm')
    const choices = tab.swarm.getByRole('region', { name: 'Edge or cloud' })
    await expect(choices.getByRole('row', { name: /patient, .* cloud “big” 1/ })).toBeVisible()
    await expect(choices.getByText('it had not been tried for such requests yet — answered after').first()).toBeVisible()
  } finally {
    await upstream.close()
    rmSync(folder, { recursive: true, force: true })
  }
})

test('the policy forbids foreign code; offline the shell opens and says so, and comes back by itself', async () => {
  const context = await browser.newContext()
  const page = await context.newPage()
  const response = (await page.goto(swarm.url))!
  const policy = response.headers()['content-security-policy']!
  for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"])
    expect(policy).toContain(part)
  expect(policy).not.toContain('unsafe')
  const asset = await page.request.get(new URL((await page.locator('script[type=module]').getAttribute('src'))!, swarm.url).href)
  expect(asset.headers()['cache-control']).toContain('immutable')
  const manifest = await page.request.get(`${swarm.url}/manifest.webmanifest`)
  expect((await manifest.json()).display).toBe('standalone')

  await page.evaluate(async () => {
    const { active, installing, waiting } = await navigator.serviceWorker.ready
    if (active === null) throw new Error(`no service worker: ${installing?.state} ${waiting?.state}`)
  })
  await context.setOffline(true)
  await page.reload()
  await expect(page.getByRole('heading', { name: 'Shoal' })).toBeVisible()
  await expect(page.getByRole('alert')).toContainText('The swarm cannot be reached')
  await context.setOffline(false)
  await expect(page.getByText('Connected', { exact: true })).toBeVisible()
  await expect(page.getByRole('alert')).toHaveCount(0)
})
