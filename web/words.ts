/**
 * Every word of the page, ready for translation: what went wrong or is missing, said so that a person knows what it means
 * and what to do, and what buttons and views are called.
 */
import {
  AdapterUnavailableError,
  BusyError,
  CloudError,
  ContextLengthError,
  DeadlineError,
  DeviceLostError,
  GpuMemoryError,
  InvalidFrameError,
  InviteError,
  NonFiniteError,
  NoRouteError,
  PeerLostError,
  SelfTestError,
  type ShoalError,
  SourceError,
  toShoalError,
  WeightsCorruptError
} from '../peer/errors.ts'
import type { Span } from '../peer/model/types.ts'
import type { Placement } from '../peer/session/types.ts'
import type { ContextUse } from './context-use.ts'
import type { PauseReason } from './donor-limits.ts'
import { bytesText, countText, listText, msText, spanText } from './format.ts'
import { missingSpans, thinSpans } from './layers.ts'
import type { ArmTotal, Decision, LearnedArm, SelectorView } from './selector-view.ts'
import type { AnswerTrace, ModelCoverage, Notice, PageState, Recovery } from './state.ts'
import type { ViewName } from './view-name.ts'

export const viewWords: Record<ViewName, string> = { chat: 'Chat', donate: 'Donate', swarm: 'Swarm' }

export const pageWords = {
  views: 'Views',
  skip: 'Skip to the content',
  donating: '(this tab is donating)'
}

export const closeWord = 'Close'
export const thisTab = 'this tab'
export const copyWords = { copy: 'Copy', copied: 'Copied', code: 'Copy the code' }
export const modelWords = { model: 'Model', about: 'About this model' }
export const markdownWords = { table: 'Table', picture: 'picture' }

export const connectionWords: Record<PageState['connection']['phase'], string> = {
  connecting: 'Connecting…',
  connected: 'Connected',
  unreachable: 'Not connected'
}

export const chatWords = {
  title: 'Chat',
  invitation: 'Ask a model that strangers run together.',
  lede: 'Each browser or machine here holds a few of its layers, and every word passes through all of them.',
  ledeTab: 'This tab drives the answer itself; no server in the middle reads along.',
  conversations: 'Chats',
  noConversations: 'What you ask is kept here, in this browser only.',
  keptHere: 'Kept in this browser only.',
  exportAll: 'Export all',
  newChat: 'New chat',
  export: 'Export',
  settings: 'Settings',
  delete: 'Delete',
  reallyDelete: 'Delete it',
  keep: 'Keep',
  log: 'Conversation',
  answering: 'The answer is being written.',
  you: 'You',
  answer: 'Answer',
  message: 'Message',
  placeholder: 'Write a message',
  send: 'Send',
  stop: 'Stop',
  stopped: 'Stopped.',
  cut: 'Cut at the token limit; settings raise it.',
  edit: 'Edit',
  editMessage: 'Edit the message',
  askAgain: 'Ask again',
  cancel: 'Cancel',
  copyMessage: 'Copy the message',
  copyAnswer: 'Copy the answer',
  regenerate: 'Regenerate',
  chain: 'The chain of peers that computed this answer',
  numericsChanged: 'The peers that took over round a little differently, so the words after that may differ too.',
  context: 'Context used',
  contextHelp:
    'What the model reads at once: the conversation so far and its answer. What does not fit is left out from the front.'
}

export const settingsWords = {
  system: 'System prompt',
  systemPlaceholder: 'You are a helpful assistant.',
  temperature: 'Temperature',
  greedy: '0, always the likeliest word',
  off: 'off',
  topP: 'Top p',
  topK: 'Top k (0 is off)',
  minP: 'Min p',
  repetition: 'Repetition penalty',
  seed: 'Seed',
  anySeed: 'new each time',
  maxTokens: 'Most tokens',
  askedBy: 'Who drives the answer',
  tab: 'This tab, over the swarm alone',
  gateway: (host: string) => `The gateway ${host}, at the edge or in a cloud, whichever it finds better`,
  reset: 'Reset sampling'
}

