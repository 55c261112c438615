/**
 * How Python writes a value: what Jinja's `string` filter gives of lists and mappings, which templates use to show tools
 * (SmolLM3). @huggingface/jinja 0.5 writes JSON there; delete this when it no longer does.
 */

/** A value of @huggingface/jinja's interpreter. */
export interface JinjaValue {
  /** Its class: 'StringValue', 'ArrayValue', … */
  type: string
  value: unknown
}

export function pythonRepr({ type, value }: JinjaValue): string {
  if (value instanceof Map) {
    const items = [...(value as Map<string, JinjaValue>)].map(([key, item]) => `${quoted(key)}: ${pythonRepr(item)}`)
    return `{${items.join(', ')}}`
  }
  if (Array.isArray(value)) return `[${(value as JinjaValue[]).map(pythonRepr).join(', ')}]`
  if (typeof value === 'string') return quoted(value)
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (type === 'FloatValue' && Number.isInteger(value)) return `${value}.0`
  return type === 'NullValue' ? 'None' : String(value)
}

const ESCAPES: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escaped = text.replace(/[\\\n\r\t]/g, character => ESCAPES[character]!).replaceAll(quote, `\\${quote}`)
  return quote + escaped + quote
}
