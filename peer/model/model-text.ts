/**
 * Text in and out of one model: its tokenizer and chat template, built from its manifest. What a driver needs of a model it
 * holds no weights of.
 */
import { InvalidRequestError } from '../errors.ts'
import { type ChatMessage, ChatTemplate } from './chat-template.ts'
import type { Manifest } from './manifest-format.ts'
import { Tokenizer } from './tokenizer.ts'

export class ModelText {
  readonly tokenizer: Tokenizer
  private readonly template: ChatTemplate | undefined
  private readonly bosText: string
  private readonly eosText: string

  /** @throws UnsupportedModelError when the chat template does not parse */
  constructor({ tokenizer: facts, chatTemplate }: Manifest) {
    this.tokenizer = new Tokenizer(facts)
    this.template = chatTemplate === undefined ? undefined : new ChatTemplate(chatTemplate)
    this.bosText = facts.bos === undefined ? '' : facts.tokens[facts.bos]!
    this.eosText = facts.eos === undefined ? '' : facts.tokens[facts.eos]!
  }

  /**
   * The prompt's ids for a chat that the assistant is to answer.
   * @throws InvalidRequestError when the model has no chat template or the template refuses the messages
   */
  encodeChat(messages: readonly ChatMessage[]): number[] {
    if (this.template === undefined)
      throw new InvalidRequestError('the model has no chat template: it only completes text', { param: 'model' })
    const { bosText, eosText } = this
    return this.tokenizer.encodeChat(
      this.template.render(messages, { controlTexts: this.tokenizer.controlTexts, bosText, eosText })
    )
  }
}
