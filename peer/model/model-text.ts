/**
 * Text in and out of one model: its tokenizer and chat template, built from its manifest. What a driver needs of a model it
 * holds no weights of.
 */
import { InvalidRequestError } from '../errors.ts'
import { type ChatMessage, type ChatOptions, ChatTemplate } from './chat-template.ts'
import type { Manifest } from './manifest-format.ts'
import { NO_PRE_TOKENIZER } from './pre-tokenizers.ts'
import { Tokenizer } from './tokenizer.ts'
import type { TokenizerFacts } from './tokenizer-facts.ts'

export class ModelText {
  readonly tokenizer: Tokenizer
  /** See `warningsOf`. */
  readonly warnings: readonly string[]
  private readonly template: ChatTemplate | undefined
  private readonly bosText: string
  private readonly eosText: string

  /** @throws UnsupportedModelError when the chat template does not parse */
  constructor({ tokenizer: facts, chatTemplate }: Pick<Manifest, 'tokenizer' | 'chatTemplate'>) {
    this.tokenizer = new Tokenizer(facts)
    this.template = chatTemplate === undefined ? undefined : new ChatTemplate(chatTemplate)
    this.bosText = facts.bos === undefined ? '' : facts.tokens[facts.bos]!
    this.eosText = facts.eos === undefined ? '' : facts.tokens[facts.eos]!
    this.warnings = warningsOf(facts)
  }

  /**
   * The prompt's ids for a chat that the assistant is to answer.
   * @throws InvalidRequestError when the model has no chat template, or the template refuses the messages or takes no tools
   */
  encodeChat(
    messages: readonly ChatMessage[],
    options: Pick<ChatOptions, 'tools' | 'addGenerationPrompt' | 'now'> = {}
  ): number[] {
    if (this.template === undefined)
      throw new InvalidRequestError('the model has no chat template: it only completes text', { param: 'messages' })
    const { bosText, eosText } = this
    const { controlTexts } = this.tokenizer
    return this.tokenizer.encodeChat(this.template.render(messages, { ...options, controlTexts, bosText, eosText }))
  }
}

/** What people should know before they trust the model's answers; usually nothing. */
export function warningsOf({ sentencePiece, preTokenizer }: TokenizerFacts): string[] {
  if (sentencePiece !== undefined || preTokenizer !== NO_PRE_TOKENIZER) return []
  return [
    'The file does not name its pre-tokenizer: text is cut by a general rule, and answers may be worse than the model can give.'
  ]
}
