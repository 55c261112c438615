import { msText } from '../format.ts'
import type { ArmTotal, Decision, LearnedArm, SelectorView } from '../selector-view.ts'
import type { Gateway } from '../state.ts'
import { armText, armTotalText, budgetText, cellText, legText, refusalText, choiceWords as words } from '../words/choices.ts'

/** Decisions shown; the gateway keeps more. */
const SHOWN = 5

/** Whether answers may come from a cloud, and what a gateway has learned of that. */
export function Choices({ gateway }: { gateway: Gateway | undefined }) {
  return (
    <section class="card choices" aria-labelledby="choices-title">
      <h3 id="choices-title">{words.title}</h3>
      {gateway === undefined ? (
        <p class="quiet-text">{words.noGateway}</p>
      ) : gateway.selector.phase === 'told' ? (
        <Told host={gateway.host} view={gateway.selector.view} />
      ) : (
        <p class="quiet-text">{words[gateway.selector.phase](gateway.host)}</p>
      )}
    </section>
  )
}

function Told({ host, view: { learned, arms, budgets, decisions } }: { host: string; view: SelectorView }) {
  return (
    <>
      <p class="quiet-text">{words.told(host)}</p>
      <ul class="arms">
        {arms.map(arm => (
          <Arm key={arm.arm} arm={arm} />
        ))}
        {budgets.map(budget => (
          <li key={`budget ${budget.of}`}>
            <b>{words.budget(armText(budget.of))}</b>
            <span class="quiet-text">{budgetText(budget)}</span>
          </li>
        ))}
      </ul>
      {learned.length > 0 && <Learned learned={learned} />}
      <h4>{words.decisions}</h4>
      {decisions.length === 0 ? (
        <p class="quiet-text">{words.nothingYet}</p>
      ) : (
        <ol class="decisions">
          {decisions.slice(0, SHOWN).map(decision => (
            <DecisionLine key={`${decision.at} ${decision.class}`} decision={decision} />
          ))}
        </ol>
      )}
    </>
  )
}

function Arm({ arm }: { arm: ArmTotal }) {
  return (
    <li>
      <b>{armText(arm.arm)}</b>
      <span class="quiet-text">{armTotalText(arm)}</span>
    </li>
  )
}

function Learned({ learned }: { learned: readonly LearnedArm[] }) {
  const { columns } = words
  const number = (value: number | undefined) => (value === undefined ? words.untried : value.toFixed(2))
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="scroll" tabIndex={0} aria-label={words.learned}>
      <table>
        <thead>
          <tr>
            <th scope="col">{columns.requests}</th>
            <th scope="col">{columns.arm}</th>
            <th scope="col" class="right">
              {columns.pulls}
            </th>
            <th scope="col" class="right">
              {columns.reward}
            </th>
            <th scope="col" class="right">
              {columns.bound}
            </th>
            <th scope="col" class="right">
              {columns.violations}
            </th>
          </tr>
        </thead>
        <tbody>
          {learned.map(row => (
            <tr key={`${row.class} ${row.promptTokens} ${row.stream} ${row.arm}`}>
              <td>{cellText(row)}</td>
              <th scope="row">{armText(row.arm)}</th>
              <td class="right">{row.pulls.toLocaleString('en')}</td>
              <td class="right">{number(row.meanReward)}</td>
              <td class="right">{number(row.bound)}</td>
              <td class="right">{Math.round(100 * row.violations)} %</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function DecisionLine({ decision }: { decision: Decision }) {
  return (
    <li>
      {decision.legs.map((leg, index) => (
        <span key={index}>
          <b>{armText(leg.arm)}</b> {legText(leg, msText(leg.ms))}
        </span>
      ))}
      {decision.refused.length > 0 && <span class="quiet-text">{refusalText(decision.refused)}</span>}
      {decision.edgeOnly && <span class="quiet-text">{words.edgeOnly}</span>}
    </li>
  )
}
