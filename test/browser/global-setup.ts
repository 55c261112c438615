import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'
import { ensurePage } from '../../peer/cli/page.ts'

/** Where the page that runs an engine alone is built. */
export const ENGINE_PAGE = join(import.meta.dirname, '../../dist/engine-page')

/** Builds what the browsers open. */
// biome-ignore lint/style/noDefaultExport: Playwright takes the default export
export default async function setUp(): Promise<() => void> {
  await ensurePage(new AbortController().signal)
  await build({
    configFile: join(import.meta.dirname, '../../web/vite.config.ts'),
    root: join(import.meta.dirname, 'engine-page'),
    logLevel: 'warn',
    build: { outDir: ENGINE_PAGE }
  })
  return () => rmSync(ENGINE_PAGE, { recursive: true, force: true })
}
