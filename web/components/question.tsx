import { useEffect, useRef, useState } from 'preact/hooks'
import { chatWords } from '../words/chat.ts'
import { CopyButton } from './copyable.tsx'

export function Question({ text, busy, onEdit }: { text: string; busy: boolean; onEdit: (text: string) => void }) {
  const [draft, setDraft] = useState<string | undefined>(undefined)
  const field = useRef<HTMLTextAreaElement>(null)
  const editing = draft !== undefined
  useEffect(() => {
    if (editing) field.current?.focus()
  }, [editing])
  if (draft !== undefined)
    return (
      <form
        class="turn user editing"
        onSubmit={event => {
          event.preventDefault()
          setDraft(undefined)
          if (draft.trim() !== '') onEdit(draft.trim())
        }}
        onKeyDown={event => event.key === 'Escape' && setDraft(undefined)}
      >
        <textarea
          ref={field}
          aria-label={chatWords.editMessage}
          rows={3}
          value={draft}
          onInput={event => setDraft(event.currentTarget.value)}
        />
        <div class="turn-tools">
          <button type="button" class="link" onClick={() => setDraft(undefined)}>
            {chatWords.cancel}
          </button>
          <button type="submit" class="primary small" disabled={busy || draft.trim() === ''}>
            {chatWords.askAgain}
          </button>
        </div>
      </form>
    )
  return (
    <div class="turn user">
      <p class="text">
        <span class="unseen">{chatWords.you}: </span>
        {text}
      </p>
      <div class="turn-tools">
        <CopyButton class="link" text={text} label={chatWords.copyMessage} />
        <button type="button" class="link" disabled={busy} onClick={() => setDraft(text)}>
          {chatWords.edit}
        </button>
      </div>
    </div>
  )
}
