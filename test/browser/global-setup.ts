import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'
import { ensurePage } from '../../peer/cli/page.ts'

/** Where the pages of the tests are built: one that runs an engine alone, and one that shows every state of the page. */
export const ENGINE_PAGE = join(import.meta.dirname, '../../dist/engine-page')
export const GALLERY = join(import.meta.dirname, '../../dist/gallery')

/** Builds what the browsers open. */
// biome-ignore lint/style/noDefaultExport: Playwright takes the default export
export default async function setUp(): Promise<() => void> {
  await ensurePage(new AbortController().signal)
  for (const [folder, outDir] of [
    ['engine-page', ENGINE_PAGE],
    ['gallery', GALLERY]
  ] as const)
    await build({
      configFile: join(import.meta.dirname, '../../web/vite.config.ts'),
      root: join(import.meta.dirname, folder),
      logLevel: 'warn',
      build: { outDir }
    })
  return () => {
    for (const folder of [ENGINE_PAGE, GALLERY]) rmSync(folder, { recursive: true, force: true })
  }
}
