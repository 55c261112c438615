/**
 * Everything the page shows, as one value. Components are functions of it; actions make the next one.
 */

import type { Span } from '../peer/model/types.ts'
import type { ChainHop, HopTime, Placement } from '../peer/session/types.ts'
import type { DirectoryEntry, SpanOffer } from '../peer/swarm/types.ts'
import { type DonorSettings, initialDonorSettings, type PauseReason, type PowerSource } from './donor-limits.ts'
import type { SelectorView } from './selector-view.ts'
import type { ViewName } from './view-name.ts'
import type { WorkSample } from './work-curve.ts'

/** A peer that was here a moment ago. */
export interface GoneHolder {
  holder: Holder
  /** Milliseconds since 1970. */
  at: number
}

/** A span that a peer announces. */
export interface Holder {
  entry: DirectoryEntry
  offer: SpanOffer
}

/** Something a person should know, in words without jargon; `detail` says what to do. */
export interface Notice {
  title: string
  detail: string
}

export type Connection = { phase: 'connecting' } | { phase: 'connected' } | { phase: 'unreachable'; notice: Notice }

export interface ModelChoice {
  digest: string
  name: string
  layers: number
}

/** How well a model is held now. */
export interface ModelCoverage {
  /** Peers that serve each layer. */
  counts: readonly number[]
  /** Distinct peers that serve any of it. */
  peers: number
}

export type Gpu = { phase: 'looking' } | { phase: 'ready'; name: string; software: boolean } | { phase: 'none'; notice: Notice }

export type Donation =
  | { phase: 'off'; notice: Notice | undefined }
  /** Another tab of this browser donates. */
  | { phase: 'elsewhere' }
  | {
      phase: 'starting'
      step: StartStep
      span: Span | undefined
      loaded: LoadedBytes | undefined
      /** Fetched over the network, for the rate of loading. */
      fetched: readonly WorkSample[]
      /** Set the second time: why it starts again. */
      again: Notice | undefined
    }
  | {
      phase: 'serving'
      span: Span
      tokensServed: number
      sessions: number
      /** Milliseconds since 1970. */
      since: number
      samples: readonly WorkSample[]
      /** Tokens a second through one layer, as measured. */
      decodeRate: number
      /** Empty: it serves. */
      paused: readonly PauseReason[]
    }
  /** Answers that may still end here, of those that ran. */
  | { phase: 'stopping'; answers: number }

/** In the order a donor goes through them. */
export const startSteps = ['choosing', 'testing', 'loading', 'measuring'] as const
export type StartStep = (typeof startSteps)[number]

export interface LoadedBytes {
  done: number
  total: number
  /** Of `done`: were on this machine already. */
  cached: number
  /** Hosts that the weights come from. */
  sources: readonly string[]
}

export interface AnswerTrace {
  chain: ChainHop[]
  /** Whom each replaced chain lost. */
  lost: string[]
  /** One of those chains was of another numerics class. */
  numericsChanged: boolean
  recoveries: readonly Recovery[]
  /** Of the prompt as the model reads it; undefined until the chain is open. */
  promptTokens: number | undefined
  /** Set once the answer is finished. */
  hops: HopTime[] | undefined
  ttftMs: number | undefined
  tpotMs: number | undefined
  /** Ids of the answer's tokens so far; none of an answer that a gateway gave. */
  tokens: readonly number[]
  /** Their number, where a gateway told it. */
  answerTokens: number | undefined
  /** Host of the gateway that was asked; undefined: this tab drove the chain itself. */
  gateway: string | undefined
  /** Where the gateway sent the request and why, the latest last; empty where it has no choice. */
  placements: readonly Placement[]
}

/** A hop lost in the middle of an answer, and the chain healed. */
export interface Recovery {
  lost: string
  /** Characters of the answer shown before. */
  at: number
  pauseMs: number
}

export type Turn =
  | { role: 'user'; text: string }
  | {
      role: 'assistant'
      text: string
      state: 'waiting' | 'streaming' | 'finished' | 'stopped' | 'failed'
      /** Cut by the token limit rather than ended by the model. */
      cut: boolean
      /** Earlier turns that no longer fitted the model's context. */
      forgotten: number
      notice: Notice | undefined
      trace: AnswerTrace | undefined
    }

/** What a list of conversations shows of one. */
export interface ConversationHead {
  id: string
  title: string
  /** Milliseconds since 1970. */
  changed: number
}

