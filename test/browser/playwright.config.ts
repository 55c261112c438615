/**
 * The page in a real Chromium against a real bootstrap and real peers. One worker: every test runs a swarm of its own, and
 * software WebGPU takes all cores there are.
 */
import { defineConfig } from '@playwright/test'

export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.ts',
  outputDir: '../../test-results',
  workers: 1,
  fullyParallel: false,
  // Compiling shaders on a busy machine with two cores takes tens of seconds.
  timeout: 150_000,
  expect: { timeout: 60_000 },
  reporter: [['list']],
  globalSetup: './global-setup.ts',
  use: { trace: 'off' }
})
