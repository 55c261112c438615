/**
 * A model's words as Markdown: cut into blocks by `marked`, which is only asked what there is; what becomes of it on the
 * page is decided by the components, so no HTML of a model's is ever HTML of the page.
 */
import { type MarkedToken, marked, type Token } from 'marked'

export interface Block {
  token: Token
  /** Place in the text. */
  start: number
  end: number
}

/** A text's blocks. A text that only grows keeps the blocks before its last two, which are not read again. */
export class GrowingMarkdown {
  #text = ''
  #blocks: Block[] = []

  blocksOf(text: string): readonly Block[] {
    if (text === this.#text) return this.#blocks
    // The last block may go on, and a list before it may turn out to be one with it.
    const settled = text.startsWith(this.#text) ? this.#blocks.slice(0, -2) : []
    const start = settled.at(-1)?.end ?? 0
    this.#text = text
    // A definition far above gives links their address: then everything is read again.
    const whole = settled.some(({ token }) => token.type === 'def')
    this.#blocks = whole ? blocksFrom(text, 0) : [...settled, ...blocksFrom(text, start)]
    return this.#blocks
  }
}

function blocksFrom(text: string, offset: number): Block[] {
  let at = offset
  return marked
    .lexer(text.slice(offset), { gfm: true, breaks: true })
    .map(token => {
      const start = at
      at += token.raw.length
      return { token, start, end: at }
    })
    .filter(({ token }) => token.type !== 'space')
}

/** Tokens that the page shows; others are shown as they were written. */
export function known(token: Token): MarkedToken {
  return token as MarkedToken
}

/** An address a link may have: anything else is text. */
export function safeAddress(href: string): string | undefined {
  try {
    const url = new URL(href)
    return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : undefined
  } catch {
    return undefined
  }
}

const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0', copy: '©', hellip: '…' }

/** The character references that models write; `marked` leaves them to a browser that would read them as HTML. */
export function decodeReferences(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]+));/gi, (written, decimal, hex, name) => {
    if (name !== undefined) return named[name.toLowerCase()] ?? written
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
    return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : written
  })
}
