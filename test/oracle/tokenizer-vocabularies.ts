/**
 * Small vocabularies learnt from the corpus, as the metadata of GGUF files: one shared by every byte-level pre-tokenizer,
 * and one each in the manner of Llama's, Gemma's and Phi-3's SentencePiece vocabularies. Merges are learnt on whole lines,
 * across words and spaces, so that a wrong cut shows in the ids.
 */
import { alphabetOf } from '../../peer/model/byte-alphabet.ts'
import { PRE_TOKENIZERS } from '../../peer/model/pre-tokenizers.ts'
import { byteTokenText } from '../../peer/model/sentence-piece.ts'
import { TOKEN_KIND } from '../../peer/model/tokenizer-facts.ts'
import { f32, f32s, flag, i32s, text, texts, u32, type WrittenValue } from '../unit/model/gguf-writer.ts'
import { corpus, generator } from './tokenizer-corpus.ts'

/** Most frequent pairs first, as [left, right]. */
export type Merges = [string, string][]

export interface Learnt {
  bytePairs: Merges
  sentencePieces: Merges
}

export interface Vocabulary {
  name: string
  metadata: [string, WrittenValue][]
}

const CONTROL = ['<|endoftext|>', '<|im_start|>', '<|im_end|>', '<|im', '<s>', '[INST]', '[/INST]', '<｜User｜>']
/** Two overlap (`<tool` and `ol_call>`), one begins and one ends as a control marker does. */
const USER_DEFINED = ['<think>', '</think>', '<tool', 'ol_call>', '\n\n\n', '\t\t', '    ', '  ', 'INST]x', '▁▁']
export const MARKERS = [...CONTROL, ...USER_DEFINED]

const BYTE_PAIR_MERGES = 1200
const SENTENCE_PIECE_MERGES = 900
/** Every how many lines one is learnt from: the other lines are new to the vocabulary. */
const LEARN_EVERY = 4

export function learn(): Learnt {
  const lines = corpus(MARKERS).filter((_, i) => i % LEARN_EVERY === 0)
  return {
    bytePairs: learnMerges(
      lines.map(line => [...alphabetOf(line)]),
      BYTE_PAIR_MERGES
    ),
    sentencePieces: learnMerges(
      lines.map(line => [...line.replaceAll(' ', '▁')]),
      SENTENCE_PIECE_MERGES
    )
  }
}

/** Merges the most frequent pair, the first in code point order of equals, again and again. */
function learnMerges(lines: string[][], count: number): Merges {
  const merges: Merges = []
  while (merges.length < count) {
    const counts = new Map<string, number>()
    for (const line of lines) {
      for (let i = 1; i < line.length; i++) {
        const pair = `${line[i - 1]}\u0000${line[i]}`
        counts.set(pair, (counts.get(pair) ?? 0) + 1)
      }
    }
    const [best] = [...counts].reduce((a, b) => (b[1] > a[1] || (b[1] === a[1] && b[0] < a[0]) ? b : a))
    const [left, right] = best.split('\u0000') as [string, string]
    merges.push([left, right])
    for (const line of lines) mergeIn(line, left, right)
  }
  return merges
}

function mergeIn(line: string[], left: string, right: string): void {
  let end = 0
  for (let i = 0; i < line.length; i++) {
    const merges = line[i] === left && line[i + 1] === right
    line[end++] = merges ? left + right : line[i]!
    if (merges) i++
  }
  line.length = end
}

export function vocabularies(learnt: Learnt): Vocabulary[] {
  const named = [...PRE_TOKENIZERS.keys()].map(pre => ({ name: pre, metadata: bytePairMetadata(learnt.bytePairs, pre) }))
  return [
    ...named,
    { name: 'no-pre', metadata: bytePairMetadata(learnt.bytePairs, undefined) },
    { name: 'spm-llama', metadata: sentencePieceMetadata(learnt.sentencePieces, 'llama') },
    { name: 'spm-gemma', metadata: sentencePieceMetadata(learnt.sentencePieces, 'gemma') },
    { name: 'spm-phi-3', metadata: sentencePieceMetadata(learnt.sentencePieces, 'phi-3') }
  ]
}

/** Enough of a model for a vocabulary to be loaded. */
function modelMetadata(name: string): [string, WrittenValue][] {
  return [
    ['general.architecture', text('llama')],
    ['general.name', text(name)],
    ['llama.context_length', u32(32)],
    ['llama.embedding_length', u32(64)],
    ['llama.block_count', u32(2)],
    ['llama.feed_forward_length', u32(96)],
    ['llama.attention.head_count', u32(4)],
    ['llama.attention.head_count_kv', u32(2)],
    ['llama.attention.layer_norm_rms_epsilon', f32(1e-5)]
  ]
}

interface Token {
  text: string
  kind: number
  score?: number
}

const of = (kind: number, list: readonly string[]): Token[] => list.map(text => ({ text, kind }))
const distinct = (tokens: Token[]) => [...new Map(tokens.toReversed().map(token => [token.text, token])).values()].toReversed()
const tokenFields = (tokens: Token[]): [string, WrittenValue][] => [
  ['tokenizer.ggml.tokens', texts(tokens.map(token => token.text))],
  ['tokenizer.ggml.token_type', i32s(tokens.map(token => token.kind))]
]

