/**
 * Reads fields of a settings file, each checked where it is read. An error names the field by its whole path and never quotes
 * a value: it might be a key that stands in the wrong place.
 */
import { InvalidRequestError } from '../errors.ts'

export interface Section {
  where: string
  fields: Record<string, unknown>
}

export function wrong(where: string, rule: string): InvalidRequestError {
  return new InvalidRequestError(`${where} ${rule}`, { param: where })
}

const inside = ({ where }: Section, name: string) => (where === '' ? name : `${where}.${name}`)

/** @param known every field that the section may have: a setting that is silently ignored is a wrong one */
export function readSection(value: unknown, where: string, known: readonly string[]): Section {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(where || 'the file', 'must be an object')
  const fields = value as Record<string, unknown>
  const section = { where, fields }
  const unknown = Object.keys(fields).find(name => !known.includes(name))
  if (unknown !== undefined) throw wrong(inside(section, unknown.slice(0, 64)), `is not known; there are ${known.join(', ')}`)
  return section
}

/** The named part of the section, empty when it is absent. */
export function readPart(section: Section, name: string, known: readonly string[]): Section {
  return readSection(section.fields[name] ?? {}, inside(section, name), known)
}

export function readList<T>(section: Section, name: string, most: number, read: (value: unknown, where: string) => T): T[] {
  const value = section.fields[name] ?? []
  const where = inside(section, name)
  if (!Array.isArray(value) || value.length > most) throw wrong(where, `must be a list of at most ${most}`)
  return value.map((item: unknown, index) => read(item, `${where}[${index}]`))
}

export interface Bounds {
  min?: number
  max?: number
  integer?: boolean
}

export function readNumber(section: Section, name: string, bounds: Bounds = {}): number | undefined {
  const value = section.fields[name]
  if (value === undefined) return undefined
  const { min = 0, max = 1e12, integer = false } = bounds
  const met = typeof value === 'number' && value >= min && value <= max && (!integer || Number.isInteger(value))
  if (!met) throw wrong(inside(section, name), `must be ${integer ? 'a whole number' : 'a number'} from ${min} to ${max}`)
  return value
}

const MAX_TEXT_LENGTH = 256

export function readText(section: Section, name: string, form?: RegExp, rule?: string): string | undefined {
  const value = section.fields[name]
  if (value === undefined) return undefined
  if (typeof value !== 'string' || value === '' || value.length > MAX_TEXT_LENGTH)
    throw wrong(inside(section, name), `must be a text of 1 to ${MAX_TEXT_LENGTH} characters`)
  if (form !== undefined && !form.test(value)) throw wrong(inside(section, name), rule ?? `must match ${form}`)
  return value
}

export function readChoice<T extends string>(section: Section, name: string, choices: readonly T[]): T | undefined {
  const value = section.fields[name]
  if (value === undefined) return undefined
  const chosen = choices.find(choice => choice === value)
  if (chosen === undefined) throw wrong(inside(section, name), `must be one of ${choices.join(', ')}`)
  return chosen
}

export function readFlag(section: Section, name: string): boolean | undefined {
  const value = section.fields[name]
  if (value === undefined) return undefined
  if (typeof value !== 'boolean') throw wrong(inside(section, name), 'must be true or false')
  return value
}

export function needed<T>(value: T | undefined, section: Section, name: string): T {
  if (value === undefined) throw wrong(inside(section, name), 'is missing')
  return value
}
