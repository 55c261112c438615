/**
 * The face of a session for whoever wants text: messages or text in, text as it may be shown out, over whatever chain of
 * peers serves the model now.
 */
import type { PrivateKey } from '@libp2p/interface'
import { InvalidRequestError } from '../errors.ts'
import type { NamedManifest } from '../model/manifest.ts'
import { ModelText } from '../model/model-text.ts'
import { StreamDecoder, type Tokenizer } from '../model/tokenizer.ts'
import { Reputation } from '../swarm/reputation.ts'
import type { Route } from '../swarm/types.ts'
import type { Links } from '../wire/channel.ts'
import { type Clock, systemClock } from '../wire/clock.ts'
import { silent, type WireLogger } from '../wire/log.ts'
import { answerRoom, checkRequest } from './check-request.ts'
import { directoryOf, type EntrySource } from './directory-query.ts'
import type { Drafter } from './drafter.ts'
import type { DriverContext } from './driver.ts'
import { DEFAULT_LIMITS, type DriverLimits } from './driver-limits.ts'
import { generate } from './generate.ts'
import { HopTimes } from './hop-times.ts'
import { ShownLogprobs, type TokenTexts } from './shown-logprobs.ts'
import { SpentCompute } from './spent-compute.ts'
import { StopScanner } from './stop-scanner.ts'
import type { ChainHop, CompletionEvent, CompletionRequest, MeasuringService } from './types.ts'

export interface CompletionServiceOptions {
  links: Links
  privateKey: PrivateKey
  directory: EntrySource
  manifest: NamedManifest
  /** Shared by services of one process, so that a peer that failed one model is known to the other. Default: its own. */
  reputation?: Reputation
  limits?: Partial<DriverLimits>
  /** Drafts where the text itself has nothing to draft from. Default: none. */
  drafter?: Drafter
  clock?: Clock
  logger?: WireLogger
}

/** @throws UnsupportedModelError when the manifest's tokenizer or template can't be used */
export function openCompletionService(options: CompletionServiceOptions): MeasuringService {
  const { links, privateKey, directory, manifest: named, logger = silent, clock = systemClock } = options
  const { manifest, digest } = named
  const { layers, width, vocabulary, contextLength } = manifest.hyperparameters
  const context: DriverContext = {
    links,
    privateKey,
    directory: directoryOf(directory, logger),
    model: { digest, layers, width, vocabulary, contextLength },
    reputation: options.reputation ?? new Reputation(),
    clock,
    logger,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    drafter: options.drafter
  }
  const text = new ModelText(manifest)
  const encode = ({ input, answered = '' }: CompletionRequest): number[] => {
    const asked = 'text' in input ? text.tokenizer.encode(input.text) : text.encodeChat(input.messages, { tools: input.tools })
    return answered === '' ? asked : [...asked, ...text.tokenizer.encodeMore(answered)]
  }
  const prepare = (request: CompletionRequest): PreparedRequest => {
    checkRequest(request, vocabulary)
    const prompt = encode(request)
    const param = 'text' in request.input ? 'prompt' : 'messages'
    if (prompt.length === 0) throw new InvalidRequestError('the prompt is empty', { param })
    return { prompt, maxTokens: answerRoom(prompt.length, request.maxTokens, contextLength, param) }
  }
  const { tokens } = manifest.tokenizer
  const texts: TokenTexts = {
    // A vocabulary may be padded with ids that no token has.
    bytesOf: id => (id < tokens.length ? text.tokenizer.bytesOf(id) : new Uint8Array(0)),
    nameOf: id => tokens[id] ?? ''
  }

  return {
    model: { name: manifest.name, digest, contextLength, warnings: text.warnings },
    measure: request => {
      const { prompt, maxTokens } = prepare(request)
      return { promptTokens: prompt.length, maxTokens }
    },
    countTokens: piece => text.tokenizer.encodeMore(piece).length,
    complete: (request, signal) => complete(context, text.tokenizer, texts, prepare, request, signal)
  }
}

interface PreparedRequest {
  prompt: number[]
  maxTokens: number
}

async function* complete(
  context: DriverContext,
  tokenizer: Tokenizer,
  texts: TokenTexts,
  prepare: (request: CompletionRequest) => PreparedRequest,
  request: CompletionRequest,
  signal: AbortSignal | undefined
): AsyncGenerator<CompletionEvent, void, undefined> {
  const { clock, model } = context
  const startedAt = clock.now()
  const { prompt, maxTokens } = prepare(request)
  const events = generate(
    context,
    {
      prompt,
      maxTokens,
      sampling: request.sampling,
      endIds: tokenizer.endOfGeneration,
      choice: 0,
      logprobs: request.logprobs,
      deadlineMs: request.deadlineMs,
      standby: request.standby ?? false,
      background: request.background,
      onlyPeers: request.onlyPeers,
      speculate: request.speculate
    },
    signal
  )
  const decoder = new StreamDecoder(tokenizer)
  const stops = new StopScanner(request.stop)
  const logprobs = request.logprobs === undefined ? undefined : new ShownLogprobs(texts)
  const shown = (text: string) => (logprobs === undefined ? {} : { logprobs: logprobs.show(text) })
  const times = new HopTimes()
  const spent = new SpentCompute()
  const drafts = { drafted: 0, accepted: 0 }
  let reason: 'stop' | 'length' = 'length'
  let completionTokens = 0
  let firstAt = startedAt
  let lastAt = startedAt
  let stopped = false
  for await (const event of events) {
    if (event.type === 'opened') {
      spent.follow(event.route)
      yield {
        type: 'started',
        model: model.digest,
        promptTokens: prompt.length,
        chain: chainOf(event.route),
        session: event.session
      }
    } else if (event.type === 'recovered') {
      const { lost, epoch, pauseMs, replayed, route, numericsChanged } = event.recovery
      times.restart()
      spent.follow(route)
      yield { type: 'recovered', lost, epoch, pauseMs, replayed, chain: chainOf(route), numericsChanged }
    } else if (event.type === 'ended') {
      reason = event.reason
    } else {
      lastAt = clock.now()
      spent.add(event.timings)
      drafts.drafted += event.drafted
      drafts.accepted += event.accepted
      if (completionTokens++ === 0) firstAt = lastAt
      else times.add(event.timings)
      const decoded = decoder.push(event.token)
      if (event.logprobs !== undefined) logprobs?.push(event.logprobs, decoded)
      const scanned = stops.push(decoded)
      stopped = scanned.stopped
      yield { type: 'text', text: scanned.text, tokens: [event.token], ...shown(scanned.text) }
      if (stopped) {
        reason = 'stop'
        break
      }
    }
  }
  if (!stopped) {
    const last = stops.push(decoder.flush())
    const text = last.stopped ? last.text : last.text + stops.flush()
    if (last.stopped) reason = 'stop'
    if (text !== '') yield { type: 'text', text, tokens: [], ...shown(text) }
  }
  yield {
    type: 'finished',
    reason,
    promptTokens: prompt.length,
    completionTokens,
    ttftMs: firstAt - startedAt,
    tpotMs: completionTokens > 1 ? (lastAt - firstAt) / (completionTokens - 1) : 0,
    hops: times.mean(),
    compute: spent.byPeer(),
    drafts
  }
}

function chainOf(route: Route): ChainHop[] {
  return route.hops.map(({ peer, span }) => ({ peer, span }))
}
