/**
 * What gateway, page and command line ask of a session and what they hear back.
 */
import type { ChatMessage as TemplateMessage, Tool } from '../model/chat-template.ts'
import type { Span } from '../model/types.ts'

export interface ChatMessage extends TemplateMessage {
  role: 'system' | 'user' | 'assistant' | 'tool'
}

export interface Sampling {
  /** 0 is greedy; otherwise the softmax temperature. */
  temperature: number
  /** Keep the k largest logits; 0 keeps all. */
  topK: number
  /** Keep the smallest set of ids whose probability reaches this; 1 keeps all. */
  topP: number
  /** Drop ids whose probability is below this share of the largest; 0 keeps all. */
  minP: number
  /** Keep the ids whose surprise is nearest to the expected one, together this probable (locally typical); 1 keeps all. */
  typicalP: number
  /** Logits of the last 64 tokens, prompt and answer, are divided by it if positive, else multiplied (llama.cpp); 1 changes nothing. */
  repetitionPenalty: number
  /** Taken from a logit for each time the answer has its id already (OpenAI); 0 changes nothing. */
  frequencyPenalty: number
  /** Taken from a logit once the answer has its id (OpenAI); 0 changes nothing. */
  presencePenalty: number
  /** Added to the logits of these ids, before anything else; each id once. */
  logitBias: readonly (readonly [id: number, bias: number])[]
  /** 32-bit; the draw at a position is a function of (seed, choice, position) alone. */
  seed: number
}

export interface CompletionRequest {
  input: { messages: ChatMessage[]; tools?: readonly Tool[] | undefined } | { text: string }
  /** Absent: as many as the context holds. */
  maxTokens?: number
  sampling: Sampling
  /** Texts at which the answer ends, themselves not part of it. */
  stop: string[]
  /** Tell each token's log-probability, and those of so many of the likeliest ids. Absent: none. */
  logprobs?: number
  /** Milliseconds the whole answer may take. */
  deadlineMs?: number
  /**
   * Have a second holder of each hop's span keep its KV as it fills, where there is one: a lost hop then costs no prefill.
   * Default false: it takes KV on as many peers again, and sends every position's KV once.
   */
  standby?: boolean
  /** Nobody reads along: where others wait, this answer waits longer. Default false. */
  background?: boolean
  /** Draft tokens and have the chain check several in a step, where that is faster; the text is the same. Default true. */
  speculate?: boolean
  /** Text of the answer that the reader has already: the answer goes on after it, and does not repeat it. */
  answered?: string
  /** The first chain runs through these peers only; one that replaces it through whatever peers there are. */
  onlyPeers?: ReadonlySet<string>
  /** What the caller says of where the answer may come from; for a service that chooses. */
  wish?: PlacementWish
}

export interface PlacementWish {
  /** Name of a request class. */
  class?: string
  /** The text must not leave the edge. */
  edgeOnly?: boolean
  /** Whom the caller says it asks for. */
  user?: string
  /** The text is read as it comes: what is already told can't be taken back. */
  stream: boolean
}

/** Where a request went and why, each time it was sent somewhere. */
export interface Placement {
  class: string
  arm: string
  reason: string
  /** What happened to the arm before this one. */
  after?: { arm: string; error: string }
}

/** Of the model's own distribution: temperature 1, nothing filtered, penalised or biased. */
export interface IdLogprob {
  id: number
  /** Natural. */
  logprob: number
}

export interface TokenLogprobs extends IdLogprob {
  /** Likeliest first. */
  top: IdLogprob[]
}

export interface TextLogprob {
  /** A control token's name; replacement characters where a token holds part of a character. */
  token: string
  /** What it adds to the text; undefined for a control token. */
  bytes: number[] | undefined
  logprob: number
}

export interface ShownLogprob extends TextLogprob {
  top: TextLogprob[]
  /** Where in the answer's text the token begins, in code points. */
  offset: number
}

/** Of tokens that were drafted and checked, how many stood. */
export interface DraftCounts {
  drafted: number
  accepted: number
}

export interface ChainHop {
  peer: string
  span: Span
}

/** One hop's part in one step, in milliseconds. */
export interface HopTime {
  queueMs: number
  computeMs: number
}

/** A hop was lost and the chain replaced; nothing emitted changes. */
export interface Recovered {
  /** Peer at fault, "" when it is not known. */
  lost: string
  /** Of the chain that took over. */
  epoch: number
  /** From the loss to the first answer of the new chain. */
  pauseMs: number
  /** Positions that hops had to compute before the answer went on; without a prefill it is one or two. */
  replayed: number
  chain: ChainHop[]
  /** Some layer is computed in another numerics class than before: what follows may differ at a near-tie. */
  numericsChanged: boolean
}

export type CompletionEvent =
  | {
      type: 'started'
      model: string
      promptTokens: number
      chain: ChainHop[]
      /** What the logs of the driver and of every hop call it; a cloud has none. */
      session?: string
    }
  /** Text as it may be shown: never half a character, never the beginning of a stop text. May be empty while held back. */
  | {
      type: 'text'
      text: string
      tokens: number[]
      /** Where the request asked for them: of the tokens that text shown so far has begun; none of a stop text. */
      logprobs?: ShownLogprob[]
    }
  | ({ type: 'recovered' } & Recovered)
  | {
      type: 'finished'
      reason: 'stop' | 'length'
      promptTokens: number
      completionTokens: number
      /** Request to first token, and the mean time per token after it. */
      ttftMs: number
      tpotMs: number
      /** Mean over decoded tokens, in chain order of the last chain. */
      hops: HopTime[]
      /** Milliseconds of all tokens' compute, by peer, over every chain. Of a prompt in chunks only the last is known. */
      compute?: { peer: string; ms: number }[]
      /** Of an answer that a chain gave. */
      drafts?: DraftCounts
    }

/** By a service that chooses between arms: before everything else, and again at each change. */
export interface PlacedEvent {
  type: 'placed'
  placement: Placement
}

/** Everything a face needs to answer requests for one model. */
export interface CompletionService {
  /** Name people use and the manifest digest it stands for; what to know before trusting its answers (`ModelText.warnings`). */
  readonly model: { name: string; digest: string; contextLength: number; warnings: readonly string[] }
  /**
   * Runs one request. Ends after `finished`; throws a ShoalError otherwise. Aborting the signal, or leaving the loop,
   * frees the session on every hop.
   */
  complete: (request: CompletionRequest, signal?: AbortSignal) => AsyncGenerator<CompletionEvent, void, undefined>
}

/** A service that may choose where an answer comes from, and says so. Any CompletionService is one that has no choice. */
export interface PlacingService extends Pick<CompletionService, 'model'> {
  complete: (request: CompletionRequest, signal?: AbortSignal) => AsyncGenerator<CompletionEvent | PlacedEvent, void, undefined>
}

/** A service that can tell what a request will take before it is run. */
export interface MeasuringService extends CompletionService {
  /** @throws what `complete` would throw of a request that is wrong in itself */
  measure: (request: CompletionRequest) => RequestMeasure
  countTokens: (text: string) => number
}

export interface RequestMeasure {
  promptTokens: number
  /** Most tokens of answer. */
  maxTokens: number
}
