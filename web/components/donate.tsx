import { bytesText, countText, spanText } from '../format.ts'
import type { Donation, Gpu, MemoryChoice, PageState, StartStep } from '../state.ts'
import { startSteps } from '../state.ts'
import { Copyable } from './copyable.tsx'
import { NoticeBox } from './notice.tsx'
import { singly } from './singly.ts'

export interface DonateActions {
  onBudget: (bytes: number) => void
  onStart: () => void
  onStop: () => void
}

export function Donate({ state, ...actions }: { state: PageState } & DonateActions) {
  const { gpu, donation, memory, model } = state
  return (
    <section class="donate" aria-labelledby="donate-title">
      <h2 id="donate-title">Donate</h2>
      <Adapter gpu={gpu} />
      {gpu.phase === 'ready' && donation.phase === 'off' && (
        <>
          {donation.notice !== undefined && <NoticeBox notice={donation.notice} urgent />}
          <p class="quiet-text">Lend this tab’s GPU: it takes some layers and computes them for everybody’s answers.</p>
          {memory !== undefined && model !== undefined && (
            <Budget memory={memory} modelLayers={model.layers} onBudget={actions.onBudget} />
          )}
        </>
      )}
      {donation.phase === 'starting' && <Starting donation={donation} layers={model?.layers} />}
      {donation.phase === 'serving' && <Serving donation={donation} state={state} />}
      {donation.phase === 'stopping' && <p role="status">Saying goodbye to running answers…</p>}
      {gpu.phase === 'ready' && <Action key="action" donation={donation} able={memory !== undefined} {...actions} />}
      <div class="headless">
        <h3>Have a machine without a browser?</h3>
        <Copyable text={state.headlessCommand} label="Copy the command" />
        <p class="quiet-text">Runs a headless peer on its GPU, until you press Ctrl+C.</p>
      </div>
    </section>
  )
}

/** One button for all phases, so that the keyboard's focus stays on it when one follows another. */
function Action({ donation, able, onStart, onStop }: { donation: Donation; able: boolean } & DonateActions) {
  const off = donation.phase === 'off'
  return (
    <button
      type="button"
      class={off ? 'primary' : ''}
      disabled={donation.phase === 'stopping' || !able}
      onClick={singly(off ? onStart : onStop)}
    >
      {actionWords[donation.phase]}
    </button>
  )
}

const actionWords: Record<Donation['phase'], string> = {
  off: 'Donate this tab',
  starting: 'Cancel',
  serving: 'Stop donating',
  stopping: 'Stopping…'
}

function Adapter({ gpu }: { gpu: Gpu }) {
  if (gpu.phase === 'looking') return <p class="quiet-text">Looking for a GPU…</p>
  if (gpu.phase === 'none') return <NoticeBox notice={gpu.notice} />
  return (
    <p class="adapter">
      <span class="label">Adapter</span> {gpu.name}
      {gpu.software && <span class="quiet-text"> — computes on the CPU, slowly</span>}
    </p>
  )
}

function Budget({
  memory,
  modelLayers,
  onBudget
}: {
  memory: MemoryChoice
  modelLayers: number
  onBudget: (bytes: number) => void
}) {
  const { least, most, chosen, layers } = memory
  const words = `${bytesText(chosen)}, room for ${layers} of ${countText(modelLayers, 'layer')}`
  return (
    <label class="field">
      <span>
        Memory to lend <span class="value">{words}</span>
      </span>
      <input
        type="range"
        min={least}
        max={most}
        step={Math.max(1, Math.ceil((most - least) / 200))}
        value={chosen}
        aria-valuetext={words}
        onInput={event => onBudget(Math.min(most, Number(event.currentTarget.value)))}
      />
    </label>
  )
}

const stepWords: Record<StartStep, string> = {
  choosing: 'Choosing the layers that need help most',
  testing: 'Checking this GPU’s numbers',
  loading: 'Loading weights',
  measuring: 'Measuring its speed'
}

function Starting({ donation, layers }: { donation: Donation & { phase: 'starting' }; layers: number | undefined }) {
  const { step, span, loaded, again } = donation
  const at = startSteps.indexOf(step)
  return (
    <>
      {again !== undefined && <NoticeBox notice={again} urgent />}
      <ol class="steps" aria-label="Progress">
        {startSteps.map((name, index) => (
          <li key={name} class={index < at ? 'done' : index === at ? 'now' : ''} aria-current={index === at ? 'step' : undefined}>
            {stepWords[name]}
            {name === 'choosing' && span !== undefined && `: ${spanText(span)} of ${layers}`}
            {name === 'loading' && loaded !== undefined && (
              <>
                <progress value={loaded.done} max={loaded.total} aria-label="Weights loaded" />
                <span class="quiet-text">
                  {bytesText(loaded.done)} of {bytesText(loaded.total)}
                </span>
              </>
            )}
          </li>
        ))}
      </ol>
    </>
  )
}

function Serving({ donation, state }: { donation: Donation & { phase: 'serving' }; state: PageState }) {
  const { links, model } = state
  return (
    <>
      <p class="serving" role="status">
        Serving{' '}
        <strong class="my-span">
          {spanText(donation.span)} of {model?.layers}
        </strong>
      </p>
      <dl class="figures">
        <div>
          <dt>Tokens served</dt>
          <dd class="tokens-served">{donation.tokensServed.toLocaleString('en')}</dd>
        </div>
        <div>
          <dt>Answers now</dt>
          <dd>{donation.sessions}</dd>
        </div>
        <div>
          <dt>Peers</dt>
          <dd>
            {links.total}
            {links.relayed > 0 && <small> ({links.relayed} relayed)</small>}
          </dd>
        </div>
      </dl>
      <p class="quiet-text">Keep this tab open. Closing it says goodbye; running answers move to other peers.</p>
    </>
  )
}
