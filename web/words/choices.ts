/**
 * Words about edge or cloud, ready for translation: where an answer came from and why, what a gateway has learned.
 */
import type { Placement } from '../../peer/session/types.ts'
import { countText, listText } from '../format.ts'
import type { ArmTotal, Decision, LearnedArm, SelectorView } from '../selector-view.ts'
import type { AnswerTrace } from '../state.ts'

/** `edge:lan` and `cloud:big` are the gateway's names; the ways are seen from it. */
export function armText(arm: string): string {
  const [place = '', name = ''] = arm.split(':')
  if (place !== 'edge' && place !== 'cloud') return arm
  return name === '' ? place : `${place} ${place === 'edge' ? `(${wayWords[name] ?? name})` : `“${name}”`}`
}

const wayWords: Record<string, string> = { local: 'on its machine', lan: 'in its network', wan: 'over the internet' }

const reasonWords: Record<string, string> = {
  best: 'by what was measured, it serves such requests best',
  untried: 'it had not been tried for such requests yet',
  only: 'nothing else could serve it within its limits',
  late: 'everything was expected to be late, this the least',
  full: 'the edge was full and nothing else could serve it, so it waited there',
  again: 'everything had failed once, so it was asked again'
}

/** Where an answer came from and why, in a sentence. */
export function placeText({ gateway, placements }: Pick<AnswerTrace, 'gateway' | 'placements'>, cloudKnown: boolean): string {
  const placement = placements.at(-1)
  if (gateway === undefined)
    return cloudKnown
      ? 'Edge: this tab drove the chain itself and asks no cloud.'
      : 'Edge: this tab drove the chain itself, and no cloud is configured here.'
  if (placement === undefined) return `Edge: the gateway ${gateway} drove the chain, and has no cloud to choose.`
  return `${capital(armText(placement.arm))}${whyText(placement)}, says the gateway ${gateway}.`
}

function whyText({ class: name, reason, after }: Placement): string {
  const why = reasonWords[reason] ?? reason
  const before = after === undefined ? '' : `; ${armText(after.arm)} had failed (${after.error})`
  return why === '' ? '' : `: ${why}${name === '' ? '' : `, class “${name}”`}${before}`
}

/** The place alone. */
export function placeWord({ placements }: Pick<AnswerTrace, 'placements'>): 'edge' | 'cloud' {
  return placements.at(-1)?.arm.startsWith('cloud') ? 'cloud' : 'edge'
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}

export const choiceWords = {
  title: 'Edge or cloud',
  noGateway:
    'Edge: answers of this page come from the peers above, and no cloud is configured here. Whoever runs a gateway with clouds (shoal serve --select) opens the page with ?gateway=ADDRESS to see and use it.',
  asking: (host: string) => `Asking the gateway ${host}…`,
  none: (host: string) => `The gateway ${host} has no cloud to choose: whatever it answers comes from the edge.`,
  unreachable: (host: string) => `The gateway ${host} does not tell. It may be down; this page keeps trying.`,
  told: (host: string) =>
    `The gateway ${host} sends each request where it expects to be served best, and learns from what it measures.`,
  learned: 'What was learned of each kind of request',
  columns: {
    requests: 'Requests',
    arm: 'Place',
    pulls: 'Sent',
    reward: 'Mean reward',
    bound: 'At best',
    violations: 'Late'
  },
  untried: '–',
  decisions: 'Last decisions',
  nothingYet: 'Nothing has been asked yet.',
  edgeOnly: 'Its text was not to leave the edge.',
  budget: (of: string) => `Budget, ${of}`
}

export function armTotalText({ answered, failed, inFlight, joules, money }: ArmTotal): string {
  const parts = [
    countText(answered, 'answer'),
    failed > 0 && `${failed.toLocaleString('en')} failed`,
    inFlight > 0 && `${inFlight.toLocaleString('en')} now`,
    `${joules.toLocaleString('en', { maximumSignificantDigits: 3 })} J`,
    money > 0 && `money ${moneyText(money)}`
  ]
  return parts.filter(Boolean).join(' · ')
}

export function budgetText({ spent, limit }: SelectorView['budgets'][number]): string {
  return `${moneyText(spent)} of ${moneyText(limit)} spent`
}

/** Nobody says which currency. */
function moneyText(money: number): string {
  return money.toLocaleString('en', { maximumSignificantDigits: 3 })
}

export function cellText({ class: name, promptTokens, stream }: LearnedArm): string {
  const length = promptTokens === undefined ? 'long prompts' : `prompts to ${countText(promptTokens, 'token')}`
  return `${name}, ${length}, ${stream ? 'streamed' : 'whole'}`
}

export function legText({ reason, result }: Decision['legs'][number], time: string): string {
  return `${reasonWords[reason] ?? reason} — ${result} after ${time}`
}

export function refusalText(refused: Decision['refused']): string {
  return `Not asked: ${listText(refused.map(({ arm, why }) => `${armText(arm)} (${why})`))}.`
}