export const donateWords = {
  title: 'Donate',
  invitation: 'Lend this GPU while it has nothing better to do.',
  leaves:
    'What leaves this machine: numbers between layers, computed for other people’s prompts, and to the peers beside you your network address and your GPU’s name. Your files, your other tabs and your own conversations are never touched, and stopping frees the memory at once.',
  adapter: 'Adapter',
  looking: 'Looking for a GPU…',
  software: '— computes on the CPU, slowly',
  memory: 'Memory to lend',
  allowed: 'Models it may host',
  neediest: 'Of these, the one whose layers are thinnest is hosted.',
  actions: {
    off: 'Donate this tab',
    elsewhere: 'Take over',
    starting: 'Cancel',
    serving: 'Stop donating',
    stopping: 'Stopping…'
  },
  pause: 'Pause',
  resume: 'Resume',
  stopNow: 'Stop now',
  progress: 'Progress',
  loaded: 'Weights loaded',
  steps: {
    choosing: 'Choosing the layers that need help most',
    testing: 'Checking this GPU’s numbers',
    loading: 'Loading weights',
    measuring: 'Measuring its speed'
  },
  resumable: 'What is loaded stays in this browser: after a reload, loading goes on where it was.',
  servingWord: 'Serving',
  pausedWord: 'Paused',
  tokensServed: 'Tokens served',
  rate: 'Now',
  answers: 'Answers now',
  uptime: 'Serving for',
  energy: 'Energy',
  energyHelp: 'An estimate: the time these tokens kept the GPU busy, by its measured speed, at the watts you state.',
  peers: 'Peers',
  relayed: 'relayed',
  curveTop: (rate: string) => `top: ${rate}`,
  curve: (minutes: number) => `tokens a second, last ${minutes} minutes`,
  throttled:
    'The browser slows this hidden tab. Answers go on, since they are driven by messages; bring the tab to the front if they stall.',
  keepOpen: 'Keep this tab open. Closing it says goodbye; running answers move to other peers.',
  headlessTitle: 'Have a machine without a browser?',
  copyCommand: 'Copy the command',
  headless: 'Runs a headless peer on its GPU, until you press Ctrl+C.'
}

export const limitWords = {
  title: 'When this machine serves',
  mainsOnly: 'Only on mains power',
  hoursOnly: 'Only in these hours',
  from: 'From',
  to: 'Until',
  keepAwake: 'Keep the screen on',
  awake: '(on now)',
  watts: 'watts while it computes'
}

export const swarmWords = {
  title: 'The swarm now',
  digest: 'Digest of the manifest',
  mapCaption:
    'Distance from the middle is the time a message takes there and back; the hour is the layers’ place in the model. On the rim: not measured from here.',
  coverage: 'Who holds which layers',
  layers: 'Layers of the model and how many peers serve each',
  lane: 'Peers and the layers they hold',
  legend: { well: 'several peers', thin: 'one peer', missing: 'nobody' },
  table: 'Peers in detail',
  columns: {
    peer: 'Peer',
    agent: 'Kind',
    span: 'Holds',
    adapter: 'Adapter',
    roundTripMs: 'Round trip',
    tokenMs: 'Time a token',
    queueMs: 'Queue',
    freeKvTokens: 'Free KV tokens'
  },
  agents: { tab: 'browser tab', node: 'headless peer' },
  unmeasured: '–',
  loading: 'loading'
}

export function layerText(layer: number, holders: number): string {
  return `layer ${layer + 1}: ${holders === 0 ? 'nobody' : countText(holders, 'peer')}`
}

export function mapText(peers: number): string {
  return `Map of this tab and ${countText(peers, 'peer')} by round-trip time; the table below says the same.`
}

export function roomText(bytes: string, layers: number, { name, layers: all }: { name: string; layers: number }): string {
  return `${bytes}, room for ${layers} of ${countText(all, 'layer')} of ${name}`
}

/** Where the weights come from. */
export function fromText(cached: number, done: number, sources: readonly string[]): string {
  if (cached > 0 && cached === done) return ', all of it already on this machine'
  const kept = cached > 0 ? `, ${bytesText(cached)} already on this machine` : ''
  return `${kept}, from ${listText(sources)}`
}

const pauseWords: Record<PauseReason, string> = {
  asked: 'You paused it. Its layers stay loaded.',
  battery: 'The machine runs on its battery. It goes on at the mains.',
  hours: 'Outside the hours you chose. It goes on by itself.',
  frozen: 'The browser froze this hidden tab, so it stepped down. It goes on when the tab is seen.'
}

export function pausedText(reasons: readonly PauseReason[]): string {
  return reasons.map(reason => pauseWords[reason]).join(' ')
}

export function stoppingText(answers: number): string {
  return answers === 0
    ? 'Saying goodbye…'
    : `Finishing ${countText(answers, 'answer')}, then saying goodbye. What is not done in half a minute moves to other peers.`
}

/** The browser's storage had no room for what was loaded. */
export function unkeptText(bytes: number): string {
  return `This browser had no room to keep ${bytesText(bytes)} of the weights: they are in use, and are loaded again after a reload. Freeing disk space, or leaving private browsing, saves that.`
}

