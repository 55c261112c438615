/**
 * What set-up knows of the machine it runs on, and how it runs commands there.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Root of the checkout. */
export const root = fileURLToPath(new URL('../../', import.meta.url))
/** The project's own Node, a development dependency; npm puts it first on the PATH of scripts. */
export const projectNode = fileURLToPath(
  new URL(process.platform === 'win32' ? '../../node_modules/node/bin/node.exe' : '../../node_modules/.bin/node', import.meta.url)
)

export function say(line) {
  console.error(`set-up: ${line}`)
}

/** Runs to the end without standard input; output goes to standard error, so that a command's own output stays clean. */
export function run(command, args, options = {}) {
  const { status, error, signal } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
    ...options
  })
  if (error !== undefined) return { ok: false, reason: error.message }
  return { ok: status === 0, reason: signal ?? `exit code ${status}` }
}

/** `{ id, codename }` of os-release(5), empty where there is none. */
function readRelease() {
  const path = '/etc/os-release'
  if (!existsSync(path)) return {}
  const field = name => readFileSync(path, 'utf8').match(new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm'))?.[1]
  return { id: field('ID'), codename: field('VERSION_CODENAME') }
}

const release = readRelease()
/** Packages can be installed here without asking: Debian, and we are root. */
export const debianRoot = release.id === 'debian' && process.getuid?.() === 0
export const codename = release.codename
