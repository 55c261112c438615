import { useState } from 'preact/hooks'
import type { ChatSettings } from '../state.ts'
import { singly } from './singly.ts'

export interface ComposerProps {
  answering: boolean
  settings: ChatSettings
  onSend: (text: string) => void
  onStopAnswer: () => void
  onSettings: (settings: ChatSettings) => void
}

export function Composer({ answering, settings, onSend, onStopAnswer, onSettings }: ComposerProps) {
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
      <textarea
        aria-label="Message"
        placeholder="Write a message"
        rows={2}
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
        <details class="settings">
          <summary>Settings</summary>
          <Settings settings={settings} onSettings={onSettings} />
        </details>
        {answering ? (
          <button type="button" class="primary" onClick={singly(onStopAnswer)}>
            Stop
          </button>
        ) : (
          <button type="submit" class="primary" disabled={text.trim() === ''}>
            Send
          </button>
        )}
      </div>
    </form>
  )
}

function Settings({ settings, onSettings }: { settings: ChatSettings; onSettings: (settings: ChatSettings) => void }) {
  const { temperature, seed, maxTokens } = settings
  return (
    <div class="fields">
      <label class="field">
        <span>
          Temperature <span class="value">{temperature === 0 ? '0, always the likeliest word' : temperature}</span>
        </span>
        <input
          type="range"
          name="temperature"
          aria-label="Temperature"
          aria-valuetext={temperature === 0 ? '0, always the likeliest word' : String(temperature)}
          min="0"
          max="2"
          step="0.1"
          value={temperature}
          onInput={event => onSettings({ ...settings, temperature: Number(event.currentTarget.value) })}
        />
      </label>
      <WholeNumber
        label="Seed"
        name="seed"
        least={0}
        most={2 ** 32 - 1}
        value={seed}
        onValue={value => onSettings({ ...settings, seed: value })}
      />
      <WholeNumber
        label="Most tokens"
        name="maxTokens"
        least={1}
        most={1_000_000}
        value={maxTokens}
        onValue={value => onSettings({ ...settings, maxTokens: value })}
      />
    </div>
  )
}

interface WholeNumberProps {
  label: string
  name: string
  least: number
  most: number
  value: number
  onValue: (value: number) => void
}

/** Keeps what is being typed, valid or not, until the field is left; hands on what is valid at once. */
function WholeNumber({ label, name, least, most, value, onValue }: WholeNumberProps) {
  const [draft, setDraft] = useState<string | undefined>(undefined)
  const accept = (text: string) => {
    setDraft(text)
    const number = Number(text)
    if (text.trim() !== '' && Number.isInteger(number) && number >= least && number <= most) onValue(number)
  }
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="number"
        name={name}
        min={least}
        max={most}
        step="1"
        value={draft ?? value}
        onInput={event => accept(event.currentTarget.value)}
        onBlur={() => setDraft(undefined)}
      />
    </label>
  )
}
