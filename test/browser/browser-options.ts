/**
 * How Chromium is started: the one named or installed, quiet on the network, with or without WebGPU.
 */
import { existsSync } from 'node:fs'
import type { LaunchOptions } from '@playwright/test'

const INSTALLED = '/usr/bin/chromium'

const common = [
  '--headless=new',
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Tabs of a test lie behind one another; those in the background must compute as if they were seen.
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding'
]

/** Current browsers always have the API; without a GPU, and software not asked for, it offers no adapter. */
const noWebGpu = ['--disable-gpu']

/** SwiftShader computes WebGPU on the CPU where there is no GPU. */
const softwareWebGpu = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader']

export function browserOptions({ webGpu = true, more = [] }: { webGpu?: boolean; more?: string[] } = {}): LaunchOptions {
  const named = process.env.SHOAL_CHROMIUM ?? (existsSync(INSTALLED) ? INSTALLED : undefined)
  return {
    headless: true,
    args: [...common, ...(webGpu ? softwareWebGpu : noWebGpu), ...more],
    ...(named === undefined ? {} : { executablePath: named })
  }
}
