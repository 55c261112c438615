/**
 * The page's built files. In a checkout they are built when they are missing or older than what they are made of; a
 * package comes with them.
 */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { InternalError } from '../errors.ts'
import { FROM_SOURCE, PAGE_FOLDER, ROOT } from './layout.ts'

const INDEX = join(PAGE_FOLDER, 'index.html')
const SOURCES = ['web', 'peer', 'package-lock.json']

/** Where the built page lies, if it does. */
export function pageFolder(): string | undefined {
  return existsSync(INDEX) ? PAGE_FOLDER : undefined
}

/** @returns whether anything had to be built */
export async function ensurePage(signal: AbortSignal): Promise<boolean> {
  if (!FROM_SOURCE || (existsSync(INDEX) && newest(SOURCES.map(path => join(ROOT, path))) <= statSync(INDEX).mtimeMs))
    return false
  const child = spawn(process.execPath, [join(ROOT, 'scripts/build.mjs'), '--page'], { stdio: ['ignore', 2, 2], signal })
  const code = await new Promise((resolve, reject) => child.once('exit', resolve).once('error', reject))
  if (code !== 0) throw new InternalError(`the page could not be built (exit code ${code})`)
  return true
}

function newest(paths: readonly string[]): number {
  return Math.max(
    0,
    ...paths.map(path => {
      const stats = statSync(path)
      if (!stats.isDirectory()) return stats.mtimeMs
      return newest(readdirSync(path).map(name => join(path, name)))
    })
  )
}
