/**
 * Binds the chain, answer and standby protocols to the hosts of one peer: the first frame of a stream says which model or
 * session it is of, from then on the session's hop or standby has it. A peer that holds spans of several models has a host
 * for each and speaks each protocol once.
 */
import { DeadlineError, InvalidFrameError, PeerLeavingError, UnknownSessionError } from '../errors.ts'
import type { Channel, Links } from '../wire/channel.ts'
import type { Clock } from '../wire/clock.ts'
import type { AnswerFrame, ChainFrame, Close, Open, StandbyFrame } from '../wire/frames.pb.js'
import { modelOf } from '../wire/open-signature.ts'
import { answerProtocol, chainProtocol } from '../wire/protocols.ts'
import { standbyProtocol } from '../wire/standby-frames.ts'
import { Hop } from './hop.ts'
import type { HostContext } from './host-context.ts'
import { FIRST_FRAME_MS } from './limits.ts'
import type { SessionPart } from './session-part.ts'
import { sessionKey } from './session-table.ts'
import { Standby } from './standby.ts'

type Context = HostContext<SessionPart>

export class HopServer {
  readonly #links: Links
  readonly #clock: Clock
  readonly #hosts = new Set<Context>()
  #unserve = () => {}

  constructor(links: Links, clock: Clock) {
    this.#links = links
    this.#clock = clock
  }

  /** Serves a host's span until the returned function is called. One host a model. */
  add(host: Context): () => void {
    if (this.#hosts.size === 0) this.#serve()
    this.#hosts.add(host)
    return () => {
      if (this.#hosts.delete(host) && this.#hosts.size === 0) this.#unserve()
    }
  }

  #serve(): void {
    const ends = [
      this.#links.handle(chainProtocol, channel => this.#serveChain(channel)),
      this.#links.handle(answerProtocol, channel => this.#serveAnswers(channel)),
      this.#links.handle(standbyProtocol, channel => this.#serveStandby(channel))
    ]
    this.#unserve = () => {
      for (const end of ends) end()
    }
  }

  /** The host of the open's model; any other where there is none, which says so. @throws InvalidFrameError, PeerLeavingError */
  #hostOf(open: Open): Context {
    const hosts = [...this.#hosts]
    const digest = hosts.length > 1 ? modelOf(open) : undefined
    const host = hosts.find(({ model }) => model.digest === digest) ?? hosts[0]
    if (host === undefined) throw new PeerLeavingError(`${this.#links.self} is leaving`, { peer: this.#links.self })
    return host
  }

  async #serveChain(channel: Channel<ChainFrame>): Promise<void> {
    const forget = this.#limitFirstFrame(channel)
    let hop: Hop | undefined
    try {
      for await (const frame of channel.frames()) {
        forget()
        if (hop !== undefined) hop.fromPrevious(frame)
        else if (frame.open !== undefined) {
          hop = new Hop(this.#hostOf(frame.open), channel)
          void hop.open(frame.open)
        } else if (frame.close !== undefined) {
          await this.#closeDirectly(channel.remotePeer, frame.close)
          break
        } else throw new InvalidFrameError('a chain stream starts with an open', { peer: channel.remotePeer })
      }
    } catch (thrown) {
      if (hop === undefined || !(thrown instanceof InvalidFrameError)) throw thrown
      hop.refused(thrown)
    } finally {
      forget()
      hop?.previousLost()
    }
    // The hop ends the stream when all after it is done; leaving here would end it now.
    if (hop !== undefined) await channel.closed
  }

  /** A driver whose chain is broken frees its hops one by one; only its own sessions, since the key holds who it is. */
  async #closeDirectly(driver: string, close: Close): Promise<void> {
    const key = sessionKey(driver, close.session)
    for (const { table } of [...this.#hosts]) {
      const session = table.get(key)
      if (session !== undefined && close.epoch >= session.epoch) await session.hop.close()
    }
  }

  async #serveAnswers(channel: Channel<AnswerFrame>): Promise<void> {
    const forget = this.#limitFirstFrame(channel)
    let detach = () => {}
    let hop: Hop | undefined
    try {
      for await (const frame of channel.frames()) {
        forget()
        if (hop !== undefined && frame.rowRequest !== undefined) hop.answerRowDirectly(frame.rowRequest)
        else if (hop === undefined && frame.attach !== undefined) {
          const { session, epoch } = frame.attach
          const key = sessionKey(channel.remotePeer, session)
          const parts = [...this.#hosts].map(({ table }) => table.get(key)?.hop)
          hop = parts.find(part => part instanceof Hop)
          if (hop === undefined) throw new UnknownSessionError('no such session of this driver')
          const answers = hop.attach(channel, epoch)
          detach = () => answers.detach(channel)
        } else throw new InvalidFrameError('an answer stream takes one attach, then row requests', { peer: channel.remotePeer })
      }
      await channel.close()
    } finally {
      forget()
      detach()
    }
  }

  async #serveStandby(channel: Channel<StandbyFrame>): Promise<void> {
    const forget = this.#limitFirstFrame(channel)
    let standby: Standby | undefined
    try {
      for await (const frame of channel.frames()) {
        forget()
        if (standby !== undefined) await standby.take(frame)
        else if (frame.open !== undefined) {
          standby = new Standby(this.#hostOf(frame.open), channel)
          await standby.open(frame.open)
        } else throw new InvalidFrameError('a standby stream starts with an open', { peer: channel.remotePeer })
      }
    } finally {
      forget()
      standby?.hopLost()
    }
  }

  #limitFirstFrame<Frame>(channel: Channel<Frame>): () => void {
    return this.#clock.after(FIRST_FRAME_MS, () => channel.abort(new DeadlineError(`no first frame within ${FIRST_FRAME_MS} ms`)))
  }
}
