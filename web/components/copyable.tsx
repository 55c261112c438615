import { useState } from 'preact/hooks'
import { copyWords } from '../words/page.ts'

/** How long the button says that it worked. */
const COPIED_MS = 2_000

interface CopyableProps {
  text: string
  label: string
  /** Lines that keep their breaks, instead of one that wraps. */
  block?: boolean
}

export function Copyable({ text, label, block = false }: CopyableProps) {
  const code = <code>{text}</code>
  return (
    <div class={`copyable ${block ? 'block' : ''}`}>
      {block ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <pre tabIndex={0}>{code}</pre>
      ) : (
        code
      )}
      <CopyButton text={text} label={label} />
    </div>
  )
}

export function CopyButton({ text, label, class: name = 'quiet' }: { text: string; label: string; class?: string }) {
  const [copied, setCopied] = useState(false)
  const copy = async (beside: Element | null) => {
    try {
      await navigator.clipboard.writeText(text)
      setCopied(true)
      setTimeout(() => setCopied(false), COPIED_MS)
    } catch {
      // No clipboard in an insecure context: select it, so that one keystroke copies.
      if (beside !== null) getSelection()?.selectAllChildren(beside)
    }
  }
  return (
    <button
      type="button"
      class={name}
      aria-label={copied ? copyWords.copied : label}
      onClick={event => void copy(event.currentTarget.closest('.copyable, .turn')?.querySelector('code, .text') ?? null)}
    >
      {copied ? copyWords.copied : copyWords.copy}
    </button>
  )
}
