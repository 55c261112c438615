/**
 * Words of the chat, ready for translation: what it offers, who reads along, what went wrong and what to do.
 */
import {
  BusyError,
  CloudError,
  ContextLengthError,
  DeadlineError,
  InvalidFrameError,
  NonFiniteError,
  NoRouteError,
  PeerLostError,
  toShoalError
} from '../../peer/errors.ts'
import type { Span } from '../../peer/model/types.ts'
import type { ContextUse } from '../context-use.ts'
import { countText, listText, msText, spanText } from '../format.ts'
import type { Notice, Recovery } from '../state.ts'
import { missingLayersNotice } from './swarm.ts'

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

export const notJoinedNotice: Notice = {
  title: 'This tab has not joined the swarm yet',
  detail: 'Send it again once the top of the page says that it is connected.'
}

/** Before an answer's first word. */
export function waitingText(missing: readonly Span[]): string {
  return missing.length === 0 ? 'Opening a chain…' : `Waiting for somebody to hold ${listText(missing.map(spanText))}…`
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
