/** Installs what Shoal is measured against, once: packages of this folder, which nobody else needs. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchContext } from '../bench.ts'

const FOLDER = join(import.meta.dirname, '..')

/** Packages as large as a gigabyte over a slow line. */
const INSTALL_LIMIT_MS = 10 * 60_000

/** @throws Error when npm fails, the signal's reason */
export async function installRivals({ signal, log, command }: BenchContext): Promise<void> {
  if (existsSync(join(FOLDER, 'node_modules/onnxruntime-node')) && existsSync(join(FOLDER, 'node_modules/node-llama-cpp'))) return
  // Without scripts and optional packages: onnxruntime's would fetch CUDA, node-llama-cpp's builds for every other machine.
  const args = ['ci', '--omit=optional', '--ignore-scripts']
  command(`npm ${args.join(' ')} (in test/bench)`)
  log('installs the engines to measure against')
  const limited = AbortSignal.any([signal, AbortSignal.timeout(INSTALL_LIMIT_MS)])
  const npm = spawn('npm', args, {
    cwd: FOLDER,
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
    stdio: ['ignore', 'ignore', 'inherit'],
    signal: limited
  })
  const code = await new Promise<number | null>((resolve, reject) => npm.on('error', reject).on('close', resolve))
  limited.throwIfAborted()
  if (code !== 0) throw new Error(`npm ended with ${code}`)
}
