/** The HTTP header by which a server says when to come back (RFC 9110, section 10.2.3): seconds, or a date. */

const SECONDS = /^\d{1,9}(\.\d{1,3})?$/
/** The date format that senders must use; Date.parse alone would take nearly anything. */
const DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/

/**
 * Milliseconds to wait; undefined when the header is absent or says nothing that can be read.
 * @param now milliseconds since 1970, what a date is held against
 */
export function readRetryAfter(header: string | null | undefined, now: number): number | undefined {
  const text = header?.trim() ?? ''
  // Fractions are no part of the standard, but servers send them.
  if (SECONDS.test(text)) return Number(text) * 1_000
  if (!DATE.test(text)) return undefined
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}
