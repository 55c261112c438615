import { bytesText, spanText } from '../format.ts'
import { type Donation, type LoadedBytes, startSteps } from '../state.ts'
import { fromText, unkeptText, donateWords as words } from '../words/donate.ts'
import { rateNow } from '../work-curve.ts'
import { NoticeBox } from './notice.tsx'

interface StartingProps {
  donation: Donation & { phase: 'starting' }
  layers: number | undefined
  /** Bytes of the weights that the browser had no room to keep. */
  unkept: number
}

export function Starting({ donation, layers, unkept }: StartingProps) {
  const { step, span, loaded, fetched, again } = donation
  const at = startSteps.indexOf(step)
  return (
    <>
      {again !== undefined && <NoticeBox notice={again} urgent />}
      <ol class="steps" aria-label={words.progress}>
        {startSteps.map((name, index) => (
          <li key={name} class={index < at ? 'done' : index === at ? 'now' : ''} aria-current={index === at ? 'step' : undefined}>
            {words.steps[name]}
            {name === 'choosing' && span !== undefined && `: ${spanText(span)} of ${layers}`}
            {name === 'loading' && loaded !== undefined && <Loaded loaded={loaded} bytesPerSecond={rateNow(fetched)} />}
          </li>
        ))}
      </ol>
      <p class="quiet-text">{unkept > 0 ? unkeptText(unkept) : words.resumable}</p>
    </>
  )
}

function Loaded({ loaded, bytesPerSecond }: { loaded: LoadedBytes; bytesPerSecond: number }) {
  const { done, total, cached, sources } = loaded
  return (
    <>
      <progress value={done} max={total} aria-label={words.loaded} />
      <span class="quiet-text">
        {bytesText(done)} of {bytesText(total)}
        {done < total && bytesPerSecond > 0 && `, ${bytesText(bytesPerSecond)}/s`}
        {fromText(cached, done, sources)}
      </span>
    </>
  )
}
