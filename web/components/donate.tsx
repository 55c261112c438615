import type { DonorSettings } from '../donor-limits.ts'
import { peerHue } from '../format.ts'
import type { Donation, Gpu, PageState } from '../state.ts'
import { elsewhereNotice, stoppingText, donateWords as words } from '../words/donate.ts'
import { Copyable } from './copyable.tsx'
import { DonorChoices } from './donor-choices.tsx'
import { Limits } from './limits.tsx'
import { NoticeBox } from './notice.tsx'
import { Serving } from './serving.tsx'
import { singly } from './singly.ts'
import { Starting } from './starting.tsx'

export interface DonateActions {
  onBudget: (bytes: number) => void
  onDonor: (donor: DonorSettings) => void
  onStart: () => void
  /** Takes the place of the tab that donates now. */
  onTakeOver: () => void
  onPause: (paused: boolean) => void
  /** Lets running answers end. */
  onStop: () => void
  onStopNow: () => void
}

export function Donate({ state, ...actions }: { state: PageState } & DonateActions) {
  const { gpu, self } = state
  return (
    <section class="donate" aria-labelledby="donate-title" style={{ '--hue': peerHue(self ?? '', self) }}>
      <div class="card donor">
        <h2 id="donate-title">{words.title}</h2>
        <Now state={state} {...actions} />
        {gpu.phase === 'ready' && <Action key="action" state={state} {...actions} />}
      </div>
      <div class="aside">
        {gpu.phase === 'ready' && <Limits donor={state.donor} care={state.care} onDonor={actions.onDonor} />}
        <div class="card headless">
          <h3>{words.headlessTitle}</h3>
          <Copyable text={state.headlessCommand} label={words.copyCommand} />
          <p class="quiet-text">{words.headless}</p>
        </div>
      </div>
    </section>
  )
}

function Now({ state, onBudget, onDonor, onStopNow }: { state: PageState } & DonateActions) {
  const { gpu, donation, hosted } = state
  switch (donation.phase) {
    case 'off':
    case 'elsewhere':
      return (
        <>
          {gpu.phase === 'ready' && <p class="invitation">{words.invitation}</p>}
          {donation.phase === 'elsewhere' && <NoticeBox notice={elsewhereNotice} urgent />}
          {donation.phase === 'off' && donation.notice !== undefined && <NoticeBox notice={donation.notice} urgent />}
          <Adapter gpu={gpu} />
          {gpu.phase === 'ready' && (
            <>
              <p class="quiet-text">{words.leaves}</p>
              <DonorChoices state={state} onBudget={onBudget} onDonor={onDonor} />
            </>
          )}
        </>
      )
    case 'starting':
      return <Starting donation={donation} layers={hosted?.layers} unkept={state.care.unkept} />
    case 'serving':
      return <Serving donation={donation} state={state} />
    case 'stopping':
      return (
        <p role="status">
          {stoppingText(donation.answers)}{' '}
          {donation.answers > 0 && (
            <button type="button" class="quiet" onClick={onStopNow}>
              {words.stopNow}
            </button>
          )}
        </p>
      )
  }
}

/** One button for all phases, so that the keyboard's focus stays on it when one follows another. */
function Action({ state, onStart, onTakeOver, onStop, onPause }: { state: PageState } & DonateActions) {
  const { donation, memory } = state
  const act = { off: onStart, elsewhere: onTakeOver, starting: onStop, serving: onStop, stopping: () => {} }
  const primary = donation.phase === 'off' || donation.phase === 'elsewhere'
  const asked = donation.phase === 'serving' && donation.paused.includes('asked')
  return (
    <div class="actions">
      <button
        type="button"
        class={primary ? 'primary' : ''}
        disabled={donation.phase === 'stopping' || (primary && memory === undefined)}
        onClick={singly(act[donation.phase])}
      >
        {actionWords[donation.phase]}
      </button>
      {donation.phase === 'serving' && (
        <button type="button" aria-pressed={asked} onClick={() => onPause(!asked)}>
          {asked ? words.resume : words.pause}
        </button>
      )}
    </div>
  )
}

const actionWords: Record<Donation['phase'], string> = words.actions

function Adapter({ gpu }: { gpu: Gpu }) {
  if (gpu.phase === 'looking') return <p class="quiet-text">{words.looking}</p>
  if (gpu.phase === 'none') return <NoticeBox notice={gpu.notice} />
  return (
    <p class="adapter">
      <span class="label">{words.adapter}</span> {gpu.name}
      {gpu.software && <span class="quiet-text"> {words.software}</span>}
    </p>
  )
}
