/**
 * Text to token ids and back. Which stretches of text are control markers is decided here, because a marker that a user
 * typed must stay text; what lies between is the vocabulary's own way of merging.
 */
import { InvalidRequestError } from '../errors.ts'
import { bytesOfToken } from './byte-alphabet.ts'
import { BytePairs } from './byte-pairs.ts'
import type { RenderedChat } from './chat-template.ts'
import { type Marker, MarkerCutter, type Piece } from './markers.ts'
import { PRE_TOKENIZERS } from './pre-tokenizers.ts'
import { byteTokenText, SentencePieces, SPACE_MARK } from './sentence-piece.ts'
import { isControl, isMarker, TOKEN_KIND, type TokenizerFacts } from './tokenizer-facts.ts'

/** About a million tokens: beyond every context in use, and minutes below what would stall the thread. */
const MAX_TEXT_LENGTH = 4 * 1024 * 1024

/** Markers of Phi-3 after which whitespace stays. */
const KEEPS_WHITESPACE = new Set(['<unk>', '<s>', '<|endoftext|>'])

const utf8 = new TextEncoder()

export class Tokenizer {
  readonly bos: number | undefined
  /** A sampled one of these ends the answer. */
  readonly endOfGeneration: ReadonlySet<number>
  /** Texts of the control tokens, which a chat template writes and a user's text never becomes. */
  readonly controlTexts: readonly string[]
  private readonly facts: TokenizerFacts
  private readonly encodePlain: (text: string, atStart: boolean) => number[]
  /** Of user-defined tokens: taken from any text. */
  private readonly textMarkers: MarkerCutter
  /** Of control tokens too: for what a template wrote. */
  private readonly allMarkers: MarkerCutter
  private readonly byteOfToken: ReadonlyMap<string, number>

  constructor(facts: TokenizerFacts) {
    this.facts = facts
    this.bos = facts.bos
    this.endOfGeneration = new Set(facts.endOfGeneration)
    const markers = markersOf(facts)
    const isControlMarker = ({ id }: Marker) => isControl(facts.kinds[id]!)
    this.controlTexts = markers.filter(isControlMarker).map(({ text }) => text)
    this.allMarkers = new MarkerCutter(markers)
    this.textMarkers = new MarkerCutter(markers.filter(marker => !isControlMarker(marker)))
    // A control token is no text's token, whatever merges lead to it: llama.cpp lets a text that merges into one become it.
    const ids = new Map<string, number>()
    for (const [id, text] of facts.tokens.entries()) if (!isControl(facts.kinds[id]!)) ids.set(text, id)
    if (facts.sentencePiece === undefined) {
      const bytePairs = new BytePairs(PRE_TOKENIZERS.get(facts.preTokenizer)!, ids, facts.merges)
      this.encodePlain = text => bytePairs.encode(text)
    } else {
      const pieces = new SentencePieces(facts.sentencePiece, ids)
      this.encodePlain = (text, atStart) => pieces.encode(text, atStart)
    }
    this.byteOfToken = new Map(Array.from({ length: 256 }, (_, byte) => [byteTokenText(byte), byte]))
  }

  /** Ids of text in which every control marker is text; BOS first when the model wants it. */
  encode(text: string): number[] {
    const wellFormed = checkedText(text)
    return this.withBos(this.encodePieces(this.textMarkers.cut(wellFormed)))
  }

  /** Ids of text that goes on after other text: no BOS, and no space that the vocabulary wants before a text. */
  encodeMore(text: string): number[] {
    return this.encodePieces(this.textMarkers.cut(checkedText(text)), false)
  }

  /** Ids of a rendered chat: the template's markers are control tokens, its messages' content is text. BOS exactly once. */
  encodeChat(chat: RenderedChat): number[] {
    const pieces = this.allMarkers
      .cut(checkedText(chat.text))
      .flatMap(piece => (typeof piece === 'number' ? [piece] : this.textMarkers.cut(checkedText(chat.reveal(piece)))))
    const ids = this.encodePieces(pieces)
    // A template may write BOS where the model adds one too, or write it twice.
    const repeated = ids.findIndex((id, i) => id !== this.bos || ids[i + 1] !== this.bos)
    return this.withBos(ids.slice(repeated))
  }

  /**
   * The text of ids; control tokens have none. Bytes that are not UTF-8 become replacement characters. A space that the
   * vocabulary wants before a text is part of what its ids say.
   */
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
    const kind = this.facts.kinds[id]!
    if (isControl(kind) || kind === TOKEN_KIND.unused) return new Uint8Array(0)
    if (kind === TOKEN_KIND.userDefined) return utf8.encode(token)
    if (this.facts.sentencePiece === undefined) return bytesOfToken(token) ?? utf8.encode(token)
    const byte = kind === TOKEN_KIND.byte ? this.byteOfToken.get(token) : undefined
    return byte === undefined ? utf8.encode(token.replaceAll(SPACE_MARK, ' ')) : Uint8Array.of(byte)
  }

  private encodePieces(pieces: readonly Piece[], atStart = true): number[] {
    return pieces.flatMap((piece, i) =>
      typeof piece === 'number' ? [piece] : this.encodePlain(piece, i === 0 ? atStart : typeof pieces[i - 1] === 'number')
    )
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

function markersOf({ tokens, kinds, sentencePiece }: TokenizerFacts): Marker[] {
  const trims = (text: string) => sentencePiece?.trimsAfterMarkers === true && !KEEPS_WHITESPACE.has(text)
  const markers: Marker[] = []
  for (const [id, text] of tokens.entries()) if (isMarker(kinds[id]!)) markers.push({ id, text, trimsAfter: trims(text) })
  return markers
}

/** Halves of surrogate pairs have no UTF-8: they become what a decoder would make of them. */
function checkedText(text: string): string {
  if (text.length > MAX_TEXT_LENGTH) throw new InvalidRequestError(`text of ${text.length} characters, over ${MAX_TEXT_LENGTH}`)
  return text.toWellFormed()
}
