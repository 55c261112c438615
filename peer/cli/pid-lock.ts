/** A file that says which process may write another one: two writers would undo each other's work. */
import { open, readFile, rm } from 'node:fs/promises'

/** Whether it is ours now: false while another process that lives has it. */
export async function takeLock(lock: string): Promise<boolean> {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const file = await open(lock, 'wx', 0o600)
      await file.writeFile(String(process.pid))
      await file.close()
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      // A process that was killed leaves its lock behind.
      if (isAlive(Number(await readFile(lock, 'utf8').catch(() => '')))) return false
      await rm(lock, { force: true })
    }
  }
  return false
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  if (pid === process.pid) return true
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

export function freeLock(lock: string): Promise<void> {
  return rm(lock, { force: true })
}
