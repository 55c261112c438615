import { useState } from 'preact/hooks'
import { contextUse } from '../context-use.ts'
import type { Turn } from '../state.ts'
import { chatWords, contextText } from '../words/chat.ts'
import { singly } from './singly.ts'

export interface ComposerProps {
  answering: boolean
  turns: readonly Turn[]
  system: string
  contextLength: number | undefined
  onSend: (text: string) => void
  onStopAnswer: () => void
}

export function Composer({ answering, turns, system, contextLength, onSend, onStopAnswer }: ComposerProps) {
  const [text, setText] = useState('')
  const send = () => {
    const message = text.trim()
    if (message === '' || answering) return
    onSend(message)
    setText('')
  }
  return (
    <form
      class="composer"
      onSubmit={event => {
        event.preventDefault()
        send()
      }}
    >
      <div class="composer-box">
        <textarea
          aria-label={chatWords.message}
          placeholder={chatWords.placeholder}
          rows={1}
          value={text}
          onInput={event => setText(event.currentTarget.value)}
          onKeyDown={event => {
            // An Enter that ends an input method's composition is not a send.
            if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
            event.preventDefault()
            send()
          }}
        />
        <div class="bar">
          {contextLength === undefined ? <span /> : <Context {...{ turns, system, text, contextLength }} />}
          {answering ? (
            <button type="button" class="primary" onClick={singly(onStopAnswer)}>
              {chatWords.stop}
            </button>
          ) : (
            <button type="submit" class="primary" disabled={text.trim() === ''}>
              {chatWords.send}
            </button>
          )}
        </div>
      </div>
    </form>
  )
}

interface ContextProps {
  turns: readonly Turn[]
  system: string
  text: string
  contextLength: number
}

/** How full the model's memory of this conversation is. */
function Context({ turns, system, text, contextLength }: ContextProps) {
  const use = contextUse(turns, system, text, contextLength)
  return (
    <span class={`context ${use.share > 0.9 ? 'full' : ''}`} title={chatWords.contextHelp}>
      <meter value={use.share} min={0} max={1} high={0.75} aria-label={chatWords.context} aria-valuetext={contextText(use)} />
      {contextText(use)}
    </span>
  )
}
