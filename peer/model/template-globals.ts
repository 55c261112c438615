/**
 * What chat templates call beside their variables: the functions that transformers' apply_chat_template gives them.
 */
import { InvalidRequestError } from '../errors.ts'

/** Of a list the template makes; in use they count messages or tools. */
export const MAX_LIST_LENGTH = 10_000

export function templateGlobals(now: () => Date): Record<string, unknown> {
  return {
    true: true,
    false: false,
    none: null,
    True: true,
    False: false,
    None: null,
    raise_exception: (message: unknown) => {
      throw new InvalidRequestError(String(message), { param: 'messages' })
    },
    range,
    strftime_now: (format: unknown) => formatDate(now(), String(format))
  }
}

function range(start: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop]
  const length = Math.ceil((to - from) / step)
  if (!Number.isFinite(length) || length > MAX_LIST_LENGTH) throw new Error(`a range of ${length}`)
  return Array.from({ length: Math.max(0, length) }, (_, i) => from + i * step)
}

/** The strftime fields that templates use, in English and in the machine's time zone; others stay as they are. */
function formatDate(now: Date, format: string): string {
  const name = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat('en-US', options).format(now)
  const two = (value: number) => String(value).padStart(2, '0')
  const fields: Record<string, () => string> = {
    Y: () => String(now.getFullYear()),
    y: () => two(now.getFullYear() % 100),
    m: () => two(now.getMonth() + 1),
    d: () => two(now.getDate()),
    '-d': () => String(now.getDate()),
    H: () => two(now.getHours()),
    I: () => two(now.getHours() % 12 || 12),
    M: () => two(now.getMinutes()),
    S: () => two(now.getSeconds()),
    p: () => (now.getHours() < 12 ? 'AM' : 'PM'),
    B: () => name({ month: 'long' }),
    b: () => name({ month: 'short' }),
    A: () => name({ weekday: 'long' }),
    a: () => name({ weekday: 'short' }),
    '%': () => '%'
  }
  return format.replace(/%(-?[A-Za-z]|%)/g, (whole, field: string) => fields[field]?.() ?? whole)
}
