/**
 * The way from one hop to the one after it, in one epoch: dialled when the chain opens, and read until either is over.
 * What comes back along the chain is checked here to be of this session and epoch.
 */
import { InvalidFrameError, PeerLostError, type ShoalError, toShoalError } from '../errors.ts'
import type { Channel, Links } from '../wire/channel.ts'
import { type Clock, raceSignal, within } from '../wire/clock.ts'
import type { ChainFrame, HopState, Open, Opened, OpenPlan } from '../wire/frames.pb.js'
import { Outbox } from '../wire/outbox.ts'
import { chainProtocol } from '../wire/protocols.ts'
import { isOf, isOfEarlierEpoch } from '../wire/session-ids.ts'
import { withPeer } from './charge.ts'
import { DIAL_MS, OPEN_MARGIN_MS } from './limits.ts'

/** Frames of every kind in flight one way: a window of steps with their re-sends, and the small frames between them. */
export const OUTBOX_FRAMES = 256

/** The hop whose next one it is. */
export interface NextHopUser {
  links: Links
  clock: Clock
  plan: OpenPlan
  /** Of the hop itself, in the chain. */
  index: number
  state: () => 'opening' | 'open' | 'over'
  /** A frame for the previous peer. */
  pass: (frame: ChainFrame) => void
  /** A later hop has ended the epoch; the frame says why. */
  failed: (frame: ChainFrame) => void
  credit: (number: number) => void
  /** The next peer is gone, or sends what it may not. */
  lost: (error: ShoalError) => void
}

export class NextHop {
  readonly #user: NextHopUser
  #out: Outbox<ChainFrame> | undefined
  #dialledAt: number | undefined
  #opened: ((opened: Opened) => void) | undefined

  constructor(user: NextHopUser) {
    this.#user = user
  }

  /** Undefined until the peer is reached. */
  get out(): Outbox<ChainFrame> | undefined {
    return this.#out
  }

  /** Since when the peer is dialled; undefined when it is not. */
  get dialledAt(): number | undefined {
    return this.#dialledAt
  }

  /**
   * Dials the peer, passes the open on and resolves to what the rest of the chain holds, in order.
   * @throws PeerLostError, DeadlineError, InvalidFrameError, the signal's reason
   */
  async open(open: Open, signal: AbortSignal): Promise<HopState[]> {
    const { clock, plan, index } = this.#user
    const { peer } = plan.hops[index + 1]!
    const after = plan.hops.length - 1 - index
    const out = new Outbox(await this.#dial(signal), OUTBOX_FRAMES, error => this.#lost(error))
    this.#out = out
    if (signal.aborted) {
      out.abort(toShoalError(signal.reason))
      signal.throwIfAborted()
    }
    out.push({ open })
    const opened = new Promise<Opened>(resolve => {
      this.#opened = resolve
    })
    void this.#read(out)
    const limit = after * (plan.waitMs + OPEN_MARGIN_MS)
    const { hops } = await within(clock, limit, 'opening the rest of the chain', signal, waiting => raceSignal(opened, waiting))
    if (hops.length !== after) throw new InvalidFrameError(`opened: ${hops.length} states of ${after} hops`, { peer })
    return hops
  }

  async #dial(signal: AbortSignal): Promise<Channel<ChainFrame>> {
    const { links, clock, plan, index } = this.#user
    const { peer, addresses } = plan.hops[index + 1]!
    this.#dialledAt = clock.now()
    try {
      return await within(clock, DIAL_MS, `dialling ${peer}`, signal, dialling =>
        links.dial(peer, addresses, chainProtocol, dialling)
      )
    } catch (thrown) {
      throw signal.aborted ? signal.reason : new PeerLostError(`can't reach ${peer}: ${toShoalError(thrown).message}`, { peer })
    } finally {
      this.#dialledAt = undefined
    }
  }

  async #read({ channel }: Outbox<ChainFrame>): Promise<void> {
    const peer = channel.remotePeer
    try {
      for await (const frame of channel.frames()) this.#take(frame, peer)
      this.#lost(new PeerLostError(`${peer} ended the chain`, { peer }))
    } catch (thrown) {
      this.#lost(toShoalError(thrown))
    }
  }

  #lost(error: ShoalError): void {
    const { plan, index, lost } = this.#user
    const { peer } = plan.hops[index + 1]!
    const charged = error instanceof InvalidFrameError
    lost(charged ? withPeer(error, peer) : new PeerLostError(`${peer} is gone: ${error.message}`, { peer }))
  }

  #take(frame: ChainFrame, peer: string): void {
    const { plan, index, state, pass, failed, credit: credited } = this.#user
    if (state() === 'over') return
    const { opened, answer, row, credit, failure, probeReply } = frame
    const body = opened ?? answer ?? row ?? credit ?? failure ?? probeReply
    if (body === undefined) throw new InvalidFrameError('a frame that only goes the other way')
    if (!isOf(plan, body)) {
      if (isOfEarlierEpoch(plan, body)) return
      throw new InvalidFrameError('a frame of another session', { peer })
    }
    if (failure !== undefined) failed(frame)
    else if (opened !== undefined) this.#opened?.(opened)
    else if (probeReply !== undefined) {
      if (probeReply.hop <= index || probeReply.hop >= plan.hops.length)
        throw new InvalidFrameError(`a reply of hop ${probeReply.hop} from after hop ${index}`)
      pass({ probeReply })
    } else if (state() !== 'open') throw new InvalidFrameError('a frame before the chain is open', { peer })
    else if (credit !== undefined) credited(credit.number)
    else pass(frame)
  }
}
