import type { Links } from '../wire/channel.ts'
import { type Clock, within } from '../wire/clock.ts'
import { chainProtocol } from '../wire/protocols.ts'

/** How long a hop gets to confirm that a session is freed. */
const CLOSE_MS = 4_000

export interface HopSession {
  links: Links
  clock: Clock
  session: Uint8Array<ArrayBuffer>
  epoch: number
}

/** Frees a session on one hop by the driver's own word, where no chain leads to it any more. Best effort. */
export async function closeHop(
  { links, clock, session, epoch }: HopSession,
  hop: { peer: string; addresses: string[] }
): Promise<void> {
  await within(clock, CLOSE_MS, `closing at ${hop.peer}`, undefined, async signal => {
    const channel = await links.dial(hop.peer, hop.addresses, chainProtocol, signal)
    await channel.send({ close: { session, epoch } }, signal)
    await channel.close()
    await channel.closed
  }).catch(() => {
    // Its lease frees it.
  })
}
