/**
 * Every state of the page, dark and light, on a desk and on a phone: axe finds nothing serious, nothing lies outside the
 * screen, no code breaks the policy. Pictures of the views land in test output, with `SHOAL_ALL_PICTURES=1` of every state.
 */
import AxeBuilder from '@axe-core/playwright'
import { chromium, expect, type Page, test } from '@playwright/test'
import { browserOptions } from './browser-options.ts'
import { states } from './gallery/states.ts'
import { withGallery } from './gallery.ts'

const wide = { width: 1280, height: 860 }
const phone = { width: 360, height: 740 }

/** Seen in every look; the others, which differ from them in words, on a desk by day and on a phone by night. */
const VIEWS = ['chat-answer', 'chat-failed', 'donate-off', 'donate-serving', 'swarm-full']
const PICTURED =
  process.env.SHOAL_ALL_PICTURES === undefined ? ['chat-answer', 'donate-serving', 'swarm-full'] : Object.keys(states)

/** `rules` are those whose outcome the look decides; what does not depend on it is looked for once. */
const looks: { name: string; size: typeof wide; colorScheme: 'light' | 'dark'; rules?: string[]; viewsOnly?: true }[] = [
  { name: 'wide-light', size: wide, colorScheme: 'light' },
  { name: 'phone-dark', size: phone, colorScheme: 'dark', rules: [] },
  { name: 'wide-dark', size: wide, colorScheme: 'dark', rules: ['color-contrast'], viewsOnly: true },
  {
    name: 'phone-light',
    size: phone,
    colorScheme: 'light',
    rules: ['scrollable-region-focusable', 'target-size'],
    viewsOnly: true
  }
]

async function seriousIn(page: Page, rules: string[] | undefined): Promise<string[]> {
  if (rules?.length === 0) return []
  // Elsewise results are joined in a page of their own, for the sake of frames; here are none.
  const axe = new AxeBuilder({ page }).setLegacyMode()
  const { violations } = await (rules === undefined ? axe : axe.withRules(rules)).analyze()
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' ')}`)
}

test('each view in each state, dark and light, on a desk and on a phone', async () => {
  const testInfo = test.info()
  await using browser = await chromium.launch(browserOptions({ webGpu: false }))
  await withGallery(async url => {
    const page = await (await browser.newContext({ reducedMotion: 'reduce' })).newPage()
    const broken: string[] = []
    page.on('pageerror', error => broken.push(String(error)))
    page.on('console', message => message.type() === 'error' && broken.push(message.text()))
    for (const state of Object.keys(states)) {
      await page.goto(url(state))
      await page.locator(`body[data-state="${state}"]`).waitFor()
      for (const { name, size, colorScheme, rules, viewsOnly } of looks) {
        if (viewsOnly && !VIEWS.includes(state)) continue
        await page.setViewportSize(size)
        await page.emulateMedia({ colorScheme })
        const shown = `${state}-${name}`
        if (PICTURED.includes(state)) await page.screenshot({ path: testInfo.outputPath(`${shown}.png`) })
        expect.soft(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), shown).toBeLessThanOrEqual(0)
        expect.soft(await seriousIn(page, rules), shown).toEqual([])
      }
    }
    expect(broken).toEqual([])
  })
})
