/**
 * What this peer is to a session in one epoch: a hop of its chain, or the standby of one. The session outlives its parts;
 * the next epoch's takes KV and order over from the last one's.
 */
import type { ShoalError } from '../errors.ts'
import type { CheckedStep } from './check-step.ts'
import type { HopSession } from './hop-session.ts'
import type { Output } from './output.ts'

export interface SessionPart {
  /** KV positions written, for the next epoch to start from. */
  readonly order: HopSession<CheckedStep, Output> | undefined
  /** A later epoch takes over: this part ends without a word, its driver knows. */
  superseded: () => void
  /** Resolves once nothing of this part touches the KV, and all it wrote is accounted for. */
  settled: () => Promise<void>
  /** Ends this part and says why. */
  fail: (error: ShoalError) => void
  /** Frees the session; its KV is back once this resolves. */
  free: () => Promise<void>
  /** The lease ran out. */
  expire: () => Promise<void>
  /** Ends and frees here and on whoever holds the session because of this part. */
  close: () => Promise<void>
  /** Resolves once the last frame is out, or its time is up. */
  flushed: () => Promise<void>
}
