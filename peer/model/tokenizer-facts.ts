/**
 * What a GGUF file says of its tokenizer, taken out and checked: the part of a manifest from which any peer builds the
 * same tokenizer. Vocabulary kinds and pre-tokenizers that are not reproduced exactly are refused by name. Defaults are
 * llama.cpp's (llama_vocab::impl::load).
 */
import { InvalidFileError, UnsupportedModelError } from '../errors.ts'
import type { GgufMetadata } from './gguf.ts'
import { MAX_VOCABULARY } from './hyperparameters.ts'
import {
  optionalBoolean,
  optionalFloats,
  optionalInteger,
  optionalIntegers,
  optionalString,
  show,
  string,
  strings
} from './metadata.ts'
import { NO_PRE_TOKENIZER, PRE_TOKENIZERS } from './pre-tokenizers.ts'

export interface TokenizerFacts {
  /** GGUF's tokenizer.ggml.model: byte-level byte pairs, or a SentencePiece vocabulary. */
  model: 'gpt2' | 'llama'
  /** GGUF's tokenizer.ggml.pre; a name of `PRE_TOKENIZERS`. Without meaning for a SentencePiece vocabulary. */
  preTokenizer: string
  /** By id; normal ones in GPT-2's byte alphabet or with ▁ for a space, the others as they are. */
  tokens: readonly string[]
  /** By id, `TOKEN_KIND`. */
  kinds: readonly number[]
  /** Pairs joined by one space, most urgent first; none in a SentencePiece vocabulary. */
  merges: readonly string[]
  bos: number | undefined
  /** BOS goes before every sequence. */
  addsBos: boolean
  /** What a chat template calls eos_token. */
  eos: number | undefined
  /** A sampled one of these ends the answer; ascending. */
  endOfGeneration: readonly number[]
  /** Of a SentencePiece vocabulary, and of it alone. */
  sentencePiece?: SentencePieceFacts | undefined
}

export interface SentencePieceFacts {
  /** By id; the higher, the sooner two neighbours become that token. 32-bit floats. */
  scores: readonly number[]
  /** Text that begins the sequence or follows a marker gets a space first. */
  addsSpacePrefix: boolean
  /** What stands for a byte that is no token. */
  unknown: number | undefined
  /** Whitespace after a marker is dropped (Phi-3). */
  trimsAfterMarkers: boolean
}

/** llama.cpp's llama_token_type. */
export const TOKEN_KIND = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const

/** The longest token in use is a run of 128 spaces; control markers stay shorter still. */
const MAX_TOKEN_LENGTH = 4096
/** Every place of a text is tried for markers, one character after the other; the longest in use are runs of 32 spaces. */
const MAX_MARKER_LENGTH = 256

/** Texts by which llama.cpp knows a token that ends an answer, whatever kind and metadata fields say. */
const END_OF_GENERATION_TEXTS = new Set([
  '<|eot_id|>',
  '<|im_end|>',
  '<|end|>',
  '<|return|>',
  '<|call|>',
  '<end_of_turn>',
  '<|endoftext|>',
  '</s>',
  '<|eom_id|>',
  '<EOT>',
  '_<EOT>',
  '<|end_of_text|>',
  '<end_of_utterance>',
  '<eos>',
  '<｜end▁of▁sentence｜>',
  // Fill-in-the-middle padding and file borders (Qwen, Granite).
  '<|fim_pad|>',
  '<fim-pad>',
  '<fim_pad>',
  '<|fim_repo|>',
  '<|repo_name|>',
  '<fim-repo>',
  '<reponame>',
  '<|file_sep|>'
])

/**
 * @throws InvalidFileError for a field that is missing or contradicts another; UnsupportedModelError for a vocabulary or
 * pre-tokenizer that is not reproduced here
 */
