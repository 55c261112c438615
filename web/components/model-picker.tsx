import { coverageOf, holdersOf } from '../layers.ts'
import type { PageState } from '../state.ts'
import { coverageShort, coverageText, modelWords } from '../words/page.ts'

/** Which model, and how well it is held now. */
export function ModelPicker({
  state,
  disabled,
  onModel
}: {
  state: PageState
  disabled: boolean
  onModel: (digest: string) => void
}) {
  const { model, models, coverages, directory } = state
  if (model === undefined) return <p class="model-picker quiet-text">{coverageText(undefined)}</p>
  const coverage = directory === undefined ? undefined : coverageOf(holdersOf(directory, model.digest), model.layers)
  return (
    <div class="model-picker">
      {models.length > 1 ? (
        <select
          aria-label={modelWords.model}
          value={model.digest}
          disabled={disabled}
          onChange={event => onModel(event.currentTarget.value)}
        >
          {models.map(({ digest, name }) => (
            <option key={digest} value={digest}>
              {name} — {coverageShort(coverages[digest])}
            </option>
          ))}
        </select>
      ) : (
        <b>{model.name}</b>
      )}
      {coverage !== undefined && <CoverageStrip counts={coverage.counts} />}
      <span class="quiet-text">{coverageText(coverage)}</span>
    </div>
  )
}

/** A layer a cell: dark where several peers hold it, light where one does, hatched where nobody does. */
export function CoverageStrip({ counts }: { counts: readonly number[] }) {
  return (
    <span class="strip" aria-hidden="true">
      {counts.map((count, layer) => (
        <i key={layer} class={count === 0 ? 'missing' : count === 1 ? 'thin' : ''} />
      ))}
    </span>
  )
}
