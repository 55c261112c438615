/**
 * A CompletionService that answers from the edge or from a cloud, whichever the selector takes for each request. An arm that
 * fails before the reader has anything of the answer is replaced while its class's deadline allows. After that the answer
 * goes on elsewhere only where nothing of it would be repeated or missing: at the edge, which is fed what the reader has,
 * and for plain text at a cloud that completes text. Everywhere else it ends with the error.
 */
import { InvalidRequestError } from '../errors.ts'
import type { CompletionEvent, CompletionRequest, PlacedEvent, PlacingService } from '../session/types.ts'
import { systemClock } from '../wire/clock.ts'
import { silent } from '../wire/log.ts'
import type { Ask } from './arms.ts'
import { classify } from './classes.ts'
import type { Cloud } from './cloud.ts'
import { mostPromptTokens } from './cloud-request.ts'
import { PlacedAnswer } from './placed-answer.ts'
import type { SelectingContext, SelectingOptions } from './selecting-context.ts'

/** A chunk of an event stream around a word, and a row of logits: about the same. */
const TOKEN_BYTES = 300

export function openSelectingService(options: SelectingOptions): PlacingService {
  const { edge } = options
  const { name, digest } = edge.model
  const serves = ({ options: { serves } }: Cloud) => serves === undefined || serves.includes(name) || serves.includes(digest)
  const context: SelectingContext = {
    clock: systemClock,
    chance: Math.random,
    logger: silent,
    ...options,
    clouds: options.clouds.filter(serves)
  }
  return { model: edge.model, complete: (request, signal) => complete(context, request, signal) }
}

async function* complete(
  context: SelectingContext,
  request: CompletionRequest,
  signal: AbortSignal = new AbortController().signal
): AsyncGenerator<CompletionEvent | PlacedEvent, void, undefined> {
  const { edge, settings, clock } = context
  const { wish } = request
  const stream = wish?.stream ?? true
  const { promptTokens, maxTokens } = edge.measure(request)
  if (request.answered !== undefined) throw new InvalidRequestError('an answer is begun anew here', { param: 'answered' })
  const { class: wanted, edgeOnly } = classify(
    { name: wish?.class, model: edge.model.name, user: wish?.user, stream, promptTokens },
    settings.classes,
    settings.rules,
    settings.defaultClass
  )
  const mostTokens = mostPromptTokens(request)
  const ask: Ask = {
    class: wanted,
    policy: edgeOnly || wish?.edgeOnly === true ? 'edge only' : 'any',
    promptTokens,
    mostPromptTokens: mostTokens,
    maxTokens,
    // A byte is the least a token has.
    promptBytes: mostTokens,
    tokenBytes: TOKEN_BYTES,
    stream,
    now: clock.now()
  }
  yield* new PlacedAnswer(context, request, ask, signal).events()
}
