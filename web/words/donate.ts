/**
 * Words of donating, ready for translation: what is lent and at which terms, how far it is, why it stopped and what to do.
 */
import {
  AdapterUnavailableError,
  DeviceLostError,
  GpuMemoryError,
  SelfTestError,
  type ShoalError,
  SourceError,
  toShoalError,
  WeightsCorruptError
} from '../../peer/errors.ts'
import type { Span } from '../../peer/model/types.ts'
import type { PauseReason } from '../donor-limits.ts'
import { bytesText, countText, listText, spanText } from '../format.ts'
import type { Notice } from '../state.ts'

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
