/**
 * `npm test`: sets the machine up and runs the tests, all of them or the kinds named: unit, chain, browser. Node's own
 * runner comes last, so that its closing lines close the whole. Plain JavaScript for Node 20, as set-up is.
 */
import { join } from 'node:path'
import { projectNode, root, run } from './set-up/machine.mjs'
import { setUp } from './set-up.mjs'

const kinds = ['unit', 'chain', 'browser']
const asked = process.argv.slice(2)
const unknown = asked.find(kind => !kinds.includes(kind))

function test(chosen) {
  const env = setUp({ browser: chosen.includes('browser') })
  const onProjectNode = (...args) => run(projectNode, args, { env, stdio: ['ignore', 'inherit', 'inherit'], shell: false }).ok
  let passed = true
  if (chosen.includes('browser')) {
    const playwright = join(root, 'node_modules/@playwright/test/cli.js')
    passed = onProjectNode(playwright, 'test', '--config', 'test/browser/playwright.config.ts') && passed
  }
  const files = chosen.filter(kind => kind !== 'browser').map(kind => `test/${kind}/**/*.test.ts`)
  // One file at a time: the chain tests start several peers each, and their time limits assume the machine is theirs.
  const serial = chosen.includes('chain') ? ['--test-concurrency=1'] : []
  if (files.length > 0) passed = onProjectNode('--test', ...serial, ...files) && passed
  return passed
}

if (unknown !== undefined) {
  console.error(`test: no kind of test is called ${unknown}; there are ${kinds.join(', ')}`)
  process.exitCode = 2
} else {
  try {
    if (!test(asked.length > 0 ? asked : kinds)) process.exitCode = 1
  } catch (error) {
    console.error(`test: ${error.message}`)
    process.exitCode = 1
  }
}
