import { durationText, energyText, rateText, spanText } from '../format.ts'
import type { Donation, PageState } from '../state.ts'
import { pausedText, unkeptText, donateWords as words } from '../words/donate.ts'
import { CURVE_MS, energyWh, rateNow, workCurve } from '../work-curve.ts'

const WIDTH = 480
const HEIGHT = 96

export function Serving({ donation, state }: { donation: Donation & { phase: 'serving' }; state: PageState }) {
  const { links, hosted, coverages, donor, care } = state
  const { span, tokensServed, sessions, samples, since, decodeRate, paused } = donation
  const layers = hosted?.layers ?? span.end
  const counts = coverages[hosted?.digest ?? '']?.counts ?? []
  const uptimeMs = (samples.at(-1)?.at ?? since) - since
  const energy = energyWh(tokensServed, span.end - span.first, decodeRate, donor.watts)
  return (
    <>
      <p class="serving" role="status">
        {paused.length > 0 ? words.pausedWord : words.servingWord}{' '}
        <strong class="my-span">
          {spanText(span)} of {layers}
        </strong>
      </p>
      {paused.length > 0 && <p class="paused">{pausedText(paused)}</p>}
      <div class="my-layers peer" aria-hidden="true" style={{ '--layers': layers }}>
        {Array.from({ length: layers }, (_, layer) => (
          <i key={layer} class={span.first <= layer && layer < span.end ? 'mine' : (counts[layer] ?? 1) === 0 ? 'missing' : ''} />
        ))}
      </div>
      <dl class="figures">
        <Figure name={words.tokensServed} class="tokens-served" value={tokensServed.toLocaleString('en')} />
        <Figure name={words.rate} value={rateText(rateNow(samples))} />
        <Figure name={words.answers} value={String(sessions)} />
        <Figure name={words.uptime} value={durationText(uptimeMs)} />
        <Figure name={words.energy} value={energyText(energy)} title={words.energyHelp} />
        <Figure name={words.peers} value={`${links.total}${links.relayed > 0 ? `, ${links.relayed} ${words.relayed}` : ''}`} />
      </dl>
      <WorkCurve donation={donation} />
      {care.throttled && <p class="paused">{words.throttled}</p>}
      {care.unkept > 0 && <p class="quiet-text">{unkeptText(care.unkept)}</p>}
      <p class="quiet-text">{words.keepOpen}</p>
    </>
  )
}

function Figure({ name, value, ...rest }: { name: string; value: string; class?: string; title?: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd {...rest}>{value}</dd>
    </div>
  )
}

function WorkCurve({ donation: { samples } }: { donation: Donation & { phase: 'serving' } }) {
  const { line, area, most } = workCurve(samples, WIDTH, HEIGHT)
  return (
    <figure class="curve">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        <path class="grid" d={`M0 ${HEIGHT / 2}H${WIDTH}`} />
        <path class="area" d={area} />
        <path class="line" d={line} />
      </svg>
      <figcaption>
        <span>{words.curve(CURVE_MS / 60_000)}</span>
        <span>{words.curveTop(rateText(most))}</span>
      </figcaption>
    </figure>
  )
}
