/**
 * Real swarms for the chain tests: every peer a process of the `shoal` command, its end part of the test.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type ServiceProcess, startService } from '../../peer/cli/service-process.ts'
import type { Health } from '../../peer/gateway/health.ts'

export const MAIN = fileURLToPath(new URL('../../peer/cli/main.ts', import.meta.url))

/** A loader that finds no driver: a machine without GPU and without a software one. */
export const WITHOUT_ADAPTER = { ...process.env, VK_ICD_FILENAMES: '/dev/null' }

/** Positions of KV that an edge peer of these tests holds, unless it says otherwise. */
export const KV_TOKENS = 2048

/** Between two looks at something that has no event of its own; a directory node answers a peer eight times a second. */
const POLL_MS = 250
/** What a busy machine may need for what is a matter of a second. */
const PATIENCE_MS = 30_000

/** Reads a service's log as it is written. */
export interface LogReader {
  level: 'debug' | 'info'
  onLine: (line: string) => void
}

export interface TestSwarm extends JoiningPeers {
  readonly bootstrap: ServiceProcess
}

export interface JoiningPeers {
  readonly folder: string
  readonly url: string
  start: (...args: string[]) => Promise<ServiceProcess>
  /** `name` is the key file's: the same name is the same peer again. */
  edge: (name: string, layers: string, log?: LogReader) => Promise<ServiceProcess>
  serve: (name: string, log?: LogReader) => Promise<ServiceProcess>
  /** Ends every process and removes the keys. */
  end: () => Promise<void>
}

/** `ofBootstrap`: options it gets beside the usual ones. */
export async function startSwarm(...ofBootstrap: string[]): Promise<TestSwarm> {
  let url = ''
  const peers = joiningPeers(() => url)
  try {
    const bootstrap = await peers.start('bootstrap', '--port', '0', ...ofBootstrap, ...keyIn(peers.folder, 'bootstrap'))
    url = String(bootstrap.ready.url)
    return { ...peers, url, bootstrap }
  } catch (error) {
    await peers.end()
    throw error
  }
}

/** Of a swarm whose bootstrap is the test's own. */
export function startPeers(url: string): JoiningPeers {
  return joiningPeers(() => url)
}

function keyIn(folder: string, name: string): string[] {
  return ['--identity', join(folder, `${name}.key`)]
}

function joiningPeers(url: () => string): JoiningPeers {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-chain-'))
  const services: ServiceProcess[] = []
  const startLogged = async (args: readonly string[], log?: LogReader) => {
    const service = await startService(
      [...args, '--log-level', log?.level ?? 'warn'],
      log === undefined ? {} : { onLog: log.onLine }
    )
    services.push(service)
    return service
  }
  const start = (...args: string[]) => startLogged(args)
  const end = async () => {
    await Promise.all(services.map(service => service.stop()))
    rmSync(folder, { recursive: true, force: true })
  }
  const edge: JoiningPeers['edge'] = (name, layers, log) => {
    const given = ['--join', url(), '--layers', layers, '--kv-tokens', String(KV_TOKENS)]
    return startLogged(['edge', ...given, ...keyIn(folder, name)], log)
  }
  const serve: JoiningPeers['serve'] = (name, log) =>
    startLogged(['serve', '--join', url(), '--port', '0', ...keyIn(folder, name)], log)
  return { folder, url: url(), start, edge, serve, end }
}

export async function healthOf(gateway: ServiceProcess): Promise<Health> {
  const response = await fetch(`${gateway.ready.url}/health`)
  return (await response.json()) as Health
}

/** Looks again and again until it holds. */
export async function eventually<Value>(
  look: () => Promise<Value>,
  holds: (value: Value) => boolean,
  what: string,
  patienceMs = PATIENCE_MS
): Promise<Value> {
  const until = performance.now() + patienceMs
  for (;;) {
    const value = await look()
    if (holds(value)) return value
    if (performance.now() > until) throw new Error(`${what}: not so after ${patienceMs / 1000} s, but ${JSON.stringify(value)}`)
    await wait(POLL_MS)
  }
}

export interface CommandResult {
  code: number | null
  stdout: string
  stderr: string
}

/** A `shoal` command that ends by itself. */
export async function shoal(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<CommandResult> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env })
  return await resultOf(child)
}

export async function resultOf(child: ChildProcess): Promise<CommandResult> {
  const ended = new Promise<number | null>((resolve, reject) => child.once('close', resolve).once('error', reject))
  const [stdout, stderr, code] = await Promise.all([text(child.stdout!), text(child.stderr!), ended])
  return { code, stdout, stderr }
}