export const elsewhereNotice: Notice = {
  title: 'Another tab of this browser donates already',
  detail: 'Two would share one GPU. Go on there, or take over: the other tab then stops.'
}

export const takenOverNotice: Notice = {
  title: 'Another tab took over',
  detail: 'This one has left the swarm; the other donates now.'
}

export const nothingAllowedNotice: Notice = {
  title: 'No model is allowed',
  detail: 'Allow at least one of the models below.'
}

/** `gateway`: the host that is asked; undefined where this tab drives. */
export function privacyText(gateway: string | undefined): string {
  return gateway === undefined
    ? 'Peers are strangers: the first of a chain can read your prompt, the last can read the answer. Send nothing secret.'
    : `The gateway ${gateway} reads prompt and answer, and so does the cloud or the peers that it asks. Send nothing secret.`
}

/** Of one hop of a chain: what its operator could read. */
export function readsText(index: number, hops: number): string {
  const read = [index === 0 && 'the prompt', index === hops - 1 && 'the answer'].filter(Boolean)
  return read.length === 0 ? '' : `can read ${read.join(' and ')}`
}

export function recoveryText({ pauseMs }: Recovery): string {
  return `A peer left here; another took over after ${msText(pauseMs)}. Nothing was lost.`
}

export function lostText(lost: number): string {
  return `${countText(lost, 'peer', 'peers')} left, nothing lost`
}

export function forgottenText(turns: number): string {
  return `The model reads only so much at once: ${countText(turns, 'earlier message was', 'earlier messages were')} left out.`
}

export function contextText({ tokens, of, exact }: ContextUse): string {
  return `${exact ? '' : 'about '}${tokens.toLocaleString('en')} of ${countText(of, 'token')}`
}

/** How well a model is held, in a sentence or two. */
export function coverageText(coverage: ModelCoverage | undefined): string {
  if (coverage === undefined) return 'Asking who is here…'
  if (coverage.peers === 0) return 'Nobody is donating yet.'
  const missing = missingSpans(coverage.counts)
  if (missing.length > 0) return `Nobody holds ${listText(missing.map(spanText))}.`
  const thin = thinSpans(coverage.counts)
  const serve = countText(coverage.peers, 'peer serves', 'peers serve')
  return `Every layer is held. ${serve}${thin.length === 0 ? '' : `; ${listText(thin.map(spanText))} by one only`}.`
}

/** The same for a list of models. */
export function coverageShort(coverage: ModelCoverage | undefined): string {
  if (coverage === undefined) return 'not asked yet'
  if (coverage.peers === 0) return 'nobody holds it'
  return missingSpans(coverage.counts).length > 0 ? 'layers missing' : `ready, ${countText(coverage.peers, 'peer')}`
}

export function insecureNotice(origin: string): Notice {
  return {
    title: 'This page cannot use your GPU here',
    detail: `It was opened over plain HTTP (${origin}), and browsers give pages the GPU over HTTPS or on localhost only. Ask whoever runs this Shoal for its https:// address. You can still chat: other peers do the computing.`
  }
}

/** What to do about it depends on the browser, as it names itself. */
export function noWebGpuNotice(userAgent: string): Notice {
  const detail = /Firefox/.test(userAgent)
    ? 'Firefox has it on Windows and on newer Macs; elsewhere it may be switched on in about:config (dom.webgpu.enabled).'
    : /Chrom(e|ium)|Edg/.test(userAgent)
      ? 'Update this browser. On Linux it may need chrome://flags/#enable-unsafe-webgpu and a Vulkan driver.'
      : /Safari/.test(userAgent)
        ? 'Safari has it from version 26 on, in macOS 26, iOS 26 and iPadOS 26.'
        : 'A current Chrome, Edge, Safari or Firefox on this machine may have it.'
  return {
    title: 'This browser has no WebGPU',
    detail: `Donating needs it. ${detail} You can still chat: other peers do the computing.`
  }
}

export const noAdapterNotice: Notice = {
  title: 'The browser offers no GPU',
  detail:
    'Hardware acceleration may be switched off, or the GPU or its driver is on the browser’s block list (chrome://gpu tells). You can still chat: other peers do the computing.'
}

export function unreachableNotice(bootstrap: string): Notice {
  return {
    title: 'The swarm cannot be reached',
    detail: `${bootstrap} does not answer. It may be down, or your network may block WebSockets. This page keeps trying.`
  }
}

