/**
 * PerLLM's CS-UCB (arXiv 2405.14636) as a value: which arm a request goes to, learned from what was measured. Arms that
 * break a constraint are filtered; among the rest the mean reward plus δ·√(ln t / n), less θ times the recent share of
 * missed deadlines, is the highest. Old samples fade with every new one; those of an arm that has changed are dropped at
 * once, and one that turned worse is looked at again now and then.
 */
import type { Arm, Ask, Refusal } from './arms.ts'
import { estimate, refusal } from './arms.ts'
import type { Ledger } from './budget.ts'
import { type Drift, drifted, hasChanged, STEADY } from './change.ts'
import type { RequestClass } from './classes.ts'
import { cellOf } from './classes.ts'
import type { Outcome, Sample, Scale } from './reward.ts'
import { failureReward, rewardOf, sampleOf } from './reward.ts'

export interface SelectorOptions {
  /** δ: how much an arm that was seldom tried is worth trying. */
  exploration: number
  /** θ: what a share of 1 of missed deadlines costs. */
  violationPenalty: number
  /** What every sample of a cell is multiplied by at each new one: 1 / (1 − fade) samples are remembered. */
  fade: number
  /** Sum of surprises at which an arm counts as changed, half of it for one that turned worse before; infinite: never. */
  change: number
}

/** As tuned in test/sim. One answer in ten times the expected time is a change, or several in twice. */
export const SELECTOR_OPTIONS: SelectorOptions = { exploration: 0.05, violationPenalty: 1, fade: 0.99, change: 1.2 }

/** One arm's samples in one cell, each weighted by its age. */
export interface ArmRecord {
  samples: number
  /** Those of `samples` that earned nothing; the sums below are of the others. */
  failures: number
  energy: number
  money: number
  slack: number
  /** What the estimate said of the slack when they were chosen. */
  expectedSlack: number
  violations: number
  /** Pulls that have not finished: they count as tried, so that a burst spreads. */
  inFlight: number
  /** Ever pulled, unweighted. */
  pulls: number
  /** What speaks for a change since its samples. */
  drift: Drift
}

export interface SelectorState {
  /** By class, prompt bucket and kind of answer; then by arm. */
  cells: ReadonlyMap<string, ReadonlyMap<string, ArmRecord>>
  /** Of every arm, in every cell. */
  pulls: number
  /** Arms that turned worse: `pulls` when each was last pulled. */
  watched: ReadonlyMap<string, number>
  /** Outcomes that could not be true. */
  dropped: number
}

export interface Score {
  arm: string
  /** Undefined before the first sample. */
  mean: number | undefined
  /** Mean + exploration − penalty; undefined for an arm never tried. */
  index: number | undefined
  penalty: number
}

export interface Choice {
  /** Undefined: no arm may serve the request. */
  arm: string | undefined
  /** 'late': every arm that may serve it is estimated to miss the deadline; this one by the least. 'recheck': it turned worse, and may be well by now. */
  reason: 'untried' | 'recheck' | 'best' | 'only' | 'late' | 'none'
  scores: Score[]
  refused: { arm: string; why: Refusal }[]
}

/** What `started` gives and `finished` takes back. */
export interface Pull {
  cell: string
  class: RequestClass
  arm: string
  expectedSlack: number
}

/** Cells remembered: classes are the operator's, but nothing else bounds them. The one longest unused goes first. */
const MAX_CELLS = 256
/** Weight at which an arm without work in flight is forgotten: below it, trying it anew is what the bonus asks for anyway. */
const FORGOTTEN = 1e-3
/** Pulls of others after which an arm that turned worse is tried again: one that is well again should be back within 50 requests. */
const RECHECK_AFTER = 40
/** Weight of the answers that a surprise is held against: one answer, some time ago. */
const LEAST_EXPECTED_OF = 0.2
/** A failure says less of an arm than a late answer: breaker and penalty know it already. More than one in five adds up. */
const FAILURE_SURPRISE = -0.5

const unseen: ArmRecord = {
  samples: 0,
  failures: 0,
  energy: 0,
  money: 0,
  slack: 0,
  expectedSlack: 0,
  violations: 0,
  inFlight: 0,
  pulls: 0,
  drift: STEADY
}

export function newSelector(): SelectorState {
  return { cells: new Map(), pulls: 0, watched: new Map(), dropped: 0 }
}

