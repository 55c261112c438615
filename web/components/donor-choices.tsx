import type { DonorSettings } from '../donor-limits.ts'
import { bytesText, countText } from '../format.ts'
import type { MemoryChoice, ModelChoice, PageState } from '../state.ts'
import { roomText, donateWords as words } from '../words/donate.ts'
import { coverageShort } from '../words/page.ts'

interface DonorChoicesProps {
  state: PageState
  onBudget: (bytes: number) => void
  onDonor: (donor: DonorSettings) => void
}

/** What a donor settles before it begins: how much memory, and for which models. */
export function DonorChoices({ state, onBudget, onDonor }: DonorChoicesProps) {
  const { memory, hosted, models, coverages, donor } = state
  const allow = (digest: string, allowed: boolean) =>
    onDonor({ ...donor, refused: allowed ? donor.refused.filter(other => other !== digest) : [...donor.refused, digest] })
  return (
    <>
      {memory !== undefined && hosted !== undefined && <Budget memory={memory} hosted={hosted} onBudget={onBudget} />}
      <fieldset class="allowed">
        <legend>{words.allowed}</legend>
        {models.map(({ digest, name, layers }) => (
          <label key={digest}>
            <input
              type="checkbox"
              checked={!donor.refused.includes(digest)}
              onChange={event => allow(digest, event.currentTarget.checked)}
            />
            <span>
              <span class="name">{name}</span>{' '}
              <span class="quiet-text">
                {countText(layers, 'layer')}, {coverageShort(coverages[digest])}
              </span>
            </span>
          </label>
        ))}
        {models.length > 1 && <p class="quiet-text">{words.neediest}</p>}
      </fieldset>
    </>
  )
}

interface BudgetProps {
  memory: MemoryChoice
  hosted: ModelChoice
  onBudget: (bytes: number) => void
}

function Budget({ memory, hosted, onBudget }: BudgetProps) {
  const { least, most, chosen, layers } = memory
  const room = roomText(bytesText(chosen), layers, hosted)
  return (
    <label class="field">
      <span>
        {words.memory} <span class="value">{room}</span>
      </span>
      <input
        type="range"
        min={least}
        max={most}
        step={Math.max(1, Math.ceil((most - least) / 200))}
        value={chosen}
        aria-label={words.memory}
        aria-valuetext={room}
        onInput={event => onBudget(Math.min(most, Number(event.currentTarget.value)))}
      />
    </label>
  )
}
