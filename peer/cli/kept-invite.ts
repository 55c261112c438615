/**
 * The invite of a private swarm that a bootstrap made, kept beside its key so that links stay good when it restarts.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { SourceError } from '../errors.ts'
import { inviteOf, type Membership, makePrivate, readInvite } from '../wire/membership.ts'

/** One of another network than the named is replaced. @throws SourceError, InviteError when the file holds something else */
export async function keptInvite(keyPath: string, network: string | undefined): Promise<Membership> {
  const path = `${keyPath}.invite`
  const kept = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined
    throw new SourceError(`${path}: ${cause.message}`, {}, { cause })
  })
  if (kept !== undefined) {
    const membership = readInvite(kept)
    if (network === undefined || network === membership.network) return membership
  }
  const made = makePrivate(network)
  await writeFile(path, `${inviteOf(made)}\n`, { mode: 0o600 })
  return made
}
