/**
 * How text is cut before byte-pair merging, by GGUF's name of the pre-tokenizer (tokenizer.ggml.pre). A wrong cut makes a
 * model answer fluently and worse, so only cuts proven against llama.cpp (test/oracle) have a name here. Expressions and
 * flags: llm_tokenizer_bpe and llama_vocab::impl::load in llama.cpp's src/llama-vocab.cpp.
 */
export interface PreTokenizer {
  /** One after the other, each on the pieces the one before left: matches and what lies between them become pieces. */
  patterns: readonly RegExp[]
  /** A piece that is a token as a whole is that token, whatever its merges say (llama.cpp's ignore_merges). */
  wholePieces: boolean
  /** BOS goes first when the file does not say otherwise. */
  addsBos: boolean
}

/**
 * Whitespace is Unicode's property and not JavaScript's `\s`, which knows U+FEFF and not U+0085: llama.cpp has it the other
 * way round. Its letters and numbers are those of an older Unicode; they differ in newly assigned characters alone.
 */
const SPACE = String.raw`\p{White_Space}`
const NO_MORE_SPACE = String.raw`${SPACE}+(?!\P{White_Space})|${SPACE}+`
const CONTRACTION = "'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]"
const NEWLINES = String.raw`${SPACE}*[\r\n]+`

const pattern = (...alternatives: string[]) => new RegExp(alternatives.join('|'), 'gv')

const gpt2 = pattern("'s|'t|'re|'ve|'m|'ll|'d", String.raw` ?\p{L}+| ?\p{N}+| ?[^${SPACE}\p{L}\p{N}]+`, NO_MORE_SPACE)
const singleDigits = pattern(String.raw`\p{N}`)

/** Contractions in either case, a word with the character before it, so many digits at once, marks with the newlines after. */
const wordsAndNumbers = (digits: string) =>
  pattern(
    CONTRACTION,
    String.raw`[^\r\n\p{L}\p{N}]?\p{L}+`,
    digits,
    String.raw` ?[^${SPACE}\p{L}\p{N}]+[\r\n]*`,
    NEWLINES,
    NO_MORE_SPACE
  )
const llama3 = wordsAndNumbers(String.raw`\p{N}{1,3}`)
const qwen2 = wordsAndNumbers(String.raw`\p{N}`)

/**
 * Words are cut where ASCII's lower case turns to upper case; llama.cpp knows no other case here, unlike the tokenizers'
 * own expressions.
 */
const wordsByCase = (suffix: string, digits: string) => {
  const [before, upper, lower] = [String.raw`[^\r\n\p{L}\p{N}]?`, String.raw`[\p{L}--[a-z]]`, String.raw`[\p{L}--[A-Z]]`]
  return pattern(
    `${before}${upper}*${lower}+${suffix}`,
    `${before}${upper}+${lower}*${suffix}`,
    digits,
    String.raw` ?[^${SPACE}\p{L}\p{N}]+[\r\n\/]*`,
    NEWLINES,
    NO_MORE_SPACE
  )
}
const tekken = wordsByCase('', String.raw`\p{N}`)
const gpt4o = wordsByCase(`(?:${CONTRACTION})?`, String.raw`\p{N}{1,3}`)

/** What llama.cpp falls back to when a file names no pre-tokenizer. */
const fallback = [pattern(String.raw`[\p{P}$+<=>\^~\|]+`), gpt2, pattern(String.raw`\p{N}+`), pattern('[0-9][0-9][0-9]')]

const merging = (...patterns: RegExp[]): PreTokenizer => ({ patterns, wholePieces: false, addsBos: false })
const whole = (...patterns: RegExp[]): PreTokenizer => ({ patterns, wholePieces: true, addsBos: true })

/** Name of the cut for a file that names none. */
export const NO_PRE_TOKENIZER = 'default'

export const PRE_TOKENIZERS: ReadonlyMap<string, PreTokenizer> = new Map([
  ['gpt-2', merging(gpt2)],
  ['phi-2', merging(gpt2)],
  ['llama-bpe', whole(llama3)],
  ['llama3', whole(llama3)],
  ['llama-v3', whole(llama3)],
  ['falcon3', whole(llama3)],
  // SmolLM3 and many Llama 3 derivatives.
  ['smaug-bpe', merging(llama3)],
  // Phi-4.
  ['dbrx', merging(llama3)],
  ['qwen2', merging(qwen2)],
  ['deepseek-r1-qwen', merging(qwen2)],
  ['smollm', merging(singleDigits, gpt2)],
  ['starcoder', merging(singleDigits, gpt2)],
  // Granite 3.
  ['refact', merging(singleDigits, gpt2)],
  ['tekken', whole(tekken)],
  ['gpt-4o', merging(gpt4o)],
  [NO_PRE_TOKENIZER, merging(...fallback)]
])

/** The pieces of `text`, in order; together they are the text. */
export function cut(text: string, patterns: readonly RegExp[]): string[] {
  return patterns.reduce((pieces, pattern) => pieces.flatMap(piece => cutOnce(piece, pattern)), [text])
}

function cutOnce(text: string, pattern: RegExp): string[] {
  const pieces: string[] = []
  let end = 0
  for (const { 0: match, index } of text.matchAll(pattern)) {
    if (index > end) pieces.push(text.slice(end, index))
    pieces.push(match)
    end = index + match.length
  }
  if (end < text.length) pieces.push(text.slice(end))
  return pieces
}
