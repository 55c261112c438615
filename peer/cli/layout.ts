/**
 * Where the command finds the files it comes with. Emitted JavaScript lies in the package beside the built page; sources
 * lie in the checkout, whose page is built into dist/.
 */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Root of the package, or of the checkout. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const FROM_SOURCE = import.meta.url.endsWith('.ts')
/** The model that comes with Shoal. */
export const EMBEDDED_MODEL = join(ROOT, 'models', 'psalter-6m.q8_0.gguf')
export const PAGE_FOLDER = join(ROOT, FROM_SOURCE ? 'dist/web' : 'web')

/** Where this user's peers keep their keys. */
export function stateFolder(): string {
  return join(process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'shoal')
}
