/**
 * A private swarm in the browser: the link that its bootstrap prints joins a tab, and the secret in it never leaves the
 * tab. Without it, or with a damaged one, the page says so.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startService } from '../../peer/cli/service-process.ts'
import { browserOptions } from './browser-options.ts'
import { expect, test } from './fixtures.ts'
import { Tab } from './tab.ts'

test('a tab joins a private swarm by its link alone', async ({ swarm }) => {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-private-'))
  const bootstrap = await startService(['bootstrap', '--private', '--port', '0', '--identity', join(folder, 'key')])
  try {
    const { url, link, invite } = bootstrap.ready as unknown as { url: string; link: string; invite: string }
    const browser = await swarm.startBrowser(browserOptions({ webGpu: false }))
    const page = await (await browser.newContext()).newPage()
    const sent: string[] = []
    page.on('request', request => sent.push(`${request.url()} ${JSON.stringify(request.headers())} ${request.postData()}`))
    await page.goto(link)
    await page.waitForFunction(() => shoal.state().connection.phase === 'connected' && shoal.state().memory !== undefined)
    const tab = new Tab(page)
    await tab.show('Swarm')
    await expect(tab.swarm.getByText('Nobody is donating yet', { exact: true })).toBeVisible()
    await tab.show('Donate')
    // Views change the address and keep the invite, so that a reload opens the same swarm.
    expect(new URL(page.url()).hash).toContain(invite)
    await expect(page.getByText(`npx shoal edge --join ${url} --invite ${invite}`)).toBeVisible()
    const secret = invite.split('.')[1]!
    expect(sent.some(request => request.includes('/shoal.json'))).toBe(true)
    expect(sent.filter(request => request.includes(secret))).toEqual([])

    for (const [address, words] of [
      [url, 'This swarm is private'],
      [link.slice(0, -2), 'This invite does not open this swarm'],
      [`${link.slice(0, -12)}AAAAAAAAAAAA`, 'This invite does not open this swarm']
    ] as const) {
      const stranger = await (await browser.newContext()).newPage()
      await stranger.goto(address)
      await expect(stranger.getByRole('alert')).toContainText(words)
      await stranger.close()
    }
  } finally {
    await bootstrap.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})
