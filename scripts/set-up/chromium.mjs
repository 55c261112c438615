/**
 * A Chromium for the page's tests: the one that is there, else Debian's package, else Playwright's own.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { installPackages } from './apt.mjs'
import { debianRoot, projectNode, root, run, say } from './machine.mjs'

/** @returns path of the machine's own Chromium; undefined where Playwright's is to be used */
export function findChromium() {
  if (process.env.SHOAL_CHROMIUM !== undefined) return process.env.SHOAL_CHROMIUM
  if (playwrightHasOne()) return undefined
  const here = onPath('chromium') ?? onPath('chromium-browser')
  if (here !== undefined) return here
  say('installing Chromium for the page’s tests')
  if (debianRoot && installPackages(['chromium'])) return onPath('chromium')
  const { ok, reason } = run(projectNode, [join(root, 'node_modules/@playwright/test/cli.js'), 'install', 'chromium'])
  if (!ok) say(`playwright install chromium failed (${reason}): install Chromium and set SHOAL_CHROMIUM to its path`)
  return undefined
}

function playwrightHasOne() {
  const code = "import { chromium } from '@playwright/test'; console.log(chromium.executablePath())"
  const { stdout } = spawnSync(projectNode, ['--input-type=module', '--eval', code], { cwd: root, encoding: 'utf8' })
  return existsSync(stdout?.trim() ?? '')
}

function onPath(name) {
  const folders = process.env.PATH?.split(delimiter) ?? []
  return folders.map(folder => join(folder, name)).find(path => existsSync(path))
}
