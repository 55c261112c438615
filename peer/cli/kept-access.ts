/**
 * Access to a gateway by keys, and what each has used: kept in this user's state folder, so that a day's tokens are not
 * given again by a restart.
 */
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { KeyAccess } from '../gateway/access.ts'
import type { KeyRing } from '../gateway/api-keys.ts'
import { KeyUsage } from '../gateway/key-usage.ts'
import { stateFolder } from './layout.ts'
import { openStateFile } from './state-file.ts'

export interface KeptAccess extends KeyAccess {
  close: () => Promise<void>
}

/** @throws BusyError when another process keeps the usage of this peer */
export async function openAccess(keys: () => KeyRing, self: string, logger: Logger): Promise<KeptAccess> {
  const usage = new KeyUsage()
  const file = await openStateFile({
    path: join(stateFolder(), `key-usage-${self}.json`),
    text: () => usage.save(Date.now()),
    changes: () => usage.changes,
    restore: text => usage.restore(text),
    logger
  })
  return { keys, usage, close: file.close }
}
