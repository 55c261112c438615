/**
 * Every state of the page, dark and light, on a desk and on a phone: axe finds nothing serious, nothing lies outside the
 * screen, and a picture of it lands in test output.
 */
import AxeBuilder from '@axe-core/playwright'
import { browserOptions } from './browser-options.ts'
import { expect, test } from './fixtures.ts'
import { states } from './gallery/states.ts'
import { withGallery } from './gallery.ts'

const sizes = { wide: { width: 1280, height: 860 }, phone: { width: 360, height: 740 } }

test('each view in each state, dark and light, wide and on a phone', async ({ swarm }, testInfo) => {
  const browser = await swarm.startBrowser(browserOptions({ webGpu: false }))
  await withGallery(async url => {
    for (const [size, viewport] of Object.entries(sizes)) {
      for (const colorScheme of ['light', 'dark'] as const) {
        const page = await (await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce' })).newPage()
        const broken: string[] = []
        page.on('pageerror', error => broken.push(String(error)))
        page.on('console', message => message.type() === 'error' && broken.push(message.text()))
        for (const name of Object.keys(states)) {
          await page.goto(url(name))
          await page.getByRole('main').waitFor()
          await page.screenshot({ path: testInfo.outputPath(`${name}-${size}-${colorScheme}.png`) })
          const shown = `${name}, ${size}, ${colorScheme}`
          expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), shown).toBeLessThanOrEqual(0)
          // What depends on neither size nor colours is found once.
          const rules =
            size === 'wide' && colorScheme === 'light' ? [] : ['color-contrast', 'target-size', 'scrollable-region-focusable']
          const axe = new AxeBuilder({ page })
          const { violations } = await (rules.length > 0 ? axe.withRules(rules) : axe).analyze()
          const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
          const told = serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' ')}`)
          expect.soft(told, shown).toEqual([])
        }
        expect(broken).toEqual([])
        await page.context().close()
      }
    }
  })
})