export interface ChatSettings {
  /** Said to the model before the conversation; empty: nothing. */
  system: string
  temperature: number
  topP: number
  topK: number
  minP: number
  repetitionPenalty: number
  /** Undefined: another for every answer. */
  seed: number | undefined
  maxTokens: number
  /** Who drives the chain; a gateway only where the page knows one. */
  askedBy: 'tab' | 'gateway'
}

/** A gateway beside this swarm. */
export interface Gateway {
  /** With a slash at its end. */
  url: string
  host: string
  /** What it last told of its choices between edge and cloud. */
  selector: { phase: 'asking' } | { phase: 'none' } | { phase: 'unreachable' } | { phase: 'told'; view: SelectorView }
}

export interface PageState {
  view: ViewName
  connection: Connection
  self: string | undefined
  /** Peers connected now, and how many of them over the relay. */
  links: { total: number; relayed: number }
  models: readonly ModelChoice[]
  model: ModelChoice | undefined
  /** Tokens that the chosen model reads at once; undefined until its manifest is here. */
  contextLength: number | undefined
  /** Of every model that has been asked about, by digest. */
  coverages: Readonly<Record<string, ModelCoverage>>
  /** What to know before trusting the model's answers. */
  warnings: readonly string[]
  /** Live announcements; undefined until the directory has answered once. */
  directory: readonly DirectoryEntry[] | undefined
  /** Milliseconds to connected peers and back, as last measured. */
  roundTrips: Readonly<Record<string, number>>
  /** Holders of the chosen model that left within the last seconds. */
  gone: readonly GoneHolder[]
  gpu: Gpu
  memory: MemoryChoice | undefined
  donation: Donation
  donor: DonorSettings
  /** What a donor would host: of the models it allows, the one that needs it most. */
  hosted: ModelChoice | undefined
  care: Care
  /** Kept in this browser, newest first. */
  conversations: readonly ConversationHead[]
  /** Of the one whose turns are shown; undefined for one that has not begun. */
  conversation: string | undefined
  turns: readonly Turn[]
  settings: ChatSettings
  gateway: Gateway | undefined
  /** For people who copy it into a terminal. */
  headlessCommand: string
}

/** What the browser does to a tab that donates. */
export interface Care {
  power: PowerSource
  /** The screen is kept on. */
  awake: boolean
  /** The tab is hidden and its timers come late. */
  throttled: boolean
  /** Bytes of the weights that the browser had no room to keep. */
  unkept: number
}

/** Bytes of GPU memory, and what they buy. */
export interface MemoryChoice {
  chosen: number
  /** The least that holds any one layer, and what the whole model takes. */
  least: number
  most: number
  /** Layers that fit into `chosen`. */
  layers: number
}

export const initialSettings: ChatSettings = {
  system: '',
  temperature: 0.7,
  topP: 1,
  topK: 0,
  minP: 0,
  repetitionPenalty: 1,
  seed: undefined,
  maxTokens: 256,
  askedBy: 'tab'
}

export const initialState: PageState = {
  view: 'chat',
  connection: { phase: 'connecting' },
  self: undefined,
  links: { total: 0, relayed: 0 },
  models: [],
  model: undefined,
  contextLength: undefined,
  coverages: {},
  warnings: [],
  directory: undefined,
  roundTrips: {},
  gone: [],
  gpu: { phase: 'looking' },
  memory: undefined,
  donation: { phase: 'off', notice: undefined },
  donor: initialDonorSettings,
  hosted: undefined,
  care: { power: undefined, awake: false, throttled: false, unkept: 0 },
  conversations: [],
  conversation: undefined,
  turns: [],
  settings: initialSettings,
  gateway: undefined,
  headlessCommand: ''
}

/** Changes the last turn, which is the answer being written. */
export function withAnswer(state: PageState, change: (answer: Turn & { role: 'assistant' }) => Turn): PageState {
  const last = state.turns.at(-1)
  return last?.role === 'assistant' ? { ...state, turns: [...state.turns.slice(0, -1), change(last)] } : state
}

/** Whether an answer is being written now. */
export function isAnswering({ turns }: Pick<PageState, 'turns'>): boolean {
  const last = turns.at(-1)
  return last?.role === 'assistant' && (last.state === 'waiting' || last.state === 'streaming')
}
