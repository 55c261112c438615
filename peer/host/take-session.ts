/**
 * How a part of a new epoch comes by its session: it takes the place of the last epoch's part at once, and its KV and order
 * of steps once nothing of that part touches them.
 */
import type { SequenceId } from '../engine/engine.ts'
import { BusyError, StaleEpochError } from '../errors.ts'
import type { OpenPlan } from '../wire/frames.pb.js'
import type { CheckedStep } from './check-step.ts'
import { HopSession } from './hop-session.ts'
import type { HostContext } from './host-context.ts'
import { KEPT_BYTES } from './limits.ts'
import type { Output } from './output.ts'
import type { SessionPart } from './session-part.ts'
import { type HostedSession, type SessionTable, sessionKey } from './session-table.ts'

export interface Claim {
  session: HostedSession<SessionPart>
  /** The part that had the session until now. */
  before: SessionPart | undefined
}

/** @throws StaleEpochError when the epoch is over, BusyError when the table is full */
export function claimSession(table: SessionTable<SessionPart>, plan: OpenPlan, part: SessionPart): Claim {
  const session = table.get(sessionKey(plan.driver, plan.session))
  if (session === undefined) return { session: table.add(plan, part), before: undefined }
  if (plan.epoch <= session.epoch) throw new StaleEpochError(`epoch ${plan.epoch} is over, the session is at ${session.epoch}`)
  const before = session.hop
  session.epoch = plan.epoch
  session.hop = part
  table.setLease(session, plan.leaseMs)
  before.superseded()
  before.order?.advance(plan.epoch, plan.window)
  return { session, before }
}

/**
 * The claimed session's order, which knows the positions held: the last epoch's, or a new one. `reserve` takes KV, more than
 * is held where some is. A session that outgrows what is to be had gives up its own, so that two never wait for each other,
 * and waits for a whole new one: its driver replays. To be called at once after claiming.
 * @throws what `reserve` throws, the signal's reason
 */
export async function takeOrder(
  context: HostContext<SessionPart>,
  { session, before }: Claim,
  plan: OpenPlan,
  signal: AbortSignal,
  reserve: (held: SequenceId | undefined) => Promise<SequenceId>
): Promise<HopSession<CheckedStep, Output>> {
  const { logs, room } = context
  const order = before?.order
  const held = session.sequence
  if (held !== undefined) {
    await before?.settled()
    signal.throwIfAborted()
    if (order !== undefined && (await hasRoom(session, order, plan, () => reserve(held)))) return order
    signal.throwIfAborted()
    session.sequence = undefined
    logs.drop(session.key)
    await room.give(held)
  }
  const sequence = await reserve(undefined)
  if (signal.aborted) {
    await room.give(sequence)
    signal.throwIfAborted()
  }
  session.sequence = sequence
  session.reserve = plan.reserveTokens
  const { epoch, window } = plan
  return new HopSession({ epoch, window, reserve: session.reserve, keptBytes: KEPT_BYTES })
}

async function hasRoom(
  session: HostedSession<SessionPart>,
  order: HopSession<CheckedStep, Output>,
  { reserveTokens }: OpenPlan,
  extend: () => Promise<SequenceId>
): Promise<boolean> {
  if (session.reserve >= reserveTokens) return true
  try {
    await extend()
  } catch (thrown) {
    if (thrown instanceof BusyError) return false
    throw thrown
  }
  session.reserve = reserveTokens
  order.grow(reserveTokens)
  return true
}