export function tokenizerFactsFrom(metadata: GgufMetadata): TokenizerFacts {
  const model = string(metadata, 'tokenizer.ggml.model')
  if (model !== 'gpt2' && model !== 'llama')
    throw new UnsupportedModelError(`metadata 'tokenizer.ggml.model': ${show(model)}; Shoal reads gpt2 and llama`)
  const isSentencePiece = model === 'llama'
  const tokens = strings(metadata, 'tokenizer.ggml.tokens')
  const stated = optionalIntegers(metadata, 'tokenizer.ggml.token_type')
  const kinds = tokens.map((token, id) => kindOf(token, stated === undefined ? TOKEN_KIND.normal : stated[id]!))
  // 'default' is also what converters of SentencePiece vocabularies write.
  const preTokenizer = isSentencePiece ? NO_PRE_TOKENIZER : (optionalString(metadata, 'tokenizer.ggml.pre') ?? NO_PRE_TOKENIZER)
  const range = { least: 0, most: tokens.length - 1 }
  const special = (name: string) => optionalInteger(metadata, `tokenizer.ggml.${name}_token_id`, range)
  const orSentencePiece = (id: number) => (isSentencePiece && id < tokens.length ? id : undefined)
  const eos = special('eos') ?? orSentencePiece(2)
  const known = tokens.map((token, id) =>
    END_OF_GENERATION_TEXTS.has(token) && kinds[id] === TOKEN_KIND.control ? id : undefined
  )
  const ends = [eos, special('eot'), special('eom'), ...known].filter(end => end !== undefined)
  if (optionalBoolean(metadata, 'tokenizer.ggml.add_eos_token') === true) {
    throw new UnsupportedModelError(`metadata 'tokenizer.ggml.add_eos_token': true; Shoal never ends a prompt by itself`)
  }
  const addsBosByDefault = isSentencePiece || (PRE_TOKENIZERS.get(preTokenizer)?.addsBos ?? false)
  const facts: TokenizerFacts = {
    model,
    preTokenizer,
    tokens,
    kinds,
    merges: isSentencePiece ? [] : mergesFrom(metadata),
    bos: special('bos') ?? orSentencePiece(1),
    addsBos: optionalBoolean(metadata, 'tokenizer.ggml.add_bos_token') ?? addsBosByDefault,
    eos,
    endOfGeneration: [...new Set(ends)].sort((a, b) => a - b),
    sentencePiece: isSentencePiece ? sentencePieceFrom(metadata, tokens, special('unknown') ?? orSentencePiece(0)) : undefined
  }
  checkTokenizerFacts(facts)
  return facts
}

/** A token whose text ends a turn is a control token even where a converter forgot to say so: llama.cpp overrides it too. */
function kindOf(token: string, stated: number): number {
  return END_OF_GENERATION_TEXTS.has(token) && stated !== TOKEN_KIND.unknown ? TOKEN_KIND.control : stated
}

/** Merges are strings in every file in use; a pair of strings is what newer tokenizer.json files have. */
function mergesFrom(metadata: GgufMetadata): readonly string[] {
  const key = 'tokenizer.ggml.merges'
  const value = metadata.get(key)
  if (!Array.isArray(value) || typeof value[0] === 'string' || value.length === 0) return strings(metadata, key)
  return value.map((pair: unknown, rank) => {
    if (!Array.isArray(pair) || pair.length !== 2 || !pair.every(part => typeof part === 'string' && !part.includes(' ')))
      throw new InvalidFileError(`metadata '${key}': merge ${rank} is not a pair of strings without spaces`)
    return pair.join(' ')
  })
}

function sentencePieceFrom(metadata: GgufMetadata, tokens: readonly string[], unknown: number | undefined): SentencePieceFacts {
  const scores = optionalFloats(metadata, 'tokenizer.ggml.scores')
  if (scores === undefined) throw new InvalidFileError(`metadata 'tokenizer.ggml.scores': missing`)
  const name = optionalString(metadata, 'general.name')?.toLowerCase() ?? ''
  return {
    scores: [...scores],
    addsSpacePrefix: optionalBoolean(metadata, 'tokenizer.ggml.add_space_prefix') ?? true,
    unknown,
    // GGUF has no field for it: llama.cpp goes by the name as well, and by the tokens that it exempts.
    trimsAfterMarkers: /phi-?3/.test(name) && ['<unk>', '<s>', '</s>', '<|endoftext|>'].every(text => tokens.includes(text))
  }
}

/**
 * Relations that hold whatever the source of the facts: a GGUF header or a manifest from a stranger.
 * @throws InvalidFileError, UnsupportedModelError
 */
