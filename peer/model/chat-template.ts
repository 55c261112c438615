/**
 * Renders a model's own chat template (Jinja) over messages. Templates come from strangers' files and messages from
 * strangers' requests, so the work and the output are bounded, and control markers inside a message are hidden from the
 * tokenizer: see `RenderedChat`.
 */
import { Environment, Interpreter, Template } from '@huggingface/jinja'
import { InvalidRequestError, ShoalError, UnsupportedModelError } from '../errors.ts'
import { hideMarkers } from './hidden-markers.ts'
import { MAX_TEMPLATE_LENGTH } from './manifest-format.ts'
import { type JinjaValue, pythonRepr } from './python-repr.ts'
import { MAX_LIST_LENGTH, templateGlobals } from './template-globals.ts'

/** Fields are named as templates read them, which is as OpenAI's API names them. */
export interface ChatMessage {
  role: string
  content: string
  name?: string
  /** Of a tool's answer: the call it answers. */
  tool_call_id?: string
  /** Of the assistant. */
  tool_calls?: readonly ToolCall[]
}

export interface ToolCall {
  id?: string
  type: 'function'
  function: { name: string; arguments: Record<string, unknown> }
}

/** A tool as the caller describes it, in OpenAI's form. */
export type Tool = Record<string, unknown>

export interface ChatOptions {
  /** Texts of the control tokens (`Tokenizer.controlTexts`). */
  controlTexts: readonly string[]
  /** What the template calls bos_token and eos_token; empty when the model has none. */
  bosText?: string
  eosText?: string
  /** Ends the text with the assistant's opening, so that the model answers. Default true. */
  addGenerationPrompt?: boolean
  /** Default none. */
  tools?: readonly Tool[]
  /** What time templates take it to be. Default the system's. */
  now?: () => Date
}

/**
 * A rendered chat. In `text` one character of every control marker's text that a message or tool held is replaced by a
 * stand-in, so the markers found in it are the template's own; `reveal` puts the characters back in a stretch between them.
 */
export interface RenderedChat {
  text: string
  reveal: (stretch: string) => string
}

/** Characters: twice the largest request body the gateway takes. */
const MAX_OUTPUT_LENGTH = 4 * 1024 * 1024
/** A conversation of a thousand messages takes about 50,000. */
const MAX_EVALUATIONS = 2_000_000
const MAX_RENDER_MS = 2_000

export class ChatTemplate {
  /** The template reads `tools` somewhere; to another they would be lost without a word. */
  readonly takesTools: boolean
  private readonly template: Template

  /** @throws UnsupportedModelError when the template does not parse */
  constructor(source: string) {
    if (source.length > MAX_TEMPLATE_LENGTH) {
      throw new UnsupportedModelError(`chat template: ${source.length} characters, over ${MAX_TEMPLATE_LENGTH}`)
    }
    try {
      this.template = new Template(source)
    } catch (thrown) {
      throw new UnsupportedModelError(`chat template: ${messageOf(thrown)}`, {}, { cause: thrown })
    }
    this.takesTools = /\btools\b/.test(source)
  }

  /** @throws InvalidRequestError with the template's own words (raise_exception), or when it cannot be rendered within bounds */
  render(messages: readonly ChatMessage[], options: ChatOptions): RenderedChat {
    const { tools, controlTexts, bosText = '', eosText = '', addGenerationPrompt = true, now = () => new Date() } = options
    if (tools !== undefined && !this.takesTools)
      throw new InvalidRequestError("the model's chat template takes no tools", { param: 'tools' })
    const { hide, reveal } = hideMarkers([messages, tools], controlTexts)
    // transformers defines the optional ones too, as None.
    const variables = {
      messages: hide(messages),
      tools: hide(tools) ?? null,
      documents: null,
      bos_token: bosText,
      eos_token: eosText,
      add_generation_prompt: addGenerationPrompt
    }
    return { text: this.run({ ...templateGlobals(now), ...variables }), reveal }
  }

  private run(variables: Record<string, unknown>): string {
    const environment = new Environment()
    for (const [name, value] of Object.entries(variables)) environment.set(name, value)
    try {
      return String(new BoundedInterpreter(environment).run(this.template.parsed).value)
    } catch (thrown) {
      if (thrown instanceof ShoalError) throw thrown
      throw new InvalidRequestError(`chat template: ${messageOf(thrown)}`, { param: 'messages' }, { cause: thrown })
    }
  }
}

/** The face of the package's interpreter that is used here: its own declarations do not resolve under nodenext. */
interface JinjaInterpreter {
  run: (program: unknown) => JinjaValue
  evaluate(statement: JinjaNode | undefined, environment: unknown): JinjaValue
  applyFilter(operand: JinjaValue, filter: JinjaNode, environment: unknown): JinjaValue
}
interface JinjaNode {
  type: string
  value?: unknown
}
const JinjaInterpreter = Interpreter as new (environment: unknown) => JinjaInterpreter

/**
 * Counts every node it evaluates and looks at the clock, so that nested loops end however little their bodies do. One
 * operation alone (a replace, a join) is bounded by the engine's longest string, and what it gives by `MAX_OUTPUT_LENGTH`.
 */
class BoundedInterpreter extends JinjaInterpreter {
  private evaluations = 0
  private readonly end = performance.now() + MAX_RENDER_MS

  override evaluate(statement: JinjaNode | undefined, environment: unknown): JinjaValue {
    if (++this.evaluations > MAX_EVALUATIONS) throw new Error(`more than ${MAX_EVALUATIONS} evaluations`)
    // A clock read costs as much as a small evaluation; a loop with an empty body evaluates nothing but itself.
    if ((this.evaluations % 64 === 0 || statement?.type === 'For') && performance.now() > this.end)
      throw new Error(`longer than ${MAX_RENDER_MS} ms`)
    const result = super.evaluate(statement, environment)
    const { value } = result
    if (typeof value === 'string' && value.length > MAX_OUTPUT_LENGTH)
      throw new Error(`more than ${MAX_OUTPUT_LENGTH} characters`)
    if (Array.isArray(value) && value.length > MAX_LIST_LENGTH) throw new Error(`a list of more than ${MAX_LIST_LENGTH}`)
    return result
  }

  override applyFilter(operand: JinjaValue, filter: JinjaNode, environment: unknown): JinjaValue {
    if (filter.type !== 'Identifier' || filter.value !== 'string' || typeof operand.value === 'string')
      return super.applyFilter(operand, filter, environment)
    return this.evaluate({ type: 'StringLiteral', value: pythonRepr(operand) }, environment)
  }
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
