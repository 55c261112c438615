/**
 * Hides control markers in what a caller wrote before a template sees it, so that every marker in the rendered text is the
 * template's own, and gives the characters back afterwards.
 */
export interface Hiding {
  /** The value with one character of every marker's text replaced, in all its strings and keys. */
  hide: <T>(value: T) => T
  /** A stretch of rendered text between markers, as it was written. */
  reveal: (stretch: string) => string
}

/**
 * One character of each control marker is replaced by a private-use character that occurs nowhere in `written`: without it
 * no stretch of a message can be a marker, not even one put together of two, and the template's logic still sees all other
 * characters. The bar is taken where a marker has one, since templates look for plain tags (`</think>`) in messages.
 */
export function hideMarkers(written: unknown, controlTexts: readonly string[]): Hiding {
  const characters = new Set(controlTexts.map(text => /[|｜]/u.exec(text)?.[0] ?? String.fromCodePoint(text.codePointAt(0)!)))
  const everything = [...stringsOf(written)].join('\n')
  const standIns: { character: string; standIn: string; escaped: string }[] = []
  let codePoint = 0xe000
  for (const character of characters) {
    // Templates may write JSON in ASCII: the stand-in's escape then has to be its own as well.
    while (everything.includes(String.fromCharCode(codePoint)) || everything.includes(escapeOf(codePoint))) codePoint++
    standIns.push({ character, standIn: String.fromCharCode(codePoint), escaped: escapeOf(codePoint) })
    codePoint++
  }
  const hideText = (text: string) =>
    standIns.reduce((shown, { character, standIn }) => shown.replaceAll(character, standIn), text)
  return {
    hide: value => mapStrings(value, hideText) as typeof value,
    reveal: stretch =>
      standIns.reduce(
        (shown, { character, standIn, escaped }) => shown.replaceAll(standIn, character).replaceAll(escaped, character),
        stretch
      )
  }
}

const escapeOf = (codePoint: number) => `\\u${codePoint.toString(16)}`

function* stringsOf(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value
  else if (Array.isArray(value)) for (const item of value) yield* stringsOf(item)
  else if (typeof value === 'object' && value !== null) yield* stringsOf(Object.entries(value))
}

function mapStrings(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value)
  if (Array.isArray(value)) return value.map(item => mapStrings(item, map))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [map(key), mapStrings(item, map)]))
}
