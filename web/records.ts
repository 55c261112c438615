/** Values from outside, before anything is known of them. */

// biome-ignore lint/suspicious/noExplicitAny: a record of unchecked values, each checked where it is read
export function isRecord(value: unknown): value is Record<string, any> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Of a list that claims to be one: at most so many entries, those that can be read. */
export function readList<Read>(value: unknown, most: number, read: (entry: unknown) => Read | undefined): Read[] {
  if (!Array.isArray(value)) return []
  return value
    .slice(0, most)
    .map(read)
    .filter((entry): entry is NonNullable<typeof entry> => entry !== undefined)
}

/** A stranger's text, no longer than anybody reads; '' for what is none. */
export function readText(value: unknown, most = 200): string {
  return typeof value === 'string' ? value.slice(0, most) : ''
}

/** Undefined for what is no finite number. */
export function readNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
