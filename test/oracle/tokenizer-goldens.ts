/**
 * The committed ids of llama.cpp for every line of the corpus and every vocabulary, as digests. Made by
 * `npm run oracle -- --write`.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Learnt } from './tokenizer-vocabularies.ts'

export interface VocabularyGolden {
  name: string
  /** Of the vocabulary's GGUF file. */
  sha256: string
  /** Of all lines' ids, markers as text and markers as control tokens. */
  plain: IdsDigest
  parsed: IdsDigest
  addsBos: boolean
  bos: number
  endOfGeneration: number[]
}

export interface IdsDigest {
  sha256: string
  /** Four hex digits a line, so that a difference has a place. */
  lines: string
  tokens: number
}

export interface TokenizerGoldens {
  release: string
  /** Of the corpus as JSON. */
  corpus: string
  learnt: Learnt
  vocabularies: VocabularyGolden[]
}

export const TOKENIZER_GOLDENS = join(import.meta.dirname, 'golden', 'tokenizers.json.gz')

export function loadTokenizerGoldens(): TokenizerGoldens {
  return JSON.parse(gunzipSync(readFileSync(TOKENIZER_GOLDENS)).toString()) as TokenizerGoldens
}

export const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex')

export function digestIds(lines: readonly (readonly number[])[]): IdsDigest {
  const texts = lines.map(ids => ids.join())
  return {
    sha256: sha256(texts.join('\n')),
    lines: texts.map(text => sha256(text).slice(0, 4)).join(''),
    tokens: lines.reduce((sum, ids) => sum + ids.length, 0)
  }
}
