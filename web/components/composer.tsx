import { useState } from 'preact/hooks'
import type { ChatSettings } from '../state.ts'

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
          <button type="button" class="primary" onClick={onStopAnswer}>
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
  const number = (name: keyof ChatSettings, value: string, least: number, most: number) => {
    const parsed = Number(value)
    if (value.trim() !== '' && Number.isFinite(parsed))
      onSettings({ ...settings, [name]: Math.min(most, Math.max(least, parsed)) })
  }
  return (
    <div class="fields">
      <label class="field">
        <span>
          Temperature <output>{settings.temperature === 0 ? '0, always the likeliest word' : settings.temperature}</output>
        </span>
        <input
          type="range"
          name="temperature"
          min="0"
          max="2"
          step="0.1"
          value={settings.temperature}
          onInput={event => number('temperature', event.currentTarget.value, 0, 2)}
        />
      </label>
      <label class="field">
        <span>Seed</span>
        <input
          type="number"
          name="seed"
          min="0"
          max={2 ** 32 - 1}
          step="1"
          value={settings.seed}
          onChange={event => number('seed', String(Math.trunc(Number(event.currentTarget.value))), 0, 2 ** 32 - 1)}
        />
      </label>
      <label class="field">
        <span>Most tokens</span>
        <input
          type="number"
          name="maxTokens"
          min="1"
          max="100000"
          step="1"
          value={settings.maxTokens}
          onChange={event => number('maxTokens', String(Math.trunc(Number(event.currentTarget.value))), 1, 100_000)}
        />
      </label>
    </div>
  )
}
