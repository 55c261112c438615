/**
 * Runs one request through a CompletionService and gives it OpenAI's form: one object, or the lines of an event stream.
 */
import { InternalError } from '../errors.ts'
import type { CompletionEvent, CompletionRequest, Placement, PlacingService, ShownLogprob } from '../session/types.ts'
import { type AnswerHeader, type AnswerTrace, finalChunk, textChunk, usageChunk, wholeAnswer } from './answer-objects.ts'

type Events = AsyncGenerator<CompletionEvent, void, undefined>
type Finished = Extract<CompletionEvent, { type: 'finished' }>

type AllEvents = ReturnType<PlacingService['complete']>

/** The events of a request with the first one already there, so that a refusal shows before anything is sent. */
export interface OpenedAnswer {
  first: Promise<IteratorResult<CompletionEvent, void>>
  rest: Events
  /** Where the request was sent so far, the latest last; nowhere where there is no choice. */
  placements: readonly Placement[]
  /** Told of each pause in which a lost chain was replaced. */
  recovered: (pauseMs: number) => void
}

export function openAnswer(
  service: PlacingService,
  request: CompletionRequest,
  signal: AbortSignal,
  recovered: (pauseMs: number) => void
): OpenedAnswer {
  const placements: Placement[] = []
  const rest = placed(service.complete(request, signal), placements)
  const first = rest.next()
  // Whoever reads it hears of a failure; one that comes while a status is waited for must not end the process.
  first.catch(() => {})
  return { first, rest, placements, recovered }
}

/** The events without those that say where the request went: these are kept. */
async function* placed(events: AllEvents, placements: Placement[]): Events {
  for await (const event of events) {
    if (event.type === 'placed') placements.push(event.placement)
    else yield event
  }
}

async function* eventsOf({ first, rest, recovered }: OpenedAnswer): Events {
  try {
    for (let next = await first; !next.done; next = await rest.next()) {
      if (next.value.type === 'recovered') recovered(next.value.pauseMs)
      yield next.value
    }
  } finally {
    await rest.return()
  }
}

export async function collectAnswer(header: AnswerHeader, opened: OpenedAnswer) {
  const trace: AnswerTrace = { chain: [], recoveries: [], placements: opened.placements }
  let text = ''
  let logprobs: ShownLogprob[] | undefined
  let finished: Finished | undefined
  for await (const event of eventsOf(opened)) {
    follow(trace, event)
    if (event.type === 'text') {
      text += event.text
      if (event.logprobs !== undefined) {
        logprobs ??= []
        logprobs.push(...event.logprobs)
      }
    }
    if (event.type === 'finished') finished = event
  }
  if (finished === undefined) throw new InternalError('the answer ended without saying how')
  return wholeAnswer(header, text, logprobs, finished, trace)
}

/** Chunks as they come; an error travels as thrown, to be told in the stream. */
export async function* chunkAnswer(
  header: AnswerHeader,
  opened: OpenedAnswer,
  includeUsage: boolean
): AsyncGenerator<object, void, undefined> {
  const trace: AnswerTrace = { chain: [], recoveries: [], placements: opened.placements }
  // With include_usage every chunk carries the field, null but in the last.
  const dressed = (chunk: object) => (includeUsage ? { usage: null, ...chunk } : chunk)
  let finished: Finished | undefined
  let begun = false
  for await (const event of eventsOf(opened)) {
    follow(trace, event)
    // An answer that goes on elsewhere starts there as well.
    if (event.type === 'started' && header.api === 'chat' && !begun) yield dressed(textChunk(header, '', true))
    begun ||= event.type === 'started'
    if (event.type === 'text' && (event.text !== '' || event.logprobs?.length))
      yield dressed(textChunk(header, event.text, false, event.logprobs))
    if (event.type === 'finished') finished = event
  }
  if (finished === undefined) throw new InternalError('the answer ended without saying how')
  yield dressed(finalChunk(header, finished, trace))
  if (includeUsage) yield usageChunk(header, finished)
}

function follow(trace: AnswerTrace, event: CompletionEvent): void {
  if (event.type === 'started') trace.chain = event.chain
  if (event.type === 'recovered') {
    trace.chain = event.chain
    trace.recoveries.push(event)
  }
}
