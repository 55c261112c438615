/**
 * What a gateway tells of its choices between edge and cloud (`GET /v1/shoal/selector`), as far as the page shows it.
 */
import type { SelectionReport } from '../peer/select/report.ts'
import { isRecord, readList, readNumber, readText } from './records.ts'

/** More than an operator configures, and few enough for a page. */
const MAX_CELLS = 64
const MAX_ARMS = 32
const MAX_DECISIONS = 10
const MAX_LEGS = 8

/** What was learned of one arm for one kind of request. */
export interface LearnedArm {
  class: string
  /** Prompts of at most so many tokens; undefined for longer ones. */
  promptTokens: number | undefined
  stream: boolean
  arm: string
  pulls: number
  meanReward: number | undefined
  /** The highest is chosen next; undefined: not tried yet. */
  bound: number | undefined
  /** Share of answers that missed a deadline. */
  violations: number
}

export interface ArmTotal {
  arm: string
  inFlight: number
  answered: number
  failed: number
  joules: number
  /** In the operator's currency. */
  money: number
}

export interface Decision {
  at: string
  class: string
  edgeOnly: boolean
  /** In the order they were asked. */
  legs: { arm: string; reason: string; result: string; ms: number }[]
  refused: { arm: string; why: string }[]
}

export interface SelectorView {
  learned: readonly LearnedArm[]
  arms: readonly ArmTotal[]
  budgets: readonly { of: string; limit: number; spent: number }[]
  /** Newest first. */
  decisions: readonly Decision[]
}

/** Undefined for what is no report. The names are those of `SelectionReport`. */
export function readSelector(value: unknown): SelectorView | undefined {
  if (!isRecord(value)) return undefined
  const report: Partial<Record<keyof SelectionReport, unknown>> = value
  if (![report.cells, report.arms, report.budgets, report.decisions].every(Array.isArray)) return undefined
  return {
    learned: readList(report.cells, MAX_CELLS, readCell).flat(),
    arms: readList(report.arms, MAX_ARMS, readArm),
    budgets: readList(report.budgets, MAX_ARMS, entry =>
      isRecord(entry) ? { of: readText(entry.of), limit: count(entry.limit), spent: count(entry.spent) } : undefined
    ),
    decisions: readList(report.decisions, MAX_DECISIONS, readDecision)
  }
}

function readCell(value: unknown): LearnedArm[] | undefined {
  if (!isRecord(value)) return undefined
  const cell = { class: readText(value.class), promptTokens: readNumber(value.prompt_tokens), stream: value.stream === true }
  return readList(value.arms, MAX_ARMS, arm =>
    isRecord(arm)
      ? {
          ...cell,
          arm: readText(arm.arm),
          pulls: count(arm.pulls),
          meanReward: readNumber(arm.mean_reward),
          bound: readNumber(arm.bound),
          violations: count(arm.violations)
        }
      : undefined
  )
}

function readArm(value: unknown): ArmTotal | undefined {
  if (!isRecord(value)) return undefined
  return {
    arm: readText(value.arm),
    inFlight: count(value.in_flight),
    answered: count(value.answered),
    failed: count(value.failed),
    joules: count(value.joules),
    money: count(value.money)
  }
}

function readDecision(value: unknown): Decision | undefined {
  if (!isRecord(value)) return undefined
  return {
    at: readText(value.at),
    class: readText(value.class),
    edgeOnly: value.edge_only === true,
    legs: readList(value.legs, MAX_LEGS, leg =>
      isRecord(leg)
        ? { arm: readText(leg.arm), reason: readText(leg.reason), result: readText(leg.result), ms: count(leg.ms) }
        : undefined
    ),
    refused: readList(value.refused, MAX_ARMS, entry =>
      isRecord(entry) ? { arm: readText(entry.arm), why: readText(entry.why) } : undefined
    )
  }
}

function count(value: unknown): number {
  return readNumber(value) ?? 0
}
