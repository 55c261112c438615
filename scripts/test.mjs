/**
 * `npm test`: sets the machine up and runs the tests, all of them or the kinds named: unit, chain, browser. Node's own
 * runner comes last, so that its closing lines close the whole. Plain JavaScript for Node 20, as set-up is.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { projectNode, root } from './set-up/machine.mjs'
import { setUp } from './set-up.mjs'

const kinds = ['unit', 'chain', 'browser']
const asked = process.argv.slice(2)
const unknown = asked.find(kind => !kinds.includes(kind))

/** A run that hangs ends, with all it started: one takes about 20 minutes on 2 cores. */
const RUN_LIMIT_MS = 35 * 60_000

/** Bounds single tests; the slowest takes about 60 s. */
const TEST_LIMIT_MS = 5 * 60_000

/** Whether the command ended well within the limit. Its process group is its own, so that nothing of it outlives the run. */
function passes(args, env) {
  return new Promise(resolve => {
    const child = spawn(projectNode, args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'], detached: true })
    const forward = signal => child.kill(signal)
    const signals = ['SIGINT', 'SIGTERM']
    for (const signal of signals) process.on(signal, forward)
    const limit = setTimeout(() => {
      console.error(`test: not ended after ${RUN_LIMIT_MS / 60_000} minutes, killed`)
      process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL')
    }, RUN_LIMIT_MS)
    const settle = passed => {
      clearTimeout(limit)
      for (const signal of signals) process.off(signal, forward)
      resolve(passed)
    }
    child.on('error', error => {
      console.error(`test: ${error.message}`)
      settle(false)
    })
    child.on('exit', code => settle(code === 0))
  })
}

async function test(chosen) {
  const env = setUp({ browser: chosen.includes('browser') })
  let passed = true
  if (chosen.includes('browser')) {
    const playwright = join(root, 'node_modules/@playwright/test/cli.js')
    passed = (await passes([playwright, 'test', '--config', 'test/browser/playwright.config.ts'], env)) && passed
  }
  const files = chosen.filter(kind => kind !== 'browser').map(kind => `test/${kind}/**/*.test.ts`)
  // One file at a time: the chain tests start several peers each, and their time limits assume the machine is theirs.
  const serial = chosen.includes('chain') ? ['--test-concurrency=1'] : []
  if (files.length > 0) passed = (await passes(['--test', `--test-timeout=${TEST_LIMIT_MS}`, ...serial, ...files], env)) && passed
  return passed
}

if (unknown !== undefined) {
  console.error(`test: no kind of test is called ${unknown}; there are ${kinds.join(', ')}`)
  process.exitCode = 2
} else {
  try {
    if (!(await test(asked.length > 0 ? asked : kinds))) process.exitCode = 1
  } catch (error) {
    console.error(`test: ${error.message}`)
    process.exitCode = 1
  }
}
