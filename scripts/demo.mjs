/**
 * `npm run demo`: sets the machine up, then hands over to `shoal demo` on the project's own Node. Plain JavaScript for
 * Node 20, since on a bare clone nothing else runs yet.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { projectNode, root } from './set-up/machine.mjs'
import { setUp } from './set-up.mjs'

try {
  const env = setUp()
  const main = join(root, 'peer/cli/main.ts')
  const child = spawn(projectNode, [main, 'demo', ...process.argv.slice(2)], { cwd: root, env, stdio: 'inherit' })
  // The terminal signals the whole group; anyone else signals this process alone.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  child.on('error', error => {
    console.error(`demo: ${error.message}`)
    process.exitCode = 1
  })
  child.on('exit', code => {
    process.exitCode = code ?? 1
  })
} catch (error) {
  console.error(`demo: ${error.message}`)
  process.exitCode = 1
}
