/**
 * Limits as values: each with its unit and the reason for it, so that `shoal config` shows what the code enforces. A
 * module's constants are made from its table and nowhere else.
 */
export interface Limit<Value extends number | bigint = number | bigint> {
  value: Value
  /** '' for a count of what the name says. */
  unit: string
  why: string
}

export type LimitTable = Readonly<Record<string, Limit>>

export function limit<Value extends number | bigint>(value: Value, unit: string, why: string): Limit<Value> {
  return { value, unit, why }
}

/** The constants of a table, by its names. */
export function valuesOf<Table extends LimitTable>(table: Table): { readonly [Name in keyof Table]: WidenedValue<Table[Name]> } {
  return Object.fromEntries(Object.entries(table).map(([name, { value }]) => [name, value])) as never
}

type WidenedValue<Entry> = Entry extends Limit<infer Value> ? (Value extends bigint ? bigint : number) : never