/** Where the request should go, and why. The order of the arms makes no difference. */
export function select(
  state: SelectorState,
  ask: Ask,
  arms: readonly Arm[],
  ledger?: Ledger,
  options: SelectorOptions = SELECTOR_OPTIONS
): Choice {
  const refused: Choice['refused'] = []
  const allowed: Arm[] = []
  const late: Arm[] = []
  for (const arm of [...arms].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const why = refusal(arm, ask, ledger)
    if (why === undefined) allowed.push(arm)
    else refused.push({ arm: arm.id, why })
    if (why === 'deadline') late.push(arm)
  }
  if (allowed.length === 0) {
    const least = first(late, (a, b) => estimate(b, ask).slack - estimate(a, ask).slack)
    return { arm: least?.id, reason: least === undefined ? 'none' : 'late', scores: [], refused }
  }
  const records = state.cells.get(cellOf(ask.class, ask.promptTokens, ask.stream)) ?? new Map<string, ArmRecord>()
  const scores = scoresOf(records, allowed, ask, options)
  const untried = scores.find(({ index }) => index === undefined)
  const recheck = untried === undefined ? dueRecheck(state, allowed) : undefined
  const arm = untried?.arm ?? recheck ?? first(scores, (a, b) => b.index! - a.index!)!.arm
  const why = untried !== undefined ? 'untried' : recheck !== undefined ? 'recheck' : 'best'
  return { arm, reason: allowed.length === 1 ? 'only' : why, scores, refused }
}

/** The arm that turned worse and was not tried for longest, if for long enough; one request at a time tries it. */
function dueRecheck({ pulls, watched, cells }: SelectorState, allowed: readonly Arm[]): string | undefined {
  const due = allowed.flatMap(({ id }) => {
    const lastAt = watched.get(id)
    if (lastAt === undefined || pulls - lastAt < RECHECK_AFTER) return []
    return [...cells.values()].some(records => (records.get(id)?.inFlight ?? 0) > 0) ? [] : [{ id, lastAt }]
  })
  return first(due, (a, b) => a.lastAt - b.lastAt)?.id
}

/** The request was sent to the arm, as it stood when it was chosen. */
export function started(state: SelectorState, ask: Ask, chosen: Arm): { state: SelectorState; pull: Pull } {
  const arm = chosen.id
  const cell = cellOf(ask.class, ask.promptTokens, ask.stream)
  const record = state.cells.get(cell)?.get(arm) ?? unseen
  const next = { ...record, inFlight: record.inFlight + 1, pulls: record.pulls + 1 }
  const pull = { cell, class: ask.class, arm, expectedSlack: expectedSlack(chosen, ask) }
  const pulls = state.pulls + 1
  const watched = state.watched.has(arm) ? new Map(state.watched).set(arm, pulls) : state.watched
  return { state: withRecords({ ...state, pulls, watched }, cell, new Map(state.cells.get(cell)).set(arm, next)), pull }
}

/** The pull is over. An outcome that cannot be true changes nothing but the count of those dropped. */
export function finished(
  state: SelectorState,
  { cell, class: wanted, arm, expectedSlack }: Pull,
  outcome: Outcome,
  options: SelectorOptions = SELECTOR_OPTIONS
): SelectorState {
  const records = new Map(state.cells.get(cell))
  const before = records.get(arm) ?? unseen
  const record = { ...before, inFlight: Math.max(0, before.inFlight - 1) }
  records.set(arm, record)
  if (outcome.result === 'left') return withRecords(state, cell, records)
  const sample = sampleOf(wanted, outcome)
  if (sample === undefined) return { ...withRecords(state, cell, records), dropped: state.dropped + 1 }
  for (const [id, each] of records) {
    const old = faded(each, options.fade)
    if (old.samples < FORGOTTEN && old.inFlight === 0 && id !== arm) records.delete(id)
    else records.set(id, old)
  }
  const old = records.get(arm)!
  const drift = driftAfter(old, sample, expectedSlack)
  const changed = hasChanged(drift, state.watched.has(arm) ? options.change / 2 : options.change)
  records.set(arm, withSample(changed ? withoutSamples(old) : { ...old, drift }, sample, expectedSlack))
  const after = withRecords(state, cell, records)
  return changed ? forgotten(after, cell, arm, drift.worse > drift.better) : after
}

function withSample(record: ArmRecord, sample: Sample, expectedSlack: number): ArmRecord {
  const earned = sample.failed ? 0 : 1
  return {
    ...record,
    samples: record.samples + 1,
    failures: record.failures + 1 - earned,
    energy: record.energy + earned * sample.energy,
    money: record.money + earned * sample.money,
    slack: record.slack + earned * sample.slack,
    expectedSlack: record.expectedSlack + earned * expectedSlack,
    violations: record.violations + (sample.violated ? 1 : 0)
  }
}

function withoutSamples({ inFlight, pulls }: ArmRecord): ArmRecord {
  return { ...unseen, inFlight, pulls }
}

/** The drift with one more sample, held against what those before it and the estimate promised. */
function driftAfter(record: ArmRecord, { slack, failed }: Sample, expected: number): Drift {
  if (record.samples - record.failures < LEAST_EXPECTED_OF) return record.drift
  return drifted(record.drift, failed ? FAILURE_SURPRISE : slack - promisedSlack(record, expected))
}