export function checkTokenizerFacts(facts: TokenizerFacts): void {
  const { model, tokens, kinds, merges, preTokenizer, bos, addsBos, eos, endOfGeneration } = facts
  if (model !== 'gpt2' && model !== 'llama')
    throw new UnsupportedModelError(`tokenizer ${show(model)}: Shoal reads gpt2 and llama`)
  if (!PRE_TOKENIZERS.has(preTokenizer)) {
    throw new UnsupportedModelError(
      `pre-tokenizer ${show(preTokenizer)}: Shoal cuts text as ${[...PRE_TOKENIZERS.keys()].join(', ')}`
    )
  }
  if (tokens.length < 1 || tokens.length > MAX_VOCABULARY) {
    throw new InvalidFileError(`tokens: ${tokens.length} of them, not 1 to ${MAX_VOCABULARY}`)
  }
  if (kinds.length !== tokens.length) throw new InvalidFileError(`token kinds: ${kinds.length} for ${tokens.length} tokens`)
  checkTokens(tokens, kinds)
  for (const [rank, merge] of merges.entries()) {
    const space = merge.indexOf(' ', 1)
    if (space < 1 || space === merge.length - 1 || merge.length > 2 * MAX_TOKEN_LENGTH) {
      throw new InvalidFileError(`merge ${rank}: ${show(merge)} is not two parts`)
    }
  }
  const isId = (id: number) => Number.isInteger(id) && id >= 0 && id < tokens.length
  if (bos !== undefined && !isId(bos)) throw new InvalidFileError(`BOS: ${bos} is not a token`)
  if (eos !== undefined && !isId(eos)) throw new InvalidFileError(`EOS: ${eos} is not a token`)
  if (addsBos && bos === undefined) throw new InvalidFileError('BOS: to be added, but not named')
  if (endOfGeneration.length === 0) throw new InvalidFileError('end of generation: no token ends an answer')
  for (const [i, id] of endOfGeneration.entries()) {
    if (!isId(id) || (i > 0 && id <= endOfGeneration[i - 1]!)) throw new InvalidFileError(`end of generation: token ${id}`)
  }
  checkSentencePiece(facts)
}

function checkTokens(tokens: readonly string[], kinds: readonly number[]): void {
  const seen = new Map<string, number>()
  for (const [id, token] of tokens.entries()) {
    const kind = kinds[id]!
    if (!Number.isInteger(kind) || kind < 0 || kind > TOKEN_KIND.byte)
      throw new InvalidFileError(`token ${id}: unknown kind ${kind}`)
    const most = isMarker(kind) ? MAX_MARKER_LENGTH : MAX_TOKEN_LENGTH
    if (token.length > most) throw new InvalidFileError(`token ${id}: ${token.length} characters, over ${most}`)
    // An unused token may repeat; anything else must be what its text says.
    if (kind === TOKEN_KIND.unused) continue
    if (token === '' || seen.has(token)) {
      throw new InvalidFileError(`token ${id}: ${show(token)} is ${token === '' ? 'empty' : `token ${seen.get(token)} already`}`)
    }
    seen.set(token, id)
  }
}

function checkSentencePiece({ model, tokens, merges, sentencePiece }: TokenizerFacts): void {
  if ((model === 'llama') !== (sentencePiece !== undefined))
    throw new InvalidFileError(`tokenizer ${model}: ${sentencePiece === undefined ? 'no scores' : 'scores it has no use for'}`)
  if (sentencePiece === undefined) return
  const { scores, unknown } = sentencePiece
  if (merges.length > 0) throw new InvalidFileError('merges: a SentencePiece vocabulary has scores instead')
  if (scores.length !== tokens.length) throw new InvalidFileError(`scores: ${scores.length} for ${tokens.length} tokens`)
  const wrong = scores.findIndex(score => !Number.isFinite(score) || Math.fround(score) !== score)
  if (wrong >= 0) throw new InvalidFileError(`score of token ${wrong}: ${scores[wrong]} is not a finite 32-bit number`)
  if (unknown !== undefined && !(Number.isInteger(unknown) && unknown >= 0 && unknown < tokens.length))
    throw new InvalidFileError(`unknown: ${unknown} is not a token`)
}

/** Found in text as it stands, before anything is merged. */
export function isMarker(kind: number): boolean {
  return isControl(kind) || kind === TOKEN_KIND.userDefined
}

/** Written by a chat template, never by the text of a message. */
export function isControl(kind: number): boolean {
  return kind === TOKEN_KIND.control || kind === TOKEN_KIND.unknown
}
