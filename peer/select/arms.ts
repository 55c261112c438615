/** The arms as they stand now, and which of them may serve a request at all: the constraints come before any learning. */
import type { Ledger } from './budget.ts'
import { canReserve } from './budget.ts'
import type { RequestClass } from './classes.ts'

/** An edge chain class or a cloud endpoint, with what is known of it at this moment. */
export interface Arm {
  id: string
  place: 'edge' | 'cloud'
  /** Milliseconds until work of this request can begin: the arm's queue. */
  waitMs: number
  /** Milliseconds of the way there and back. */
  linkMs: number
  prefillMsPerToken: number
  decodeMsPerToken: number
  /** Positions a new session may still reserve; infinite where the arm keeps its own counsel. */
  freeKvTokens: number
  /** Bytes per second towards the arm that are free now. */
  bandwidth: number
  /** In the budget's currency. */
  promptPrice: number
  tokenPrice: number
  /** Bytes for each token between the arm's own hops, prompt and answer alike, beside those of the ask. */
  hopBytes?: number
  /** What is left of a budget of its own. */
  moneyLeft?: number
  /** It can't do what the request asks for. */
  unable?: boolean
  /** A breaker or a Retry-After keeps requests off until then, milliseconds. */
  pausedUntil?: number
}

export interface Ask {
  class: RequestClass
  policy: 'any' | 'edge only'
  promptTokens: number
  /** The prompt in any other model's tokens has at most so many; what money is reserved for. Absent: as many as here. */
  mostPromptTokens?: number
  /** At most so many tokens of answer: what KV room and budget are reserved for. */
  maxTokens: number
  /** Bytes that travel to the arm before prefill can end, and for each token of the answer. */
  promptBytes: number
  tokenBytes: number
  stream: boolean
  now: number
}

export type Refusal = 'edge only' | 'malformed' | 'unable' | 'paused' | 'KV room' | 'bandwidth' | 'budget' | 'deadline'

export interface Estimate {
  firstTokenMs: number
  perTokenMs: number
  /** The smallest normalised slack of both deadlines; negative when one is missed. */
  slack: number
}

/** Most that the request can cost on the arm. */
export function highestPrice(arm: Arm, ask: Ask): number {
  return arm.promptPrice * (ask.mostPromptTokens ?? ask.promptTokens) + arm.tokenPrice * ask.maxTokens
}

/** Waiting, prefill and decode as they would be for a request sent now. */
export function estimate(arm: Arm, ask: Ask): Estimate {
  const transferMs = (bytes: number) => (bytes === 0 ? 0 : (bytes / arm.bandwidth) * 1_000)
  const prefillMs = transferMs(promptBytes(arm, ask)) + ask.promptTokens * arm.prefillMsPerToken
  const firstTokenMs = arm.waitMs + arm.linkMs + prefillMs
  const perTokenMs = arm.decodeMsPerToken + transferMs(tokenBytes(arm, ask))
  const { class: wanted } = ask
  return { firstTokenMs, perTokenMs, slack: Math.min(1 - firstTokenMs / wanted.firstTokenMs, 1 - perTokenMs / wanted.perTokenMs) }
}

/**
 * Why the arm may not serve the request; undefined when it may. 'deadline' comes last: it alone is an estimate, and a late
 * answer can be better than none.
 */
export function refusal(arm: Arm, ask: Ask, ledger?: Ledger): Refusal | undefined {
  // Absolute: nothing below may be asked before it.
  if (ask.policy === 'edge only' && arm.place !== 'edge') return 'edge only'
  if (!wellFormed(arm)) return 'malformed'
  if (arm.unable === true) return 'unable'
  if ((arm.pausedUntil ?? ask.now) > ask.now) return 'paused'
  if (arm.freeKvTokens < ask.promptTokens + ask.maxTokens) return 'KV room'
  const { class: wanted } = ask
  if (promptBytes(arm, ask) > (arm.bandwidth * wanted.firstTokenMs) / 1_000) return 'bandwidth'
  if (tokenBytes(arm, ask) > (arm.bandwidth * wanted.perTokenMs) / 1_000) return 'bandwidth'
  const price = highestPrice(arm, ask)
  if (ledger !== undefined && !canReserve(ledger, price, ask.now)) return 'budget'
  if (price > 0 && price > (arm.moneyLeft ?? Number.POSITIVE_INFINITY)) return 'budget'
  return estimate(arm, ask).slack < 0 ? 'deadline' : undefined
}

function promptBytes({ hopBytes = 0 }: Arm, ask: Ask): number {
  return ask.promptBytes + hopBytes * ask.promptTokens
}

function tokenBytes({ hopBytes = 0 }: Arm, ask: Ask): number {
  return ask.tokenBytes + hopBytes
}

function wellFormed(arm: Arm): boolean {
  const times = [arm.waitMs, arm.linkMs, arm.prefillMsPerToken, arm.decodeMsPerToken, arm.promptPrice, arm.tokenPrice]
  return times.every(value => Number.isFinite(value) && value >= 0) && arm.freeKvTokens >= 0 && arm.bandwidth >= 0
}
