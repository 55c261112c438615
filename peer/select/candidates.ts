/** The arms of one request at this moment, each with what runs it, and why there may be none. */
import { BusyError, NoRouteError, type ShoalError, toShoalError } from '../errors.ts'
import type { CompletionRequest } from '../session/types.ts'
import { within } from '../wire/clock.ts'
import type { Arm, Ask } from './arms.ts'
import type { Cloud } from './cloud.ts'
import { beyondCloud } from './cloud-request.ts'
import { type EdgeArm, edgeArms, whyNoEdge } from './edge-arms.ts'
import type { SelectingContext } from './selecting-context.ts'
import type { Choice } from './selector.ts'

export interface Candidate {
  arm: Arm
  edge?: EdgeArm
  cloud?: Cloud
}

export const armOf = ({ arm }: Candidate) => arm

/** Asking the directory: beyond this the edge counts as away for this request. */
const DIRECTORY_MS = 2_000

export interface EdgeNow {
  arms: EdgeArm[]
  /** Why there are none. */
  error?: ShoalError
}

/** @throws the signal's reason, nothing else: a directory that does not answer leaves the edge out */
export async function edgeNow(context: SelectingContext, ask: Ask, signal: AbortSignal): Promise<EdgeNow> {
  const { edge, layers, width, directory, reputation, wayTo, settings, clock, logger } = context
  const question = {
    model: { digest: edge.model.digest, layers, width },
    reserveTokens: Math.min(ask.promptTokens + ask.maxTokens, edge.model.contextLength),
    reputation,
    now: ask.now,
    wayTo,
    ...settings.edge
  }
  try {
    const found = await within(clock, DIRECTORY_MS, 'asking the directory', signal, directory)
    const arms = edgeArms(found, question)
    const error = arms.length === 0 ? whyNoEdge(found, question) : undefined
    return { arms, ...(error === undefined ? {} : { error }) }
  } catch (thrown) {
    signal.throwIfAborted()
    const error = toShoalError(thrown)
    logger.warn({ code: error.code }, `the edge is left out: ${error.message}`)
    return { arms: [], error }
  }
}

/** As they stand in the book now. */
export function candidatesOf(
  { book, clouds }: SelectingContext,
  edges: readonly EdgeArm[],
  request: CompletionRequest,
  ask: Ask
): Candidate[] {
  // The edge's breaker keeps off only requests that have elsewhere to go: the driver plans around failing peers by itself.
  const alone = ask.policy === 'edge only' || clouds.length === 0
  return [
    ...edges.map(edge => {
      const arm = book.edgeArm(edge, ask)
      return { arm: alone ? arm : { ...arm, pausedUntil: book.pausedUntil(edge.id, ask.now) }, edge }
    }),
    ...clouds.map(cloud => ({
      arm: book.cloudArm(cloud.options, ask, beyondCloud(request, cloud.options) !== undefined),
      cloud
    }))
  ]
}

/** Milliseconds until a paused arm lets itself be asked; undefined when nobody knows. */
export function untilAsked({ refused }: Choice, candidates: readonly Candidate[], now: number): number | undefined {
  const paused = candidates.filter(({ arm }) => refused.some(each => each.arm === arm.id && each.why === 'paused'))
  const wait = Math.min(...paused.map(({ arm }) => arm.pausedUntil ?? now)) - now
  return Number.isFinite(wait) ? Math.max(1, wait) : undefined
}

/** What a client is told when no arm may serve its request. */
export function whyNone(
  { refused: all }: Choice,
  { policy }: Ask,
  edgeError: ShoalError | undefined,
  waitMs: number | undefined
): ShoalError {
  const refused = all.filter(({ why }) => why !== 'edge only')
  if (refused.length === 0) {
    if (edgeError !== undefined) return edgeError
    return new NoRouteError(`nothing may answer this request${policy === 'edge only' ? ', which must not leave the edge' : ''}`)
  }
  if (edgeError !== undefined && refused.every(({ why }) => why === 'unable')) return edgeError
  const reasons = refused.map(({ arm, why }) => `${arm}: ${why}`).join(', ')
  return new BusyError(`nothing has room for this request: ${reasons}`, waitMs === undefined ? {} : { retryAfterMs: waitMs })
}
