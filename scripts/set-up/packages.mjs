/**
 * The npm packages of the lock file, and among them the Node that runs the project.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectNode, root, run, say } from './machine.mjs'

const oldestNode = 24

export function ensurePackages() {
  if (!installedAsLocked()) {
    // npm ci empties what the link leads to, which another checkout may be using.
    if (lstatSync(join(root, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink())
      throw new Error(
        'node_modules is a link to packages that are not those of package-lock.json: remove the link or install there'
      )
    say('installing npm packages')
    const quiet = ['--loglevel=error', '--no-progress']
    if (!run('npm', ['ci', ...quiet]).ok) {
      say('npm ci failed, trying npm install')
      const { ok, reason } = run('npm', ['install', ...quiet])
      if (!ok) throw new Error(`npm install failed (${reason})`)
    }
  }
  ensureNode()
}

/** node_modules holds the versions the lock file names. File times would not do: a checkout and npm both touch them. */
function installedAsLocked() {
  const installedPath = join(root, 'node_modules/.package-lock.json')
  if (!existsSync(installedPath)) return false
  const { packages: installed } = JSON.parse(readFileSync(installedPath, 'utf8'))
  const { packages: locked } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  return Object.entries(locked).every(([path, { version, optional, peer }]) => {
    if (path === '') return true
    // Optional packages are for other platforms, and peers are left out by legacy-peer-deps.
    if (installed[path] === undefined) return optional === true || peer === true
    return installed[path].version === version
  })
}

/** npm can be set to run no install scripts; the `node` package fetches its program in one. */
function ensureNode() {
  if (nodeVersion() >= oldestNode) return
  say('installing Node for this project')
  run('npm', ['rebuild', 'node', '--ignore-scripts=false', '--foreground-scripts', '--loglevel=error'])
  if (nodeVersion() >= oldestNode) return
  run(process.execPath, ['installArchSpecificPackage'], { cwd: join(root, 'node_modules/node'), shell: false })
  if (nodeVersion() >= oldestNode) return
  throw new Error(`node_modules/.bin/node is not Node ${oldestNode} or newer: install Node ${oldestNode} and try again`)
}

/** Major version of the Node that npm scripts get, 0 where it does not run. */
function nodeVersion() {
  const { stdout } = spawnSync(projectNode, ['--version'], { encoding: 'utf8' })
  return Number(stdout?.match(/^v(\d+)\./)?.[1] ?? 0)
}
