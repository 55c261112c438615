import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { manifestOf } from '../../../peer/model/manifest.ts'
import { StreamDecoder, Tokenizer } from '../../../peer/model/tokenizer.ts'
import { TOKEN_KIND, type TokenizerFacts } from '../../../peer/model/tokenizer-facts.ts'
import { StopScanner } from '../../../peer/session/stop-scanner.ts'
import { bytesSource } from '../../../peer/weights/source.ts'
import { goldenModelPath } from '../../oracle/goldens.ts'

const { manifest } = await manifestOf(bytesSource(readFileSync(goldenModelPath()), 'psalter'))
const bytePairs = new Tokenizer(manifest.tokenizer)

/** A SentencePiece vocabulary of single bytes and a few longer tokens. */
const byteTexts = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)
const pieces = ['<unk>', '<s>', '</s>', ...byteTexts, '▁', '▁the', '👩', '\u200d']
const sentencePieces = new Tokenizer({
  model: 'llama',
  preTokenizer: 'default',
  tokens: pieces,
  kinds: pieces.map((_, id) => (id === 0 ? TOKEN_KIND.unknown : id < 3 ? TOKEN_KIND.control : id < 259 ? TOKEN_KIND.byte : 1)),
  merges: [],
  bos: 1,
  addsBos: false,
  eos: 2,
  endOfGeneration: [2],
  sentencePiece: { scores: pieces.map(() => 0), addsSpacePrefix: false, unknown: 0, trimsAfterMarkers: false }
} satisfies TokenizerFacts)

const kinds = [
  { name: 'byte pairs', tokenizer: bytePairs, vocabulary: manifest.tokenizer.tokens.length },
  { name: 'SentencePiece', tokenizer: sentencePieces, vocabulary: pieces.length }
]

/** As an answer is streamed: every piece that is shown, in order. */
function stream(tokenizer: Tokenizer, ids: readonly number[], stops: string[]): { shown: string[]; stopped: boolean } {
  const decoder = new StreamDecoder(tokenizer)
  const scanner = new StopScanner(stops)
  const shown: string[] = []
  for (const id of ids) {
    const { text, stopped } = scanner.push(decoder.push(id))
    shown.push(text)
    if (stopped) return { shown, stopped }
  }
  const last = scanner.push(decoder.flush())
  shown.push(last.text)
  if (last.stopped) return { shown, stopped: true }
  shown.push(scanner.flush())
  return { shown, stopped: false }
}

/** The definition: the answer ends where a stop text is complete for the first time, before it begins. */
function cutAtStop(whole: string, stops: string[]): string {
  for (let end = 1; end <= whole.length; end++) {
    const found = stops.filter(stop => whole.slice(0, end).endsWith(stop)).map(stop => stop.length)
    if (found.length > 0) return whole.slice(0, end - Math.max(...found))
  }
  return whole
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
const wholeText = (tokenizer: Tokenizer, ids: readonly number[]) =>
  utf8.decode(Buffer.concat(ids.map(id => tokenizer.bytesOf(id))))

const FRAGMENTS = [
  '👨‍👩‍👧‍👦',
  '👩🏿‍🚀',
  '🏳️‍🌈',
  '🇮🇱',
  'e\u0301\u0323',
  '한국',
  'שָׁלוֹם',
  'the',
  ' ',
  '\n\n',
  '\r\n',
  'User:',
  '▁',
  '\ufeff',
  'a',
  'b'
]
const text = fc.array(fc.oneof(fc.constantFrom(...FRAGMENTS), fc.string({ unit: 'grapheme', maxLength: 3 })), { maxLength: 12 })

for (const { name, tokenizer, vocabulary } of kinds) {
  /** One token a byte, so that characters are cut everywhere. */
  const byteIds = new Map(
    Array.from({ length: vocabulary }, (_, id) => tokenizer.bytesOf(id)).flatMap((bytes, id) =>
      bytes.length === 1 ? [[bytes[0]!, id] as const] : []
    )
  )
  const bytesAsIds = (text: string) => [...new TextEncoder().encode(text)].map(byte => byteIds.get(byte)!)
  /** Some stretches as the tokenizer has them, some byte by byte. */
  const mixed = text.chain(fragments =>
    fc
      .tuple(...fragments.map(() => fc.boolean()))
      .map(byBytes => fragments.flatMap((fragment, i) => (byBytes[i] ? bytesAsIds(fragment) : tokenizer.encode(fragment))))
  )
  const anything = fc.array(fc.nat(vocabulary - 1), { maxLength: 40 })
  /** Ids, and stop texts taken from what they say: whole, changed at the end, or cut in the middle of a pair. */
  const stopped = fc.oneof(mixed, anything).chain(ids => {
    const whole = wholeText(tokenizer, ids)
    const slice = fc
      .tuple(fc.nat(whole.length), fc.integer({ min: 1, max: 9 }), fc.constantFrom('', '', 'x', '\u200d'))
      .map(([from, length, more]) => whole.slice(from, from + length) + more)
    return fc.record({ ids: fc.constant(ids), stops: fc.array(fc.oneof(slice, fc.constantFrom(...FRAGMENTS)), { maxLength: 4 }) })
  })

  describe(`streaming with ${name}`, () => {
    it('shows the whole text, however tokens cut it, and never half a character', () => {
      fc.assert(
        fc.property(fc.oneof(mixed, anything), ids => {
          const whole = wholeText(tokenizer, ids)
          const { shown } = stream(tokenizer, ids, [])
          assert.equal(shown.join(''), whole)
          assert.equal(tokenizer.decode(ids), whole)
          assert.ok(shown.every(piece => piece.isWellFormed()))
        }),
        { numRuns: 1500 }
      )
    })

    it('ends at the first stop text, whatever tokens it spans, and shows all before it', () => {
      fc.assert(
        fc.property(stopped, ({ ids, stops }) => {
          const whole = wholeText(tokenizer, ids)
          const real = stops.filter(stop => stop !== '' && stop.isWellFormed())
          const { shown, stopped } = stream(tokenizer, ids, stops)
          assert.equal(shown.join(''), cutAtStop(whole, real))
          assert.equal(
            stopped,
            real.some(stop => whole.includes(stop))
          )
          assert.ok(shown.every(piece => piece.isWellFormed()))
        }),
        { numRuns: 1500 }
      )
    })

    it('holds back what may become a stop text, and no more', () => {
      const ids = bytesAsIds('ab👩\u200d👧c')
      const { shown, stopped } = stream(tokenizer, ids, ['👩\u200d👧d'])
      // The beginning that turned out otherwise comes at once, with the character that told.
      assert.deepEqual(shown.filter(Boolean), ['a', 'b', '👩\u200d👧c'])
      assert.equal(stopped, false)
      assert.deepEqual(stream(tokenizer, bytesAsIds('ab👩\u200d👧c'), ['\u200d']), {
        shown: ['a', 'b', '', '', '', '👩', '', '', ''],
        stopped: true
      })
      assert.equal(stream(tokenizer, bytesAsIds('ab👩'), ['👩!']).shown.join(''), 'ab👩')
      // Half a character at the end becomes a replacement character, which may itself complete a stop text.
      assert.equal(stream(tokenizer, bytesAsIds('ab👩').slice(0, -1), []).shown.join(''), 'ab\ufffd')
      assert.deepEqual(stream(tokenizer, bytesAsIds('ab👩').slice(0, -1), ['b\ufffd']).stopped, true)
    })
  })
}
