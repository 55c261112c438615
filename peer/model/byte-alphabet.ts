/**
 * GPT-2's byte alphabet: each byte as one printable character, so that any byte string is a string of the vocabulary.
 * https://github.com/openai/gpt-2/blob/master/src/encoder.py (bytes_to_unicode)
 */
const isPrintable = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174

const byteOf = new Map<string, number>()
let moved = 0
for (let byte = 0; byte < 256; byte++) {
  byteOf.set(String.fromCharCode(isPrintable(byte) ? byte : 256 + moved++), byte)
}

const characters = [...byteOf.keys()]
const utf8 = new TextEncoder()

/** Text as the vocabulary writes it: a character for each of its bytes in UTF-8. */
export function alphabetOf(text: string): string {
  let written = ''
  for (const byte of utf8.encode(text)) written += characters[byte]!
  return written
}

/** The bytes a token stands for; `undefined` when it has a character outside the alphabet. */
export function bytesOfToken(token: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = new Uint8Array(token.length)
  for (let i = 0; i < token.length; i++) {
    const byte = byteOf.get(token[i]!)
    if (byte === undefined) return undefined
    bytes[i] = byte
  }
  return bytes
}
