/**
 * What outlives a restart, as JSON: what was learned and what was spent. Reservations are saved as spent: a process that was
 * killed can't know what came of them, and a budget must hold all the same.
 */
import { InvalidFileError } from '../errors.ts'
import type { ArmTotals, SelectionBook } from './book.ts'
import { NO_TOTALS } from './book.ts'
import { committed, type Ledger } from './budget.ts'
import { STEADY } from './change.ts'
import type { ArmRecord } from './selector.ts'

const VERSION = 1
/** Cells and arms of a file: more than a book ever has. */
const MAX_ENTRIES = 1_024
const MAX_NAME = 256
/** Sums of what samples may be stay below it, and below what a number holds. */
const MAX_NUMBER = 1e18

interface SavedLedger {
  periodStart: number
  spent: number
  overruns: number
}

export function saveBook(book: SelectionBook): string {
  return JSON.stringify({
    version: VERSION,
    cells: [...book.state.cells].map(([cell, records]) => [cell, [...records]]),
    pulls: book.state.pulls,
    watched: [...book.state.watched],
    dropped: book.state.dropped,
    budget: book.ledger === undefined ? null : savedLedger(book.ledger),
    budgets: [...book.ledgers].map(([arm, ledger]) => [arm, savedLedger(ledger)]),
    totals: [...book.totals]
  })
}

/** Takes over what the text holds, all or nothing. @throws InvalidFileError */
export function restoreBook(book: SelectionBook, text: string): void {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new InvalidFileError('the saved selection is no JSON', {}, { cause })
  }
  const saved = objectOf(value, 'the saved selection')
  if (saved.version !== VERSION) throw wrong('version', `is not ${VERSION}`)
  const cells = new Map(
    pairsOf(saved.cells, 'cells').map(([cell, records]): [string, ReadonlyMap<string, ArmRecord>] => [
      cell,
      new Map(pairsOf(records, `cells.${cell}`).map(([arm, record]) => [arm, recordOf(record, `cells.${cell}.${arm}`)]))
    ])
  )
  const dropped = numberOf(saved.dropped, 'dropped', 0)
  // Absent in the state of an older version: nothing is known to have changed.
  const pulls = numberOf(saved.pulls ?? 0, 'pulls', 0)
  const watched = new Map(
    pairsOf(saved.watched ?? [], 'watched').map(([arm, at]): [string, number] => [arm, numberOf(at, `watched.${arm}`, 0)])
  )
  const budget = saved.budget === null ? undefined : ledgerOf(saved.budget, 'budget')
  const budgets = pairsOf(saved.budgets, 'budgets').map(([arm, ledger]) => ({ arm, saved: ledgerOf(ledger, `budgets.${arm}`) }))
  const totals = pairsOf(saved.totals, 'totals').map(([arm, each]) => ({ arm, totals: totalsOf(each, `totals.${arm}`) }))
  book.state = { cells, pulls, watched, dropped }
  if (book.ledger !== undefined && budget !== undefined) book.ledger = { ...book.ledger, ...budget }
  for (const { arm, saved } of budgets) {
    const ledger = book.ledgers.get(arm)
    if (ledger !== undefined) book.ledgers.set(arm, { ...ledger, ...saved })
  }
  for (const { arm, totals: each } of totals) book.totals.set(arm, each)
}

function savedLedger(ledger: Ledger): SavedLedger {
  return { periodStart: ledger.periodStart, spent: committed(ledger), overruns: ledger.overruns }
}

function ledgerOf(value: unknown, where: string): SavedLedger {
  const { periodStart, spent, overruns } = objectOf(value, where)
  return {
    periodStart: numberOf(periodStart, `${where}.periodStart`, 0),
    spent: numberOf(spent, `${where}.spent`, 0),
    overruns: numberOf(overruns, `${where}.overruns`, 0)
  }
}

/** Work in flight ended with the process. */
function recordOf(value: unknown, where: string): ArmRecord {
  const record = objectOf(value, where)
  const number = (name: keyof ArmRecord, least: number) => numberOf(record[name], `${where}.${name}`, least)
  return {
    samples: number('samples', 0),
    failures: number('failures', 0),
    energy: number('energy', 0),
    money: number('money', 0),
    slack: number('slack', Number.NEGATIVE_INFINITY),
    expectedSlack: number('expectedSlack', Number.NEGATIVE_INFINITY),
    violations: number('violations', 0),
    inFlight: 0,
    pulls: number('pulls', 0),
    // Adds up anew.
    drift: STEADY
  }
}

function totalsOf(value: unknown, where: string): ArmTotals {
  const totals = objectOf(value, where)
  const names = Object.keys(NO_TOTALS) as (keyof ArmTotals)[]
  return Object.fromEntries(names.map(name => [name, numberOf(totals[name], `${where}.${name}`, 0)])) as unknown as ArmTotals
}

function objectOf(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(where, 'is no object')
  return value as Record<string, unknown>
}

function pairsOf(value: unknown, where: string): [string, unknown][] {
  if (!Array.isArray(value) || value.length > MAX_ENTRIES) throw wrong(where, `is no list of at most ${MAX_ENTRIES}`)
  return value.map((pair: unknown) => {
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string' || pair[0].length > MAX_NAME)
      throw wrong(where, 'has what is no pair of name and value')
    return [pair[0], pair[1]]
  })
}

function numberOf(value: unknown, where: string, least: number): number {
  if (typeof value !== 'number' || !(Math.abs(value) <= MAX_NUMBER) || value < least)
    throw wrong(where, 'is no number that it could be')
  return value
}

function wrong(where: string, rule: string): InvalidFileError {
  return new InvalidFileError(`${where} ${rule}`)
}
