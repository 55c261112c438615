/**
 * Makes a bare clone ready: npm packages, a WebGPU adapter for Node, and with `--browser` a Chromium for the page's
 * tests. It is the first thing that runs, so it is plain JavaScript without dependencies that Node 20 can run, and it
 * changes nothing that works already.
 */
import { pathToFileURL } from 'node:url'
import { ensureAdapter } from './set-up/adapter.mjs'
import { findChromium } from './set-up/chromium.mjs'
import { ensurePackages } from './set-up/packages.mjs'

/**
 * @param {{ browser?: boolean }} [options]
 * @returns the environment for whatever runs on this machine next
 */
export function setUp({ browser = false } = {}) {
  ensurePackages()
  ensureAdapter()
  const environment = { ...process.env }
  if (browser) {
    const chromium = findChromium()
    if (chromium !== undefined) environment.SHOAL_CHROMIUM = chromium
  }
  return environment
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    setUp({ browser: process.argv.includes('--browser') })
  } catch (error) {
    console.error(`set-up: ${error.message}`)
    process.exitCode = 1
  }
}
