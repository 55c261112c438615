/**
 * Text to token ids and back. Byte-pair merging is @huggingface/tokenizers'; which stretches of text are control markers
 * is decided here, because a marker that a user typed must stay text.
 */
import { Tokenizer as BytePairTokenizer } from '@huggingface/tokenizers'
import { InvalidRequestError } from '../errors.ts'
import { bytesOfToken } from './byte-alphabet.ts'
import type { RenderedChat } from './chat-template.ts'
import { PRE_TOKENIZERS, TOKEN_KIND, type TokenizerFacts } from './tokenizer-facts.ts'

/** About a million tokens: beyond every context in use, and minutes below what would stall the thread. */
const MAX_TEXT_LENGTH = 4 * 1024 * 1024

const utf8 = new TextEncoder()

export class Tokenizer {
  readonly bos: number | undefined
  /** A sampled one of these ends the answer. */
  readonly endOfGeneration: ReadonlySet<number>
  /** Texts of the control tokens, which a chat template writes and a user's text never becomes. */
  readonly controlTexts: readonly string[]
  private readonly facts: TokenizerFacts
  private readonly bytePairs: BytePairTokenizer
  private readonly controlIds: ReadonlyMap<string, number>
  private readonly controlPattern: RegExp | undefined

  constructor(facts: TokenizerFacts) {
    this.facts = facts
    this.bos = facts.bos
    this.endOfGeneration = new Set(facts.endOfGeneration)
    this.bytePairs = bytePairTokenizer(facts)
    this.controlIds = new Map([...facts.tokens.entries()].filter(([id]) => isControl(facts, id)).map(([id, text]) => [text, id]))
    // Longest first, so that a marker that begins with another is not cut short.
    this.controlTexts = [...this.controlIds.keys()].sort((a, b) => b.length - a.length)
    this.controlPattern =
      this.controlTexts.length === 0 ? undefined : new RegExp(`(${this.controlTexts.map(RegExp.escape).join('|')})`, 'u')
  }

  /** Ids of text in which every control marker is text; BOS first when the model wants it. */
  encode(text: string): number[] {
    return this.withBos(this.encodeText(text))
  }

  /** Ids of a rendered chat: the template's markers are control tokens, its messages' content is text. BOS exactly once. */
  encodeChat(chat: RenderedChat): number[] {
    checkLength(chat.text)
    const pieces = this.controlPattern === undefined ? [chat.text] : chat.text.split(this.controlPattern)
    return this.withBos(
      pieces.flatMap(piece => {
        const id = this.controlIds.get(piece)
        return id === undefined ? this.encodeText(chat.reveal(piece)) : [id]
      })
    )
  }

  /** The text of ids; control tokens have none. Bytes that are not UTF-8 become replacement characters. */
  decode(ids: Iterable<number>): string {
    const decoder = new StreamDecoder(this)
    let text = ''
    for (const id of ids) text += decoder.push(id)
    return text + decoder.flush()
  }

  /** The bytes one token adds to the text. @throws InvalidRequestError for an id outside the vocabulary */
  bytesOf(id: number): Uint8Array<ArrayBuffer> {
    const token = this.facts.tokens[id]
    if (token === undefined) throw new InvalidRequestError(`token ${id} is outside the vocabulary of ${this.facts.tokens.length}`)
    switch (this.facts.kinds[id]) {
      case TOKEN_KIND.control:
      case TOKEN_KIND.unknown:
      case TOKEN_KIND.unused:
        return new Uint8Array(0)
      case TOKEN_KIND.userDefined:
        return utf8.encode(token)
      default:
        return bytesOfToken(token) ?? utf8.encode(token)
    }
  }

  private encodeText(text: string): number[] {
    checkLength(text)
    return text === '' ? [] : this.bytePairs.encode(text, { add_special_tokens: false }).ids
  }

  private withBos(ids: number[]): number[] {
    return this.facts.addsBos && this.bos !== undefined && ids[0] !== this.bos ? [this.bos, ...ids] : ids
  }
}

/** Text of tokens as they come. Never half a character: the bytes of one wait until it is whole. */
export class StreamDecoder {
  private readonly tokenizer: Tokenizer
  private readonly utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

  constructor(tokenizer: Tokenizer) {
    this.tokenizer = tokenizer
  }

  /** What the token completes; often all it has, sometimes nothing yet. */
  push(id: number): string {
    return this.utf8.decode(this.tokenizer.bytesOf(id), { stream: true })
  }

  /** What is left at the end: a replacement character where the last one stayed half. */
  flush(): string {
    return this.utf8.decode()
  }
}

function isControl(facts: TokenizerFacts, id: number): boolean {
  return facts.kinds[id] === TOKEN_KIND.control || facts.kinds[id] === TOKEN_KIND.unknown
}

function checkLength(text: string): void {
  if (text.length > MAX_TEXT_LENGTH) throw new InvalidRequestError(`text of ${text.length} characters, over ${MAX_TEXT_LENGTH}`)
}

function bytePairTokenizer(facts: TokenizerFacts): BytePairTokenizer {
  const { tokens, kinds, merges, preTokenizer } = facts
  // User-defined tokens are taken from any text, as llama.cpp does; control tokens are left out and handled by the caller.
  const added = [...tokens.entries()].filter(([id]) => kinds[id] === TOKEN_KIND.userDefined)
  const vocabulary = [...tokens.entries()].filter(([id]) => kinds[id] === TOKEN_KIND.normal || kinds[id] === TOKEN_KIND.byte)
  const json = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added.map(([id, content]) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: false
    })),
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: PRE_TOKENIZERS.get(preTokenizer) }, behavior: 'Isolated', invert: false },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false }
      ]
    },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      // A null prototype: a token may be called __proto__.
      vocab: Object.assign(Object.create(null), Object.fromEntries(vocabulary.map(([id, token]) => [token, id]))),
      merges: merges.map(merge => splitMerge(merge))
    }
  }
  return new BytePairTokenizer(json, { tokenizer_class: 'GPT2Tokenizer', clean_up_tokenization_spaces: false })
}

/** The space that parts a merge is the first one after its first character. */
function splitMerge(merge: string): [string, string] {
  const space = merge.indexOf(' ', 1)
  return [merge.slice(0, space), merge.slice(space + 1)]
}
