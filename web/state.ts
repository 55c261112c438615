/**
 * Everything the page shows, as one value. Components are functions of it; actions make the next one.
 */

import type { Span } from '../peer/model/types.ts'
import type { ChainHop, HopTime } from '../peer/session/types.ts'
import type { DirectoryEntry } from '../peer/swarm/types.ts'

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

export type Gpu = { phase: 'looking' } | { phase: 'ready'; name: string; software: boolean } | { phase: 'none'; notice: Notice }

export type Donation =
  | { phase: 'off'; notice: Notice | undefined }
  | {
      phase: 'starting'
      step: StartStep
      span: Span | undefined
      loaded: LoadedBytes | undefined
      /** Set the second time: why it starts again. */
      again: Notice | undefined
    }
  | { phase: 'serving'; span: Span; tokensServed: number; sessions: number }
  | { phase: 'stopping' }

/** In the order a donor goes through them. */
export const startSteps = ['choosing', 'testing', 'loading', 'measuring'] as const
export type StartStep = (typeof startSteps)[number]

export interface LoadedBytes {
  done: number
  total: number
}

export interface AnswerTrace {
  chain: ChainHop[]
  /** Times replaced chains; whom each lost. */
  lost: string[]
  /** One of those chains was of another numerics class. */
  numericsChanged: boolean
  /** Set once the answer is finished. */
  hops: HopTime[] | undefined
  ttftMs: number | undefined
  tpotMs: number | undefined
  /** Ids of the answer's tokens so far. */
  tokens: readonly number[]
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

export interface ChatSettings {
  temperature: number
  seed: number
  maxTokens: number
}

export interface PageState {
  connection: Connection
  self: string | undefined
  /** Peers connected now, and how many of them over the relay. */
  links: { total: number; relayed: number }
  models: readonly ModelChoice[]
  model: ModelChoice | undefined
  /** What to know before trusting the model's answers. */
  warnings: readonly string[]
  /** Live announcements; undefined until the directory has answered once. */
  directory: readonly DirectoryEntry[] | undefined
  gpu: Gpu
  memory: MemoryChoice | undefined
  donation: Donation
  turns: readonly Turn[]
  settings: ChatSettings
  /** For people who copy it into a terminal. */
  headlessCommand: string
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

export const initialState: PageState = {
  connection: { phase: 'connecting' },
  self: undefined,
  links: { total: 0, relayed: 0 },
  models: [],
  model: undefined,
  warnings: [],
  directory: undefined,
  gpu: { phase: 'looking' },
  memory: undefined,
  donation: { phase: 'off', notice: undefined },
  turns: [],
  settings: { temperature: 0.7, seed: 1, maxTokens: 64 },
  headlessCommand: ''
}

/** Changes the last turn, which is the answer being written. */
export function withAnswer(state: PageState, change: (answer: Turn & { role: 'assistant' }) => Turn): PageState {
  const last = state.turns.at(-1)
  return last?.role === 'assistant' ? { ...state, turns: [...state.turns.slice(0, -1), change(last)] } : state
}
