/** Opens one epoch's chain: signs the open, dials the first hop and waits until every hop has answered. */
import { PeerLostError, toShoalError } from '../errors.ts'
import type { Channel } from '../wire/channel.ts'
import { within } from '../wire/clock.ts'
import type { ChainFrame } from '../wire/frames.pb.js'
import { fromHex } from '../wire/hex.ts'
import { signOpen } from '../wire/open-signature.ts'
import { chainProtocol } from '../wire/protocols.ts'
import { Chain, type ChainOptions, DIAL_MS } from './chain.ts'

/** What a chain may take to open beyond the wait for KV each hop was granted, for each hop. */
const OPEN_MARGIN_MS = 20_000

/**
 * Opens a chain on every hop of the route, or on none.
 * @throws BusyError, PeerLostError, PeerLeavingError, ModelMismatchError, DeadlineError, the signal's reason
 */
export async function openChain(options: ChainOptions, signal: AbortSignal): Promise<Chain> {
  const { links, clock, route, model, privateKey } = options
  const hops = route.hops.map(({ peer, span, addresses, numerics, standby }) => ({
    peer,
    firstLayer: span.first,
    endLayer: span.end,
    addresses,
    numerics,
    ...(standby === undefined ? {} : { standby })
  }))
  const open = await signOpen(
    {
      session: options.session,
      epoch: options.epoch,
      driver: links.self,
      model: fromHex(model.digest),
      hops,
      reserveTokens: options.reserveTokens,
      committed: options.committed,
      leaseMs: options.leaseMs,
      waitMs: options.waitMs,
      encoding: options.encoding,
      window: options.window,
      driverAddresses: links.addresses(),
      issuedAt: BigInt(Math.floor(clock.now())),
      background: options.background
    },
    privateKey
  )
  const first = hops[0]!
  let channel: Channel<ChainFrame>
  try {
    channel = await within(clock, DIAL_MS, `dialling ${first.peer}`, signal, dialling =>
      links.dial(first.peer, first.addresses, chainProtocol, dialling)
    )
  } catch (thrown) {
    signal.throwIfAborted()
    throw new PeerLostError(`can't reach ${first.peer}: ${toShoalError(thrown).message}`, { peer: first.peer }, { cause: thrown })
  }
  const chain = new Chain(options, channel)
  try {
    const limit = hops.length * (options.waitMs + OPEN_MARGIN_MS)
    await within(clock, limit, 'opening the chain', signal, () => chain.start({ open }))
    return chain
  } catch (thrown) {
    // A caller that gave up wants the KV back before it hears so; otherwise hops release what they hold by themselves.
    if (signal.aborted) await chain.close()
    else chain.abandon()
    throw thrown
  }
}
