/**
 * Keeps a way open to peers that may be needed at once: a new connection costs round trips, over WebRTC seconds, and who
 * waits for them is a reader whose answer has stopped. Idle connections are closed otherwise.
 */
import type { Links, Protocol } from './channel.ts'
import { type Clock, within } from './clock.ts'
import type { StandbyPeer } from './frames.pb.js'

/** Half of what an idle connection is left (idle-connections.ts). */
const WARM_MS = 60_000
/** Dialling one peer; nobody waits for it. */
const DIAL_MS = 15_000

/** Opens and closes a channel of the protocol, now and then, until the returned function is called. Best effort. */
export function keepWarm<Frame>(
  links: Links,
  clock: Clock,
  protocol: Protocol<Frame>,
  peers: readonly (StandbyPeer | undefined)[]
): () => void {
  const stopping = new AbortController()
  let forget = () => {}
  const touch = async ({ peer, addresses }: StandbyPeer) => {
    const channel = await within(clock, DIAL_MS, `dialling ${peer}`, stopping.signal, dialling =>
      links.dial(peer, addresses, protocol, dialling)
    )
    await channel.close()
  }
  const wanted = peers.filter(peer => peer !== undefined && peer.peer !== links.self) as StandbyPeer[]
  const touchAll = () => {
    for (const peer of wanted) touch(peer).catch(() => {})
    forget = clock.after(WARM_MS, touchAll)
  }
  if (wanted.length > 0) touchAll()
  return () => {
    stopping.abort()
    forget()
  }
}
