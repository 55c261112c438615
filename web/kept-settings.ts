/**
 * Choices that outlive a visit, in localStorage: read back only where they still make sense, forgotten where storage is
 * refused.
 */

/** A default's shape decides which kept values are believed; `valid` may refuse more. */
export function readKept<T extends object>(key: string, defaults: T, valid: (value: T) => boolean = () => true): T {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? 'null')
    if (typeof kept !== 'object' || kept === null) return defaults
    const merged = { ...defaults, ...kept }
    return valid(merged) ? merged : defaults
  } catch {
    return defaults
  }
}

export function keep(key: string, value: object): void {
  try {
    localStorage.setItem(key, JSON.stringify(value))
  } catch {
    // Full or refused: the choice lasts as long as the page.
  }
}
