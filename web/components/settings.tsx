import { useState } from 'preact/hooks'
import { type ChatSettings, initialSettings } from '../state.ts'
import { settingsWords as words } from '../words/chat.ts'

interface SettingsProps {
  settings: ChatSettings
  /** Host of the gateway that may be asked; undefined: there is none. */
  gateway: string | undefined
  /** Only what changes: another change may not have been drawn yet. */
  onSettings: (change: Partial<ChatSettings>) => void
}

/** What the model is told first, and how its words are drawn. */
export function Settings({ settings, gateway, onSettings: set }: SettingsProps) {
  const { system, temperature, topP, topK, minP, repetitionPenalty, seed, maxTokens, askedBy } = settings
  return (
    <div class="fields">
      {gateway !== undefined && (
        <fieldset class="asked-by">
          <legend>{words.askedBy}</legend>
          {(['tab', 'gateway'] as const).map(who => (
            <label key={who}>
              <input type="radio" name="askedBy" checked={askedBy === who} onChange={() => set({ askedBy: who })} />
              <span>{who === 'tab' ? words.tab : words.gateway(gateway)}</span>
            </label>
          ))}
        </fieldset>
      )}
      <label class="field whole">
        <span>{words.system}</span>
        <textarea
          name="system"
          rows={4}
          value={system}
          placeholder={words.systemPlaceholder}
          onInput={event => set({ system: event.currentTarget.value })}
        />
      </label>
      <Slider
        {...{ label: words.temperature, name: 'temperature', min: 0, max: 2, step: 0.1, value: temperature }}
        shown={temperature === 0 ? words.greedy : String(temperature)}
        onValue={value => set({ temperature: value })}
      />
      <Slider
        {...{ label: words.topP, name: 'topP', min: 0.05, max: 1, step: 0.05, value: topP }}
        shown={topP === 1 ? words.off : String(topP)}
        onValue={value => set({ topP: value })}
      />
      <Slider
        {...{ label: words.minP, name: 'minP', min: 0, max: 0.5, step: 0.01, value: minP }}
        shown={minP === 0 ? words.off : String(minP)}
        onValue={value => set({ minP: value })}
      />
      <Slider
        {...{ label: words.repetition, name: 'repetitionPenalty', min: 1, max: 1.5, step: 0.05, value: repetitionPenalty }}
        shown={repetitionPenalty === 1 ? words.off : String(repetitionPenalty)}
        onValue={value => set({ repetitionPenalty: value })}
      />
      <WholeNumber
        {...{ label: words.topK, name: 'topK', least: 0, most: 1_000, value: topK }}
        onValue={value => set({ topK: value ?? 0 })}
      />
      <WholeNumber
        {...{ label: words.seed, name: 'seed', least: 0, most: 2 ** 32 - 1, value: seed, empty: words.anySeed }}
        onValue={value => set({ seed: value })}
      />
      <WholeNumber
        {...{ label: words.maxTokens, name: 'maxTokens', least: 1, most: 1_000_000, value: maxTokens }}
        onValue={value => value !== undefined && set({ maxTokens: value })}
      />
      <button type="button" class="quiet" onClick={() => set({ ...initialSettings, system, askedBy })}>
        {words.reset}
      </button>
    </div>
  )
}

interface SliderProps {
  label: string
  name: string
  min: number
  max: number
  step: number
  value: number
  /** The value in words. */
  shown: string
  onValue: (value: number) => void
}

function Slider({ label, shown, onValue, ...input }: SliderProps) {
  return (
    <label class="field whole">
      <span>
        {label} <span class="value">{shown}</span>
      </span>
      <input
        type="range"
        aria-label={label}
        aria-valuetext={shown}
        {...input}
        onInput={event => onValue(Number(event.currentTarget.value))}
      />
    </label>
  )
}

interface WholeNumberProps {
  label: string
  name: string
  least: number
  most: number
  value: number | undefined
  /** What leaving it empty means; absent: it may not be empty. */
  empty?: string
  onValue: (value: number | undefined) => void
}

/** Keeps what is being typed, valid or not, until the field is left; hands on what is valid at once. */
function WholeNumber({ label, name, least, most, value, empty, onValue }: WholeNumberProps) {
  const [draft, setDraft] = useState<string | undefined>(undefined)
  const accept = (text: string) => {
    setDraft(text)
    if (text.trim() === '') {
      if (empty !== undefined) onValue(undefined)
      return
    }
    const number = Number(text)
    if (Number.isInteger(number) && number >= least && number <= most) onValue(number)
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
        placeholder={empty}
        value={draft ?? value ?? ''}
        onInput={event => accept(event.currentTarget.value)}
        onBlur={() => setDraft(undefined)}
      />
    </label>
  )
}
