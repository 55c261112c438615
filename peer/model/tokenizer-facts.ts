/**
 * What a GGUF file says of its tokenizer, taken out and checked: the part of a manifest from which any peer builds the
 * same tokenizer. Vocabulary kinds and pre-tokenizers that are not reproduced exactly are refused by name.
 */
import { InvalidFileError, UnsupportedModelError } from '../errors.ts'
import type { GgufMetadata } from './gguf.ts'
import { MAX_VOCABULARY } from './hyperparameters.ts'
import { optionalBoolean, optionalInteger, optionalIntegers, show, string, strings } from './metadata.ts'

export interface TokenizerFacts {
  /** GGUF's tokenizer.ggml.model. */
  model: 'gpt2'
  /** GGUF's tokenizer.ggml.pre. */
  preTokenizer: string
  /** By id; normal ones in GPT-2's byte alphabet, the others as they are. */
  tokens: readonly string[]
  /** By id, `TOKEN_KIND`. */
  kinds: readonly number[]
  /** Pairs joined by one space, most urgent first. */
  merges: readonly string[]
  bos: number | undefined
  /** BOS goes before every sequence. */
  addsBos: boolean
  /** What a chat template calls eos_token. */
  eos: number | undefined
  /** A sampled one of these ends the answer; ascending. */
  endOfGeneration: readonly number[]
}

/** llama.cpp's llama_token_type. */
export const TOKEN_KIND = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const

/**
 * Regular expressions that cut text before byte-pair merging, by GGUF's name, in the syntax @huggingface/tokenizers takes.
 * Equal to llama.cpp's on the goldens of test/oracle; a name is added here with its own goldens.
 */
export const PRE_TOKENIZERS: ReadonlyMap<string, string> = new Map([
  ['gpt-2', "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"]
])

/** The longest token in use is a run of 128 spaces; control markers stay shorter still. */
const MAX_TOKEN_LENGTH = 4096

/** Texts by which llama.cpp knows that a control token ends a turn, when no metadata field says so. */
const END_OF_GENERATION_TEXTS = new Set([
  '<|eot_id|>',
  '<|im_end|>',
  '<|end|>',
  '<|return|>',
  '<|call|>',
  '<end_of_turn>',
  '<|endoftext|>',
  '<|eom_id|>',
  '<|end_of_text|>',
  '<EOT>',
  '_<EOT>',
  '<｜end▁of▁sentence｜>'
])

/**
 * @throws InvalidFileError for a field that is missing or contradicts another; UnsupportedModelError for a vocabulary or
 * pre-tokenizer that is not reproduced here
 */
export function tokenizerFactsFrom(metadata: GgufMetadata): TokenizerFacts {
  const model = string(metadata, 'tokenizer.ggml.model')
  if (model !== 'gpt2') throw new UnsupportedModelError(`metadata 'tokenizer.ggml.model': ${show(model)}; Shoal reads gpt2`)
  const tokens = strings(metadata, 'tokenizer.ggml.tokens')
  const kinds = optionalIntegers(metadata, 'tokenizer.ggml.token_type')
  const id = { least: 0, most: tokens.length - 1 }
  const stated = ['eos', 'eot', 'eom'].map(kind => optionalInteger(metadata, `tokenizer.ggml.${kind}_token_id`, id))
  const known = tokens.map((token, i) =>
    kinds?.[i] === TOKEN_KIND.control && END_OF_GENERATION_TEXTS.has(token) ? i : undefined
  )
  const ends = [...stated, ...known].filter(end => end !== undefined)
  const facts: TokenizerFacts = {
    model,
    preTokenizer: string(metadata, 'tokenizer.ggml.pre'),
    tokens,
    kinds: kinds === undefined ? tokens.map(() => TOKEN_KIND.normal) : [...kinds],
    merges: strings(metadata, 'tokenizer.ggml.merges'),
    bos: optionalInteger(metadata, 'tokenizer.ggml.bos_token_id', id),
    addsBos: optionalBoolean(metadata, 'tokenizer.ggml.add_bos_token') ?? false,
    eos: stated[0],
    endOfGeneration: [...new Set(ends)].sort((a, b) => a - b)
  }
  if (optionalBoolean(metadata, 'tokenizer.ggml.add_eos_token') === true) {
    throw new UnsupportedModelError(`metadata 'tokenizer.ggml.add_eos_token': true; Shoal never ends a prompt by itself`)
  }
  checkTokenizerFacts(facts)
  return facts
}

/**
 * Relations that hold whatever the source of the facts: a GGUF header or a manifest from a stranger.
 * @throws InvalidFileError, UnsupportedModelError
 */
export function checkTokenizerFacts(facts: TokenizerFacts): void {
  const { tokens, kinds, merges, preTokenizer, bos, addsBos, eos, endOfGeneration } = facts
  if (!PRE_TOKENIZERS.has(preTokenizer)) {
    throw new UnsupportedModelError(
      `pre-tokenizer ${show(preTokenizer)}: Shoal cuts text as ${[...PRE_TOKENIZERS.keys()].join(', ')}`
    )
  }
  if (tokens.length < 1 || tokens.length > MAX_VOCABULARY) {
    throw new InvalidFileError(`tokens: ${tokens.length} of them, not 1 to ${MAX_VOCABULARY}`)
  }
  if (kinds.length !== tokens.length) throw new InvalidFileError(`token kinds: ${kinds.length} for ${tokens.length} tokens`)
  const seen = new Map<string, number>()
  for (const [id, token] of tokens.entries()) {
    const kind = kinds[id]!
    if (!Number.isInteger(kind) || kind < 0 || kind > TOKEN_KIND.byte)
      throw new InvalidFileError(`token ${id}: unknown kind ${kind}`)
    if (token.length > MAX_TOKEN_LENGTH)
      throw new InvalidFileError(`token ${id}: ${token.length} characters, over ${MAX_TOKEN_LENGTH}`)
    // An unused token may repeat; anything else must be what its text says.
    if (kind === TOKEN_KIND.unused) continue
    if (token === '' || seen.has(token)) {
      throw new InvalidFileError(`token ${id}: ${show(token)} is ${token === '' ? 'empty' : `token ${seen.get(token)} already`}`)
    }
    seen.set(token, id)
  }
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
}
