/** Tells whether bytes are UTF-8 without making a string of them: strangers' texts are held against it before they take memory. */

/**
 * Whether `bytes` from `start` to `end` are well-formed UTF-8: no overlong form, no surrogate, nothing beyond U+10FFFF.
 * Table 3-7 of https://www.unicode.org/versions/Unicode16.0.0/core-spec/chapter-3/
 */
export function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; ) {
    const lead = bytes[at++]!
    if (lead < 0x80) continue
    if (lead < 0xc2 || lead > 0xf4) return false
    const more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3
    if (at + more > end) return false
    const second = bytes[at]!
    const least = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
    const most = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
    if (second < least || second > most) return false
    for (let i = 1; i < more; i++) if ((bytes[at + i]! & 0xc0) !== 0x80) return false
    at += more
  }
  return true
}