/** Why the tab has not joined. */
export function joinNotice(thrown: unknown, bootstrap: string, invited: boolean): Notice {
  if (!(thrown instanceof InviteError)) return unreachableNotice(bootstrap)
  return invited
    ? {
        title: 'This invite does not open this swarm',
        detail: `The link may have been cut when it was copied, or belong to another swarm. Ask for it again. ${thrown.message}`
      }
    : {
        title: 'This swarm is private',
        detail:
          'It is open to those who have its invite link alone. Ask whoever runs it, and open the whole link, with all that stands behind its #.'
      }
}

export const notJoinedNotice: Notice = {
  title: 'This tab has not joined the swarm yet',
  detail: 'Send it again once the top of the page says that it is connected.'
}

export const nothingHeldNotice: Notice = {
  title: 'Nobody is donating yet',
  detail: 'The model runs once peers hold all its layers. Donate this tab, or start a peer with the command beside it.'
}

export function missingLayersNotice(missing: readonly Span[]): Notice {
  return {
    title: `Nobody holds ${listText(missing.map(spanText))} now`,
    detail: 'An answer needs every layer. Donate this tab to fill the gap, or wait for a peer to join.'
  }
}

/** Before an answer's first word. */
export function waitingText(missing: readonly Span[]): string {
  return missing.length === 0 ? 'Opening a chain…' : `Waiting for somebody to hold ${listText(missing.map(spanText))}…`
}

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

/** Why an answer failed or broke off. */
export function answerNotice(thrown: unknown, missing: readonly Span[]): Notice {
  const error = toShoalError(thrown)
  if (error instanceof NoRouteError) {
    return missing.length > 0
      ? missingLayersNotice(missing)
      : { title: 'No chain of peers could be formed', detail: `Try again in a moment. ${error.message}` }
  }
  if (error instanceof BusyError) {
    return { title: 'The swarm is busy', detail: 'Every peer with these layers is full. Try again in a moment.' }
  }
  if (error instanceof PeerLostError || error instanceof DeadlineError) {
    return {
      title: 'A peer was lost, and nobody could take its place',
      detail: `What is written above stands. ${error.message}`
    }
  }
  if ((error instanceof NonFiniteError || error instanceof InvalidFrameError) && error.details.peer !== undefined) {
    return {
      title: 'A peer computes wrong numbers, and nobody else holds its layers',
      detail: `What is written above stands. Donate this tab, or wait for another peer. ${error.message}`
    }
  }
  if (error instanceof CloudError) {
    return {
      title: 'The gateway could not answer',
      detail: `What is written above stands. Ask again, or let this tab drive (Settings). ${error.message}`
    }
  }
  if (error instanceof ContextLengthError) {
    return { title: 'That is longer than this model can read', detail: 'Shorten the message, or start a new chat.' }
  }
  return { title: 'The answer failed', detail: error.message }
}

/** Between the loss of the GPU and the second try. */
export function comingBackNotice(error: ShoalError, before: Span): Notice {
  const title = error instanceof GpuMemoryError ? 'The GPU has too little memory' : 'The browser took the GPU away'
  return { title, detail: `Running answers went on elsewhere. This tab tries once more, with less than ${spanText(before)}.` }
}

/** Why a donation did not start or ended by itself; `retried`: although it had come back with less. */
export function donationNotice(thrown: unknown, retried = false): Notice {
  const error = toShoalError(thrown)
  if (error instanceof AdapterUnavailableError) return { title: 'The GPU could not be opened', detail: error.message }
  if (error instanceof SelfTestError) {
    return {
      title: 'This GPU computes wrong numbers',
      detail: `Its self-test failed, so this tab serves nobody. Updating the browser or the GPU’s driver may help. ${error.message}`
    }
  }
  const left = retried ? 'This tab came back once with less and has stopped now.' : 'This tab has left the swarm.'
  if (error instanceof GpuMemoryError) {
    return { title: 'The GPU has too little memory', detail: `${left} Try a smaller budget. ${error.message}` }
  }
  if (error instanceof DeviceLostError) {
    return {
      title: retried ? 'The browser took the GPU away again' : 'The browser took the GPU away',
      detail: `${left} It may have run out of memory: try a smaller budget, or reload the page. ${error.message}`
    }
  }
  if (error instanceof SourceError) return { title: 'The weights could not be downloaded', detail: error.message }
  if (error instanceof WeightsCorruptError) {
    return { title: 'The weights are not what the model’s manifest says', detail: `They were thrown away. ${error.message}` }
  }
  return { title: 'Donating did not work', detail: error.message }
}
