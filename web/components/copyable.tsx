import { useState } from 'preact/hooks'

/** How long the button says that it worked. */
const COPIED_MS = 2_000

export function Copyable({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false)
  const copy = async (code: HTMLElement) => {
    try {
      await navigator.clipboard.writeText(text)
      setCopied(true)
      setTimeout(() => setCopied(false), COPIED_MS)
    } catch {
      // No clipboard in an insecure context: select it, so that one keystroke copies.
      getSelection()?.selectAllChildren(code)
    }
  }
  return (
    <div class="copyable">
      <code>{text}</code>
      <button
        type="button"
        class="quiet"
        aria-label={copied ? 'Copied' : label}
        onClick={event => void copy(event.currentTarget.previousElementSibling as HTMLElement)}
      >
        {copied ? 'Copied' : 'Copy'}
      </button>
    </div>
  )
}
