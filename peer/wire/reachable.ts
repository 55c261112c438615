/** Waits until others can find this peer. */
import type { Libp2p } from '@libp2p/interface'
import { DeadlineError, type InviteError } from '../errors.ts'

/**
 * Resolves once one of the directory nodes holds a relay reservation for this peer, or at once where there are none.
 * @throws InviteError when they refuse it, DeadlineError after `limitMs`, the signal's reason
 */
export async function untilReachable(
  node: Libp2p,
  directoryPeers: readonly string[],
  refusals: ReadonlyMap<string, InviteError>,
  limitMs: number,
  signal: AbortSignal | undefined
): Promise<void> {
  const reachable = () =>
    directoryPeers.length === 0 || node.getMultiaddrs().some(address => address.toString().includes('/p2p-circuit'))
  signal?.throwIfAborted()
  if (reachable()) return
  await new Promise<void>((resolve, reject) => {
    const settle = (act: () => void) => {
      clearTimeout(timer)
      node.removeEventListener('self:peer:update', onUpdate)
      signal?.removeEventListener('abort', onAbort)
      act()
    }
    const onUpdate = () => {
      if (reachable()) settle(resolve)
    }
    const onAbort = () => settle(() => reject(signal?.reason))
    const timer = setTimeout(() => {
      const refusal = directoryPeers.map(peer => refusals.get(peer)).find(error => error !== undefined)
      settle(() => reject(refusal ?? new DeadlineError(`No directory node holds a place for this peer after ${limitMs} ms`)))
    }, limitMs)
    node.addEventListener('self:peer:update', onUpdate)
    signal?.addEventListener('abort', onAbort)
    onUpdate()
  })
}