function bytePairMetadata(merges: Merges, pre: string | undefined): [string, WrittenValue][] {
  const { normal, control, userDefined } = TOKEN_KIND
  // One byte has no token, one merge none for what it makes, one is given twice, and some tokens no merge leads to.
  const bytes = Array.from({ length: 256 }, (_, byte) => byte).filter(byte => byte !== 1)
  const alphabet = bytes.map(byte => (byte < 128 ? alphabetOf(String.fromCharCode(byte)) : byteCharacter(byte)))
  const unreachable = ['through', 'Ġunto', 'camelCase', '1234', 'ĠDON', 'HTTPServer'].filter(
    word => !merges.some(([left, right]) => left + right === word)
  )
  const tokens = distinct([
    ...of(normal, [...alphabet, ...merges.map(([left, right]) => left + right), ...unreachable]),
    ...of(userDefined, USER_DEFINED),
    ...of(control, CONTROL)
  ])
  const listed = [...merges, ['Ã', 'Z'], merges[3]!].map(([left, right]) => `${left} ${right}`)
  return [
    ...modelMetadata('synthetic'),
    ['tokenizer.ggml.model', text('gpt2')],
    ...(pre === undefined ? [] : [['tokenizer.ggml.pre', text(pre)] satisfies [string, WrittenValue]]),
    ...tokenFields(tokens),
    ['tokenizer.ggml.merges', texts(listed)],
    ['tokenizer.ggml.bos_token_id', u32(tokens.findIndex(token => token.text === '<|endoftext|>'))],
    ['tokenizer.ggml.eos_token_id', u32(tokens.findIndex(token => token.text === '<|im_end|>'))]
  ]
}

/** A byte of 128 or more alone is not UTF-8: its character is found as the second half of one that is. */
function byteCharacter(byte: number): string {
  const [start, continuation] = byte < 192 ? [0xc2, byte] : [byte, 0x80]
  if (byte < 192) return alphabetOf(new TextDecoder().decode(Uint8Array.of(start, continuation)))[1]!
  return LEAD_BYTES[byte - 192]!
}
const LEAD_BYTES = Array.from({ length: 64 }, (_, i) => String.fromCharCode(192 + i))

type SentencePieceKind = 'llama' | 'gemma' | 'phi-3'

function sentencePieceMetadata(learnt: Merges, kind: SentencePieceKind): [string, WrittenValue][] {
  // llama.cpp lets text that merges into a control token become it, Shoal does not: no merges lead to one here.
  const leads = (part: string) => part.length > 1 && CONTROL.some(text => text.startsWith(part) || text.endsWith(part))
  const merges = learnt.filter(([left, right]) => !leads(left + right))
  const random = generator(kind.length)
  // Llama's scores are ranks; in the manner of Gemma many are equal here.
  const scoreOf = (rank: number) => (kind === 'gemma' ? -Math.floor(random() * 40) : -rank)
  const characters = [...new Set(merges.flatMap(pair => pair.flatMap(part => [...part])))].sort()
  const userDefined = kind === 'gemma' ? [...USER_DEFINED, '\n', '\n\n', '   ', '<unused0>', '<table>'] : USER_DEFINED.slice(0, 4)
  const control = kind === 'phi-3' ? ['<|user|>', '<|end|>', '<|assistant|>', ...CONTROL] : CONTROL
  const tokens = distinct([
    { text: '<unk>', kind: TOKEN_KIND.unknown },
    { text: '<s>', kind: TOKEN_KIND.control },
    { text: '</s>', kind: TOKEN_KIND.control },
    ...of(
      TOKEN_KIND.byte,
      Array.from({ length: 256 }, (_, byte) => byteTokenText(byte))
    ),
    ...of(TOKEN_KIND.userDefined, userDefined),
    ...of(
      TOKEN_KIND.control,
      control.filter(text => text !== '<s>')
    ),
    ...merges.map(([left, right], rank) => ({ text: left + right, kind: TOKEN_KIND.normal, score: scoreOf(rank) })),
    ...characters.map((text, i) => ({ text, kind: TOKEN_KIND.normal, score: -merges.length - i }))
  ])
  return [
    ...modelMetadata(kind === 'phi-3' ? 'Phi-3 synthetic' : `synthetic ${kind}`),
    ['tokenizer.ggml.model', text('llama')],
    ['tokenizer.ggml.pre', text('default')],
    ...tokenFields(tokens),
    ['tokenizer.ggml.scores', f32s(tokens.map(token => token.score ?? 0))],
    ['tokenizer.ggml.bos_token_id', u32(1)],
    ['tokenizer.ggml.eos_token_id', u32(2)],
    ['tokenizer.ggml.unknown_token_id', u32(0)],
    ...(kind === 'gemma' ? [['tokenizer.ggml.add_space_prefix', flag(false)] satisfies [string, WrittenValue]] : [])
  ]
}
