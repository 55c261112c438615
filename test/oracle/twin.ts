/** The golden model by another name: other bytes, so another model, of the same numbers and goldens. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { goldenModelPath } from './goldens.ts'

const KEY = 'general.name'
/** The value's type and length stand before its text. */
const BEFORE_TEXT = 4 + 8

export function twinOfGoldenModel(): Buffer {
  const bytes = readFileSync(goldenModelPath())
  const key = bytes.indexOf(KEY)
  assert.ok(key > 0, KEY)
  // Another case of its first letter.
  const text = key + KEY.length + BEFORE_TEXT
  bytes[text] = bytes[text]! ^ 0x20
  return bytes
}
