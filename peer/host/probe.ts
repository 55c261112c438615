/**
 * What a hop answers a driver's probe: how far it is. It comes from the event loop, not from the GPU, so that a driver can
 * tell a hop that is slow from one that is not there.
 */
import type { OpenPlan, Probe, ProbeReply } from '../wire/frames.pb.js'
import type { HopSession, StepPlace } from './hop-session.ts'

export interface ProbedHop {
  plan: OpenPlan
  index: number
  /** Undefined until it has its KV. */
  order: Pick<HopSession<StepPlace, unknown>, 'received' | 'executed'> | undefined
  /** The engine's run under way. */
  run: { tokens: number; startedAt: number } | undefined
  passedOn: boolean
  /** Since when the next hop is dialled; undefined when it is not. */
  dialledAt: number | undefined
  now: number
}

export function replyTo({ number }: Probe, { plan, index, order, run, passedOn, dialledAt, now }: ProbedHop): ProbeReply {
  return {
    session: plan.session,
    epoch: plan.epoch,
    number,
    hop: index,
    received: order?.received ?? 0,
    executed: order?.executed ?? 0,
    runMs: run === undefined ? 0 : Math.max(0, Math.round(now - run.startedAt)),
    runTokens: run?.tokens ?? 0,
    passedOn,
    dialMs: dialledAt === undefined ? 0 : Math.max(1, Math.round(now - dialledAt))
  }
}
