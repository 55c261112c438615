/**
 * Values of command-line options, each refused with what it should look like.
 */
import { InvalidArgumentError } from 'commander'
import type { Span } from '../model/types.ts'

/** `0-2` → [0, 3): people count the last layer in. */
export function parseLayers(text: string): Span {
  const match = /^(\d{1,5})-(\d{1,5})$/.exec(text)
  if (match === null) throw new InvalidArgumentError('Give first and last layer, e.g. 0-2 for layers 0, 1 and 2.')
  const first = Number(match[1])
  const last = Number(match[2])
  if (last < first) throw new InvalidArgumentError('The last layer lies before the first.')
  return { first, end: last + 1 }
}

const UNITS: Record<string, number> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 }

/** `512M`, `2G`, `1.5G` in bytes. */
export function parseBytes(text: string): number {
  const match = /^(\d{1,12}(?:\.\d{1,3})?)([KMGT]?)(?:i?B)?$/i.exec(text)
  const bytes = match === null ? 0 : Math.floor(Number(match[1]) * UNITS[match[2]!.toUpperCase()]!)
  if (bytes < 1) throw new InvalidArgumentError('Give an amount of memory, e.g. 512M or 2G.')
  return bytes
}

export function parsePort(text: string): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('Give a port from 0 to 65535; 0 lets the system choose.')
  return port
}

export function parseHttpUrl(text: string): string {
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw new InvalidArgumentError('Give an http:// or https:// URL.')
  return text
}

export const JOIN_HELP = 'URL of a bootstrap; may be given several times, one that answers suffices'

/** For fellow directory nodes, which may be multiaddrs as well; those are read when they are dialled. */
export function collectPlaces(text: string, earlier: string[] | undefined): string[] {
  return collectWords(text, earlier, place => (place.startsWith('/') ? place : parseHttpUrl(place)))
}

/** For places to join, which may be given several times: one that answers suffices. */
export function collectHttpUrls(text: string, earlier: string[] | undefined): string[] {
  return collectWords(text, earlier, parseHttpUrl)
}

/** Of pages, as browsers tell it; `*` for any. */
export function collectOrigins(text: string, earlier: string[] | undefined): string[] {
  return collectWords(text, earlier, origin => {
    if (origin !== '*' && URL.parse(origin)?.origin !== origin)
      throw new InvalidArgumentError('Give an origin without a path, e.g. https://page.example, or *.')
    return origin
  })
}

export function parseCount(text: string): number {
  const count = Number(text)
  if (!/^\d{1,10}$/.test(text) || count < 1) throw new InvalidArgumentError('Give a whole number above 0.')
  return count
}

/** A number within bounds, both included. */
export function parseWithin(min: number, max: number): (text: string) => number {
  return text => {
    const value = Number(text)
    if (text.trim() === '' || !(value >= min && value <= max))
      throw new InvalidArgumentError(`Give a number from ${min} to ${max}.`)
    return value
  }
}

/** Lists of a configuration file: what the command line or the environment gives stands in their place, not behind them. */
const replaced = new WeakSet<object>()

export function replaceable<List extends object>(list: List): List {
  replaced.add(list)
  return list
}

/** For options that may be given several times. */
export function collect(text: string, earlier: string[] | undefined): string[] {
  return [...(earlier === undefined || replaced.has(earlier) ? [] : earlier), text]
}

/** For those whose values have no spaces: several may stand in one text, as in a variable of the environment. */
function collectWords(text: string, earlier: string[] | undefined, parse: (word: string) => string): string[] {
  return text
    .trim()
    .split(/\s+/)
    .reduce((list: string[] | undefined, word) => collect(parse(word), list), earlier)!
}

/** Whether an option read by it may be given several times. */
export function isListParser(parser: unknown): boolean {
  return [collect, collectPlaces, collectHttpUrls, collectOrigins].some(each => each === parser)
}
