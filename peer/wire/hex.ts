/** Bytes as lower-case hex and back, in browsers too, where Buffer is not. */
import { InvalidFrameError } from '../errors.ts'

export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}

/** @throws InvalidFrameError */
export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) throw new InvalidFrameError(`not lower-case hex: ${text.slice(0, 80)}`)
  return Uint8Array.from({ length: text.length / 2 }, (_, at) => Number.parseInt(text.slice(2 * at, 2 * at + 2), 16))
}
