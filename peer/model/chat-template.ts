/**
 * Renders a model's own chat template (Jinja) over messages. Templates come from strangers' files and messages from
 * strangers' requests, so the work and the output are bounded, and control markers inside a message are hidden from the
 * tokenizer: see `RenderedChat`.
 */
import { Environment, Interpreter, Template } from '@huggingface/jinja'
import { InvalidRequestError, ShoalError, UnsupportedModelError } from '../errors.ts'
import { MAX_TEMPLATE_LENGTH } from './manifest-format.ts'

export interface ChatMessage {
  role: string
  content: string
}

export interface ChatOptions {
  /** Texts of the control tokens (`Tokenizer.controlTexts`). */
  controlTexts: readonly string[]
  /** What the template calls bos_token and eos_token; empty when the model has none. */
  bosText?: string
  eosText?: string
  /** Ends the text with the assistant's opening, so that the model answers. Default true. */
  addGenerationPrompt?: boolean
}

/**
 * A rendered chat. In `text` one character of every control marker's text that a message held is replaced by a stand-in, so
 * the markers found in it are the template's own; `reveal` puts the characters back in a stretch between them.
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
/** Of a list the template makes; in use they count messages or tools. */
const MAX_LIST_LENGTH = 10_000

export class ChatTemplate {
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
  }

  /** @throws InvalidRequestError with the template's own words (raise_exception), or when it cannot be rendered within bounds */
  render(messages: readonly ChatMessage[], options: ChatOptions): RenderedChat {
    const hiding = hideMarkers(messages, options.controlTexts)
    const text = this.run({
      messages: hiding.messages,
      bos_token: options.bosText ?? '',
      eos_token: options.eosText ?? '',
      add_generation_prompt: options.addGenerationPrompt ?? true
    })
    return { text, reveal: hiding.reveal }
  }

  private run(variables: Record<string, unknown>): string {
    const environment = new Environment()
    for (const [name, value] of Object.entries({ ...globals, ...variables })) environment.set(name, value)
    try {
      return String(new BoundedInterpreter(environment).run(this.template.parsed).value)
    } catch (thrown) {
      if (thrown instanceof ShoalError) throw thrown
      throw new InvalidRequestError(`chat template: ${messageOf(thrown)}`, { param: 'messages' }, { cause: thrown })
    }
  }
}

interface JinjaValue {
  value: unknown
}

/** The face of the package's interpreter that is used here: its own declarations do not resolve under nodenext. */
interface JinjaInterpreter {
  run: (program: unknown) => JinjaValue
  evaluate(statement: unknown, environment: unknown): JinjaValue
}
const JinjaInterpreter = Interpreter as new (environment: unknown) => JinjaInterpreter

class BoundedInterpreter extends JinjaInterpreter {
  private evaluations = 0
  private readonly end = performance.now() + MAX_RENDER_MS

  override evaluate(statement: unknown, environment: unknown): JinjaValue {
    if (++this.evaluations > MAX_EVALUATIONS) throw new Error(`more than ${MAX_EVALUATIONS} evaluations`)
    // A clock read costs as much as a small evaluation.
    if (this.evaluations % 64 === 0 && performance.now() > this.end) throw new Error(`longer than ${MAX_RENDER_MS} ms`)
    const result = super.evaluate(statement, environment)
    const { value } = result
    if (typeof value === 'string' && value.length > MAX_OUTPUT_LENGTH)
      throw new Error(`more than ${MAX_OUTPUT_LENGTH} characters`)
    if (Array.isArray(value) && value.length > MAX_LIST_LENGTH) throw new Error(`a list of more than ${MAX_LIST_LENGTH}`)
    return result
  }
}

/** What templates expect beside their variables (those of transformers' apply_chat_template). */
const globals = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  raise_exception: (message: unknown) => {
    throw new InvalidRequestError(String(message), { param: 'messages' })
  },
  range: (start: number, stop?: number, step = 1) => {
    const [from, to] = stop === undefined ? [0, start] : [start, stop]
    const length = Math.ceil((to - from) / step)
    if (!Number.isFinite(length) || length > MAX_LIST_LENGTH) throw new Error(`a range of ${length}`)
    return Array.from({ length: Math.max(0, length) }, (_, i) => from + i * step)
  },
  strftime_now: (format: unknown) => formatDate(new Date(), String(format))
}

/** The strftime fields that templates use, in English; others stay as they are. */
function formatDate(now: Date, format: string): string {
  const name = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat('en-US', options).format(now)
  const two = (value: number) => String(value).padStart(2, '0')
  const fields: Record<string, () => string> = {
    Y: () => String(now.getFullYear()),
    m: () => two(now.getMonth() + 1),
    d: () => two(now.getDate()),
    H: () => two(now.getHours()),
    M: () => two(now.getMinutes()),
    S: () => two(now.getSeconds()),
    B: () => name({ month: 'long' }),
    b: () => name({ month: 'short' }),
    A: () => name({ weekday: 'long' }),
    a: () => name({ weekday: 'short' })
  }
  return format.replace(/%([A-Za-z])/g, (whole, field: string) => fields[field]?.() ?? whole)
}

/**
 * One character of each control marker is replaced in the messages by a private-use character that occurs nowhere in them:
 * without it no stretch of a message can be a marker, and the template's logic still sees all other characters. The bar is
 * taken where a marker has one, since templates look for plain tags (`</think>`) in messages.
 */
function hideMarkers(messages: readonly ChatMessage[], controlTexts: readonly string[]) {
  const hidden = new Set(controlTexts.map(text => /[|｜]/u.exec(text)?.[0] ?? String.fromCodePoint(text.codePointAt(0)!)))
  const everything = messages.map(({ role, content }) => role + content).join('')
  const standIns: [character: string, standIn: string][] = []
  let codePoint = 0xe000
  for (const character of hidden) {
    while (everything.includes(String.fromCodePoint(codePoint))) codePoint++
    standIns.push([character, String.fromCodePoint(codePoint++)])
  }
  const hide = (text: string) => standIns.reduce((shown, [character, standIn]) => shown.replaceAll(character, standIn), text)
  const reveal = (text: string) => standIns.reduce((shown, [character, standIn]) => shown.replaceAll(standIn, character), text)
  return {
    messages: messages.map(message => ({ ...message, role: hide(message.role), content: hide(message.content) })),
    reveal
  }
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
