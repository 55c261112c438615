/** What the selection knows and last did, for a page or a person: a function of the book. Money is in the operator's currency. */
import type { SelectionBook } from './book.ts'
import { NO_TOTALS } from './book.ts'
import { committed, type Ledger } from './budget.ts'
import { BATCH, INTERACTIVE } from './classes.ts'
import { cloudArm } from './cloud-options.ts'
import { type ArmRecord, cellScores } from './selector.ts'
import type { SelectionSettings } from './settings.ts'

export interface SelectionReport {
  /** By request class, prompt length and kind of answer: what was learned of each arm. */
  cells: {
    class: string
    /** Prompts of at most so many tokens; null for those longer than every bucket. */
    prompt_tokens: number | null
    stream: boolean
    arms: {
      arm: string
      pulls: number
      in_flight: number
      /** Weight of the samples that are remembered. */
      samples: number
      mean_reward: number | null
      /** Mean and what it may be at best, less the penalty: the highest is chosen. */
      bound: number | null
      /** Shares of the remembered samples. */
      violations: number
      failures: number
      /** Means of remembered answers, prompt and answer together; null before the first. */
      joules_per_token: number | null
      money_per_token: number | null
    }[]
  }[]
  arms: {
    arm: string
    in_flight: number
    /** Milliseconds for which it is left alone; null while one request tries it. */
    paused_ms: number | null
    /** It changed for the worse and has not been found well since. */
    turned_worse: boolean
    answered: number
    failed: number
    refused: number
    left: number
    prompt_tokens: number
    completion_tokens: number
    joules: number
    money: number
    /** Of `money`: legs that nobody told the usage of, at all that was reserved for them. */
    unmeasured_money: number
  }[]
  budgets: { of: string; limit: number; spent: number; reserved: number; overruns: number }[]
  /** Samples that could not be true. */
  dropped: number
  /** Newest first. */
  decisions: {
    at: string
    model: string
    class: string
    edge_only: boolean
    scores: { arm: string; mean_reward: number | null; bound: number | null }[]
    refused: { arm: string; why: string }[]
    legs: {
      arm: string
      reason: string
      result: string
      first_token_ms: number | null
      ms: number
      prompt_tokens: number
      completion_tokens: number
      joules: number
      money: number
      money_measured: boolean
      error: string | null
    }[]
  }[]
}

export function describeSelection(book: SelectionBook, settings: SelectionSettings, now: number): SelectionReport {
  const classes = [...settings.classes, INTERACTIVE, BATCH]
  const named = new Set([...settings.clouds.map(cloudArm), ...book.totals.keys()])
  return {
    cells: [...book.state.cells].flatMap(([cell, records]) => {
      const [name, bucket, kind] = cell.split('/')
      const wanted = classes.find(each => each.name === name)
      // A class that the operator has taken out since.
      if (wanted === undefined) return []
      const scores = cellScores(records, wanted, settings.selector)
      return [
        {
          class: wanted.name,
          prompt_tokens: wanted.promptBuckets[Number(bucket)] ?? null,
          stream: kind === 'stream',
          arms: [...records].map(([arm, record], index) => ({
            arm,
            pulls: record.pulls,
            in_flight: record.inFlight,
            samples: record.samples,
            mean_reward: scores[index]!.mean ?? null,
            bound: scores[index]!.index ?? null,
            violations: record.samples === 0 ? 0 : record.violations / record.samples,
            failures: record.samples === 0 ? 0 : record.failures / record.samples,
            joules_per_token: meanOf(record.energy, record),
            money_per_token: meanOf(record.money, record)
          }))
        }
      ]
    }),
    arms: [...named].map(arm => {
      const totals = book.totals.get(arm) ?? NO_TOTALS
      const until = book.pausedUntil(arm, now)
      return {
        arm,
        in_flight: book.inFlight(arm),
        paused_ms: Number.isFinite(until) ? Math.max(0, until - now) : null,
        turned_worse: book.state.watched.has(arm),
        answered: totals.answered,
        failed: totals.failed,
        refused: totals.refused,
        left: totals.left,
        prompt_tokens: totals.promptTokens,
        completion_tokens: totals.completionTokens,
        joules: totals.joules,
        money: totals.money,
        unmeasured_money: totals.unmeasuredMoney
      }
    }),
    budgets: [
      ...(book.ledger === undefined ? [] : [budgetOf('all clouds', book.ledger)]),
      ...[...book.ledgers].map(([arm, ledger]) => budgetOf(arm, ledger))
    ],
    dropped: book.state.dropped,
    decisions: book.decisions.map(({ at, model, cell, policy, scores, refused, legs }) => ({
      at: new Date(at).toISOString(),
      model,
      class: cell.split('/')[0]!,
      edge_only: policy === 'edge only',
      scores: scores.map(({ arm, mean, index }) => ({ arm, mean_reward: mean ?? null, bound: index ?? null })),
      refused: refused.map(({ arm, why }) => ({ arm, why })),
      legs: legs.map(leg => ({
        arm: leg.arm,
        reason: leg.reason,
        result: leg.result,
        first_token_ms: leg.firstTokenMs ?? null,
        ms: leg.ms,
        prompt_tokens: leg.promptTokens,
        completion_tokens: leg.completionTokens,
        joules: leg.joules,
        money: leg.money,
        money_measured: leg.moneyMeasured,
        error: leg.error ?? null
      }))
    }))
  }
}

/** Of those samples that earned something. */
function meanOf(sum: number, { samples, failures }: ArmRecord): number | null {
  const answered = samples - failures
  return answered < samples * 1e-9 || answered === 0 ? null : sum / answered
}

function budgetOf(of: string, ledger: Ledger) {
  const reserved = committed(ledger) - ledger.spent
  return { of, limit: ledger.limit, spent: ledger.spent, reserved, overruns: ledger.overruns }
}
