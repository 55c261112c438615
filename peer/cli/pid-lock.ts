/** A file that says which process may write another one: two writers would undo each other's work. */
import { open, readFile, rm } from 'node:fs/promises'
import { resolve } from 'node:path'

/** Of this process. */
const held = new Set<string>()

/** Whether it is ours now: false while another process that lives has it. */
export async function takeLock(lock: string): Promise<boolean> {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const file = await open(lock, 'wx', 0o600)
      await file.writeFile(String(process.pid))
      await file.close()
      held.add(resolve(lock))
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      // A process that was killed leaves its lock behind.
      const pid = Number(await readFile(lock, 'utf8').catch(() => ''))
      // In a container each start has the same id: a lock with it that we don't hold is of the one before.
      if (pid === process.pid ? held.has(resolve(lock)) : isAlive(pid)) return false
      await rm(lock, { force: true })
    }
  }
  return false
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

export function freeLock(lock: string): Promise<void> {
  held.delete(resolve(lock))
  return rm(lock, { force: true })
}
