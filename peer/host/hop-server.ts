/**
 * Binds the chain, answer and standby protocols to a host: the first frame of a stream says which session it is of, from
 * then on the session's hop or standby has it.
 */
import { DeadlineError, InvalidFrameError, UnknownSessionError } from '../errors.ts'
import type { Channel } from '../wire/channel.ts'
import type { AnswerFrame, ChainFrame, Close, StandbyFrame } from '../wire/frames.pb.js'
import { answerProtocol, chainProtocol } from '../wire/protocols.ts'
import { standbyProtocol } from '../wire/standby-frames.ts'
import { Hop } from './hop.ts'
import type { HostContext } from './host-context.ts'
import { FIRST_FRAME_MS } from './limits.ts'
import type { SessionPart } from './session-part.ts'
import { sessionKey } from './session-table.ts'
import { Standby } from './standby.ts'

/** Serves until the returned function is called. */
export function serveHops(context: HostContext<SessionPart>): () => void {
  const stopChain = context.links.handle(chainProtocol, channel => serveChain(context, channel))
  const stopAnswers = context.links.handle(answerProtocol, channel => serveAnswers(context, channel))
  const stopStandbys = context.links.handle(standbyProtocol, channel => serveStandby(context, channel))
  return () => {
    stopChain()
    stopAnswers()
    stopStandbys()
  }
}

async function serveChain(context: HostContext<SessionPart>, channel: Channel<ChainFrame>): Promise<void> {
  const forget = limitFirstFrame(context, channel)
  let hop: Hop | undefined
  try {
    for await (const frame of channel.frames()) {
      forget()
      if (hop !== undefined) hop.fromPrevious(frame)
      else if (frame.open !== undefined) {
        hop = new Hop(context, channel)
        void hop.open(frame.open)
      } else if (frame.close !== undefined) {
        await closeDirectly(context, channel.remotePeer, frame.close)
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
async function closeDirectly({ table }: HostContext<SessionPart>, driver: string, close: Close): Promise<void> {
  const session = table.get(sessionKey(driver, close.session))
  if (session !== undefined && close.epoch >= session.epoch) await session.hop.close()
}

async function serveAnswers(context: HostContext<SessionPart>, channel: Channel<AnswerFrame>): Promise<void> {
  const forget = limitFirstFrame(context, channel)
  let detach = () => {}
  let hop: Hop | undefined
  try {
    for await (const frame of channel.frames()) {
      forget()
      if (hop !== undefined && frame.rowRequest !== undefined) hop.answerRowDirectly(frame.rowRequest)
      else if (hop === undefined && frame.attach !== undefined) {
        const { session, epoch } = frame.attach
        const part = context.table.get(sessionKey(channel.remotePeer, session))?.hop
        if (!(part instanceof Hop)) throw new UnknownSessionError('no such session of this driver')
        hop = part
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

async function serveStandby(context: HostContext<SessionPart>, channel: Channel<StandbyFrame>): Promise<void> {
  const forget = limitFirstFrame(context, channel)
  let standby: Standby | undefined
  try {
    for await (const frame of channel.frames()) {
      forget()
      if (standby !== undefined) await standby.take(frame)
      else if (frame.open !== undefined) {
        standby = new Standby(context, channel)
        await standby.open(frame.open)
      } else throw new InvalidFrameError('a standby stream starts with an open', { peer: channel.remotePeer })
    }
  } finally {
    forget()
    standby?.hopLost()
  }
}

function limitFirstFrame<Frame>({ clock }: HostContext<SessionPart>, channel: Channel<Frame>): () => void {
  return clock.after(FIRST_FRAME_MS, () => channel.abort(new DeadlineError(`no first frame within ${FIRST_FRAME_MS} ms`)))
}
