/** A run's rows as tables for a terminal, and all of it as JSON. */
import { type Goal, goalMet, isMeasured, type MeasuredRow, type Row } from './rows.ts'

export interface Report {
  machine: Record<string, unknown>
  adapter: object | null
  /** What was run, the benchmark's own command line first. */
  commands: string[]
  rows: Row[]
}

const HEAD = ['', 'value', 'against', 'ratio', 'spread', 'rounds', 'goal']

/** One table a bench, what was not run and notes below it. */
export function tables(rows: readonly Row[]): string {
  return [...Map.groupBy(rows, row => row.bench)].map(([bench, own]) => table(bench, own)).join('\n\n')
}

function table(bench: string, rows: readonly Row[]): string {
  const measured = rows.filter(isMeasured)
  const lines = measured.length === 0 ? [] : aligned([HEAD, ...measured.map(cells)])
  const notes = rows.flatMap(row =>
    isMeasured(row) ? (row.note === undefined ? [] : `  ${row.name}: ${row.note}`) : `  ${row.name}: not run: ${row.notRun}`
  )
  return [bench, ...lines, ...notes].join('\n')
}

function cells(row: MeasuredRow): string[] {
  const { name, value, unit, against, ratio, spread, samples } = row
  return [
    name,
    `${figure(value)} ${unit}`,
    against === undefined ? '' : `${figure(against.value)} ${against.name}`,
    ratio === undefined ? '' : `${figure(ratio)}×`,
    `${(spread * 100).toFixed(0)}%`,
    `${samples.value.length}`,
    goalCell(row)
  ]
}

function goalCell(row: MeasuredRow): string {
  const met = goalMet(row)
  if (met === undefined) return ''
  return `${bound(row.goal!)}${row.ratio === undefined ? '' : '×'} ${met ? 'met' : 'MISSED'}`
}

const bound = (goal: Goal) => ('min' in goal ? `≥ ${figure(goal.min)}` : `≤ ${figure(goal.max)}`)

/** Three digits, and all of a larger whole. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const magnitude = Math.abs(value)
  const digits = magnitude >= 100 || magnitude === 0 ? 0 : magnitude >= 10 ? 1 : magnitude >= 1 ? 2 : 3
  return digits === 3 && magnitude < 0.01
    ? value.toPrecision(2)
    : value
        .toFixed(digits)
        .replace(/(\.\d*?)0+$/, '$1')
        .replace(/\.$/, '')
}

/** First column to the left, the others to the right. */
function aligned(rows: readonly string[][]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(row => row[column]!.length)))
  return rows.map(row =>
    `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  ')}`.trimEnd()
  )
}

/** How many goals are met, and which are not. */
export function verdict(rows: readonly Row[]): string {
  const withGoal = rows.filter(isMeasured).filter(row => row.goal !== undefined)
  const missed = withGoal.filter(row => !goalMet(row))
  if (withGoal.length === 0) return 'no goals'
  const list = missed.map(row => `${row.bench}: ${row.name}`)
  return `${withGoal.length - missed.length} of ${withGoal.length} goals met${list.length === 0 ? '' : `; missed: ${list.join('; ')}`}`
}
