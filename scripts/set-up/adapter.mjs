/**
 * A WebGPU adapter for Node. Where there is none and the machine is a Debian we may install on, Mesa's software driver
 * is added; anywhere else one line says what to install.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { addBackports, installPackages } from './apt.mjs'
import { codename, debianRoot, projectNode, root, say } from './machine.mjs'

/** A driver that hangs must not hang set-up. */
const probeLimitMs = 60_000

export function ensureAdapter() {
  if (probe().ok) return
  if (!debianRoot) {
    say(
      `Node finds no WebGPU adapter: install a Vulkan driver for your GPU, or Mesa 24 or newer for its software one (Debian: mesa-vulkan-drivers${codename === 'bookworm' ? ' from bookworm-backports' : ''})`
    )
    return
  }
  say('no WebGPU adapter: installing Mesa’s software driver')
  // Debian 12's own Mesa 22.3.6 gives Dawn no adapter; that of the backports does.
  const release = codename === 'bookworm' ? addBackports(codename) : undefined
  installPackages(['mesa-vulkan-drivers', 'libvulkan1'], release)
  const { ok, adapter } = probe()
  if (ok) say(`WebGPU adapter: ${adapter}`)
  else say('Mesa is installed, but Node still finds no WebGPU adapter: peers here can drive, not host')
}

/** In a process of its own, since a driver may crash its host; by the engine's own choice of driver. */
function probe() {
  const script = fileURLToPath(new URL('./probe-adapter.mjs', import.meta.url))
  const { status, stdout } = spawnSync(projectNode, [script], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: probeLimitMs,
    killSignal: 'SIGKILL'
  })
  return { ok: status === 0, adapter: stdout?.trim() }
}