/** The arm has changed: what other cells know of it is of another arm. It is tried anew in each. */
function forgotten(state: SelectorState, cell: string, arm: string, worse: boolean): SelectorState {
  const cells = new Map(
    [...state.cells].map(([name, records]): [string, ReadonlyMap<string, ArmRecord>] => {
      const record = name === cell ? undefined : records.get(arm)
      return [name, record === undefined ? records : new Map(records).set(arm, withoutSamples(record))]
    })
  )
  const watched = new Map(state.watched)
  if (worse) watched.set(arm, state.pulls)
  else watched.delete(arm)
  return { ...state, cells, watched }
}

/** The mean slack of the record's answers, moved to what the estimate says now; there must be answers. */
function promisedSlack({ samples, failures, slack, expectedSlack }: ArmRecord, expected: number): number {
  const answered = samples - failures
  return Math.min(1, Math.max(-1, slack / answered + expected - expectedSlack / answered))
}

/**
 * The arm's mean measured reward in its cell; undefined without samples. With `expected`, the slack that the estimate gives
 * this request, the mean is moved by how far that lies from what the estimate gave the measured ones: a queue that was empty
 * then and is long now is not learned away. A biased estimate cancels.
 */
export function meanReward(record: ArmRecord, wanted: RequestClass, scale: Scale, expected?: number): number | undefined {
  const { samples, failures } = record
  if (samples === 0) return undefined
  const answered = samples - failures
  const failed = (failures / samples) * failureReward(wanted)
  // What fading leaves of a difference of nearly equal numbers is not an answer.
  if (answered < samples * 1e-9) return failureReward(wanted)
  const slack = promisedSlack(record, expected ?? record.expectedSlack / answered)
  const means = { energy: record.energy / answered, money: record.money / answered, slack }
  return failed + (answered / samples) * rewardOf(wanted, means, scale)
}

function scoresOf(
  records: ReadonlyMap<string, ArmRecord>,
  allowed: readonly Arm[],
  ask: Ask,
  { exploration, violationPenalty }: SelectorOptions
): Score[] {
  const known = allowed.map(arm => ({ id: arm.id, record: records.get(arm.id) ?? unseen, expected: expectedSlack(arm, ask) }))
  return standings(known, ask.class, { exploration, violationPenalty })
}

/** Every arm of a cell as it stands, without an estimate of any request: for people to look at. */
export function cellScores(
  records: ReadonlyMap<string, ArmRecord>,
  wanted: RequestClass,
  options: SelectorOptions = SELECTOR_OPTIONS
): Score[] {
  const known = [...records].map(([id, record]) => ({ id, record, expected: undefined }))
  return standings(known, wanted, options)
}

function standings(
  known: readonly { id: string; record: ArmRecord; expected: number | undefined }[],
  wanted: RequestClass,
  { exploration, violationPenalty }: Pick<SelectorOptions, 'exploration' | 'violationPenalty'>
): Score[] {
  const scale = scaleOf(known.map(({ record }) => record))
  const tried = known.reduce((sum, { record }) => sum + record.samples + record.inFlight, 0)
  return known.map(({ id, record, expected }) => {
    const count = record.samples + record.inFlight
    const mean = meanReward(record, wanted, scale, expected)
    const penalty = record.samples === 0 ? 0 : (violationPenalty * record.violations) / record.samples
    // ln t below 1 would leave a first few pulls without any bonus.
    const bonus = exploration * Math.sqrt(Math.max(1, Math.log(tried)) / count)
    return { arm: id, mean, index: count === 0 ? undefined : (mean ?? 0) + bonus - penalty, penalty }
  })
}

/** As measured slack is bounded. */
function expectedSlack(arm: Arm, ask: Ask): number {
  return Math.max(-1, Math.min(1, estimate(arm, ask).slack))
}

/** The dearest arm's mean cost: every other's lies between 0 and 1 of it. */
function scaleOf(records: readonly ArmRecord[]): Scale {
  const scale = { energy: 0, money: 0 }
  for (const { samples, failures, energy, money } of records) {
    const answered = samples - failures
    if (answered < samples * 1e-9 || answered === 0) continue
    scale.energy = Math.max(scale.energy, energy / answered)
    scale.money = Math.max(scale.money, money / answered)
  }
  return scale
}

function faded(record: ArmRecord, fade: number): ArmRecord {
  return {
    ...record,
    samples: record.samples * fade,
    failures: record.failures * fade,
    energy: record.energy * fade,
    money: record.money * fade,
    slack: record.slack * fade,
    expectedSlack: record.expectedSlack * fade,
    violations: record.violations * fade
  }
}

function withRecords(state: SelectorState, cell: string, records: ReadonlyMap<string, ArmRecord>): SelectorState {
  const cells = new Map(state.cells)
  cells.delete(cell)
  cells.set(cell, records)
  const oldest = cells.keys().next().value
  if (cells.size > MAX_CELLS && oldest !== undefined) cells.delete(oldest)
  return { ...state, cells }
}

/** The first by the order; of equals the one that stands first. */
function first<T>(values: readonly T[], order: (a: T, b: T) => number): T | undefined {
  return values.reduce<T | undefined>((best, value) => (best === undefined || order(best, value) > 0 ? value : best), undefined)
}
