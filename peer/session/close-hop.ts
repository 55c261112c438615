import { within } from '../wire/clock.ts'
import { chainProtocol } from '../wire/protocols.ts'
import type { ChainOptions } from './chain.ts'

/** How long a hop gets to confirm that a session is freed. */
const CLOSE_MS = 4_000

/** Frees a session on one hop by the driver's own word, where no chain leads to it any more. Best effort. */
export async function closeHop(
  options: Pick<ChainOptions, 'links' | 'clock' | 'session' | 'epoch'>,
  hop: { peer: string; addresses: string[] }
): Promise<void> {
  const { links, clock, session, epoch } = options
  await within(clock, CLOSE_MS, `closing at ${hop.peer}`, undefined, async signal => {
    const channel = await links.dial(hop.peer, hop.addresses, chainProtocol, signal)
    await channel.send({ close: { session, epoch } }, signal)
    await channel.close()
    await channel.closed
  }).catch(() => {
    // Its lease frees it.
  })
}
