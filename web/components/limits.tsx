import type { DonorSettings } from '../donor-limits.ts'
import type { Care } from '../state.ts'
import { limitWords as words } from '../words/donate.ts'

interface LimitsProps {
  donor: DonorSettings
  care: Care
  onDonor: (donor: DonorSettings) => void
}

/** When this machine serves, and what may be done to keep it awake. */
export function Limits({ donor, care, onDonor }: LimitsProps) {
  const set = (change: Partial<DonorSettings>) => onDonor({ ...donor, ...change })
  return (
    <section class="card limits" aria-labelledby="limits-title">
      <h3 id="limits-title">{words.title}</h3>
      {care.power !== undefined && (
        <label>
          <input type="checkbox" checked={donor.mainsOnly} onChange={event => set({ mainsOnly: event.currentTarget.checked })} />
          {words.mainsOnly}
        </label>
      )}
      <div class="hours">
        <label>
          <input type="checkbox" checked={donor.hoursOnly} onChange={event => set({ hoursOnly: event.currentTarget.checked })} />
          {words.hoursOnly}
        </label>
        {donor.hoursOnly && (
          <span>
            <input
              type="time"
              aria-label={words.from}
              value={donor.from}
              onChange={event => event.currentTarget.value !== '' && set({ from: event.currentTarget.value })}
            />
            {' – '}
            <input
              type="time"
              aria-label={words.to}
              value={donor.to}
              onChange={event => event.currentTarget.value !== '' && set({ to: event.currentTarget.value })}
            />
          </span>
        )}
      </div>
      <label>
        <input type="checkbox" checked={donor.keepAwake} onChange={event => set({ keepAwake: event.currentTarget.checked })} />
        <span>
          {words.keepAwake}
          {care.awake && <span class="quiet-text"> {words.awake}</span>}
        </span>
      </label>
      <label>
        <input
          type="number"
          min={0}
          max={2_000}
          step={5}
          value={donor.watts}
          onChange={event => {
            const watts = Number(event.currentTarget.value)
            if (watts >= 0 && watts <= 2_000) set({ watts })
          }}
        />
        {words.watts}
      </label>
    </section>
  )
}
