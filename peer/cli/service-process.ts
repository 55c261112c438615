/**
 * A `shoal` service as a child process: started, waited for until it says it is ready, and ended on every path.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { DeadlineError, InternalError } from '../errors.ts'
import type { ReadyNotice } from './ready.ts'
import { MALLOC_ENV, NODE_FLAGS } from './service-memory.ts'

const MAIN = fileURLToPath(new URL(`./main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url))

/** From SIGTERM to SIGKILL: longer than a service takes to end by itself. */
const STOP_MS = 10_000

/** Lines of standard error kept to explain an early end. */
const KEPT_LINES = 100

export interface ServiceExit {
  code: number | null
  signal: NodeJS.Signals | null
}

export interface ServiceProcess {
  readonly pid: number
  readonly ready: ReadyNotice
  readonly exited: Promise<ServiceExit>
  /** The last lines of its standard error. */
  log: () => readonly string[]
  kill: (signal: NodeJS.Signals) => void
  /** SIGTERM, and SIGKILL if that is not enough; resolves when it is gone. */
  stop: () => Promise<ServiceExit>
}

export interface ServiceOptions {
  /** How long it may take to be ready. Default 120 s: a software driver compiles for tens of seconds. */
  readyMs?: number
  env?: NodeJS.ProcessEnv
  /** Told of each line of its standard error as it comes. */
  onLog?: (line: string) => void
  signal?: AbortSignal
}

/** @throws InternalError when it ends before it is ready, DeadlineError when it never is */
export async function startService(args: readonly string[], options: ServiceOptions = {}): Promise<ServiceProcess> {
  const { readyMs = 120_000, env = process.env, onLog, signal } = options
  signal?.throwIfAborted()
  const child = spawn(process.execPath, [...NODE_FLAGS, MAIN, ...args, '--json'], {
    // A group of its own, so that Ctrl-C reaches it through its parent, once; the channel tells it when the parent is gone.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...MALLOC_ENV, ...env }
  })
  const exited = new Promise<ServiceExit>((resolve, reject) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
    child.once('error', reject)
  })
  const lines: string[] = []
  createInterface({ input: child.stderr! }).on('line', line => {
    lines.push(line)
    if (lines.length > KEPT_LINES) lines.shift()
    onLog?.(line)
  })
  const stop = () => end(child, exited)
  try {
    const limit = AbortSignal.any([AbortSignal.timeout(readyMs), ...(signal === undefined ? [] : [signal])])
    const ready = await Promise.race([firstNotice(child), earlyEnd(exited, lines), rejection(limit)]).catch(error => {
      if (limit.aborted && !signal?.aborted) throw new DeadlineError(`shoal ${args[0]} was not ready within ${readyMs / 1000} s`)
      if (error instanceof InternalError) throw new InternalError(`shoal ${args[0]} ${error.message}`)
      throw error
    })
    return { pid: child.pid!, ready, exited, log: () => lines, kill: name => child.kill(name), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function firstNotice(child: ChildProcess): Promise<ReadyNotice> {
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout! }).once('line', line => {
      try {
        resolve(JSON.parse(line))
      } catch {
        reject(new InternalError(`printed no JSON: ${line}`))
      }
    })
  })
}

async function earlyEnd(exited: Promise<ServiceExit>, lines: readonly string[]): Promise<never> {
  const { code, signal } = await exited
  // Warnings of a GPU driver stand around the line that tells why.
  const why = lines.findLast(line => line.startsWith('shoal: '))?.slice('shoal: '.length) ?? lines.at(-1) ?? 'it said nothing'
  throw new InternalError(`ended before it was ready (${signal ?? `exit code ${code}`}): ${why}`)
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
}

async function end(child: ChildProcess, exited: Promise<ServiceExit>): Promise<ServiceExit> {
  child.kill('SIGTERM')
  const grace = new AbortController()
  const late = wait(STOP_MS, 'late' as const, { signal: grace.signal }).catch(() => 'late' as const)
  if ((await Promise.race([exited, late])) === 'late') child.kill('SIGKILL')
  grace.abort()
  return await exited
}
