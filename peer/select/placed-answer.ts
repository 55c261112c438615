/** One request's way over the arms: chosen, run, measured, and where an arm fails replaced, until it is answered or nothing is left. */
import { BusyError, ContextLengthError, DeadlineError, InvalidRequestError, type ShoalError, toShoalError } from '../errors.ts'
import type { CompletionEvent, CompletionRequest, PlacedEvent } from '../session/types.ts'
import { raceSignal, sleep } from '../wire/clock.ts'
import { type Ask, estimate } from './arms.ts'
import type { LegRecord, OpenLeg } from './book.ts'
import { jittered } from './breaker.ts'
import { armOf, type Candidate, candidatesOf, edgeNow, untilAsked, whyNone } from './candidates.ts'
import { cellOf } from './classes.ts'
import type { ByteMeter, Usage } from './cloud.ts'
import type { EdgeArm } from './edge-arms.ts'
import { bytesOf, joulesOf, moneyOf, sharesOf } from './leg-accounts.ts'
import { LegLimit } from './leg-limit.ts'
import { cloudLeg, edgeLeg, type LegEvents } from './legs.ts'
import type { Outcome } from './reward.ts'
import type { SelectingContext } from './selecting-context.ts'
import type { Choice } from './selector.ts'

type Events = AsyncGenerator<CompletionEvent | PlacedEvent, void, undefined>
type Finished = Extract<CompletionEvent, { type: 'finished' }>

interface Placed extends Candidate {
  leg: OpenLeg
  reason: string
  /** Milliseconds until the first token must be there. */
  firstTokenMs: number
}

/** Arms tried for one request, the same one again included: after so many it is not the arms. */
const MAX_LEGS = 4
/** Between two tries of the same arm, jittered; doubled each time up to the second. */
const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 2_000
/** A cloud is given up after so many deadlines for the first token where no other arm can take over, */
const GIVE_UP_DEADLINES = 5
/** but not before this: a cold endpoint loads its model. */
const LEAST_GIVE_UP_MS = 10_000
/** A stream that stands still for so many tokens' time has stalled, if it is at least so long: tokens come in bursts. */
const STALL_TOKENS = 20
const LEAST_STALL_MS = 3_000
/** What usage may take after the text is whole; the reader waits for it. */
const USAGE_MS = 1_000

export class PlacedAnswer {
  readonly #context: SelectingContext
  readonly #request: CompletionRequest
  readonly #ask: Ask
  readonly #signal: AbortSignal
  readonly #startedAt: number
  /** In words, with the arm: the first is what the request fails with where nothing else serves it. */
  readonly #failures: { arm: string; error: ShoalError }[] = []
  readonly #legs: LegRecord[] = []
  #first: Choice | undefined
  #edgeError: ShoalError | undefined
  /** What the reader has. */
  #told = ''
  #firstTokenAt: number | undefined
  #finished = false

  constructor(context: SelectingContext, request: CompletionRequest, ask: Ask, signal: AbortSignal) {
    this.#context = context
    this.#request = request
    this.#ask = ask
    this.#signal = signal
    this.#startedAt = ask.now
  }

  async *events(): Events {
    try {
      for (;;) {
        const placed = await this.#place()
        try {
          yield this.#placedEvent(placed)
          yield* this.#run(placed)
          if (this.#finished) return
        } catch (thrown) {
          this.#signal.throwIfAborted()
          const error = toShoalError(thrown)
          this.#failures.push({ arm: placed.arm.id, error })
          // A refusal may quote the request, whose text is for no log.
          const why = error instanceof InvalidRequestError ? 'the request was refused' : error.message
          this.#context.logger.info({ arm: placed.arm.id, code: error.code, told: this.#told !== '' }, why)
          if (this.#failures.length >= MAX_LEGS || isOwnFault(error, placed)) throw error
        }
      }
    } finally {
      this.#note()
    }
  }

  /** What is asked of an arm now: the rest of the answer. @throws ContextLengthError when nothing is left */
  #rest(): { request: CompletionRequest; ask: Ask } {
    const { edge, clock } = this.#context
    const now = clock.now()
    if (this.#told === '') return { request: this.#request, ask: { ...this.#ask, now } }
    const maxTokens = Math.max(1, this.#ask.maxTokens - edge.countTokens(this.#told))
    const request = { ...this.#request, maxTokens, answered: this.#told }
    const { promptTokens } = edge.measure(request)
    const more = new TextEncoder().encode(this.#told).byteLength
    const most = (this.#ask.mostPromptTokens ?? this.#ask.promptTokens) + more
    const promptBytes = this.#ask.promptBytes + more
    return { request, ask: { ...this.#ask, promptTokens, mostPromptTokens: most, promptBytes, maxTokens, now } }
  }

  /** Chooses an arm and sets its money aside, waiting for a paused one where that fits. @throws why nothing may serve */
  async #place(): Promise<Placed> {
    const { book, clock, chance } = this.#context
    const failed = new Set(this.#failures.map(({ arm }) => arm))
    for (let tries = 0; ; tries++) {
      const { request, ask } = this.#rest()
      const edges = await this.#edgeArms(request, ask)
      // From here to the reservation in one turn: what is free now is free then.
      const now = clock.now()
      const asked = { ...ask, now }
      const candidates = candidatesOf(this.#context, edges, request, asked)
      const others = candidates.filter(({ arm }) => !failed.has(arm.id))
      let choice = book.choose(asked, others.map(armOf))
      if (tries === 0) this.#first ??= choice
      let reason: string = choice.reason
      let chosen = others.find(({ arm }) => arm.id === choice.arm)
      // A queue for KV is the driver's to wait in, where there is nobody else to ask.
      if (chosen === undefined) {
        chosen = others.find(({ arm }) => arm.place === 'edge' && choice.refused.some(isFull(arm.id)))
        if (chosen !== undefined) reason = 'full'
      }
      const again = chosen === undefined && failed.size > 0
      if (again) {
        choice = book.choose(asked, candidates.map(armOf))
        chosen = candidates.find(({ arm }) => arm.id === choice.arm)
        reason = 'again'
      }
      const leg = chosen === undefined || (again && tries === 0) ? undefined : book.begin(asked, chosen.arm)
      if (leg !== undefined) {
        return { ...chosen!, leg, reason, firstTokenMs: this.#patience(chosen!, others, asked) }
      }
      // The same arm once more is asked after a while; a paused one when it lets itself be asked.
      const wait = chosen === undefined ? untilAsked(choice, candidates, now) : jittered(this.#backoff(), chance())
      if (wait === undefined || now + wait >= this.#startedAt + this.#deadlineMs()) {
        throw this.#failures.at(-1)?.error ?? whyNone(choice, asked, this.#edgeError, wait)
      }
      await sleep(clock, wait, this.#signal)
    }
  }

  #backoff(): number {
    return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.max(0, this.#failures.length - 1))
  }

  #deadlineMs(): number {
    const { class: wanted, maxTokens, stream } = this.#ask
    return stream ? wanted.firstTokenMs : wanted.firstTokenMs + (maxTokens - 1) * wanted.perTokenMs
  }

  async #edgeArms(request: CompletionRequest, ask: Ask): Promise<EdgeArm[]> {
    // Places of log-probabilities in the text would begin anew.
    if (this.#told !== '' && request.logprobs !== undefined) return []
    const { arms, error } = await edgeNow(this.#context, ask, this.#signal)
    this.#edgeError = error
    return arms
  }

  /** Until when another arm could still answer inside the deadline, and at least half of the time that is left. */
  #patience(chosen: Candidate, others: readonly Candidate[], ask: Ask): number {
    const deadlineMs = this.#deadlineMs()
    const left = this.#startedAt + deadlineMs - ask.now
    const rest = others.filter(other => other !== chosen).map(armOf)
    const choice = this.#context.book.choose(ask, rest)
    const other = choice.reason === 'late' ? undefined : rest.find(({ id }) => id === choice.arm)
    if (other !== undefined && left > 0) {
      const { firstTokenMs, perTokenMs } = estimate(other, ask)
      const needed = firstTokenMs + (ask.stream ? 0 : (ask.maxTokens - 1) * perTokenMs)
      return Math.max(left / 2, left - needed)
    }
    // A chain has limits of its own, and recovers.
    return chosen.edge === undefined ? Math.max(GIVE_UP_DEADLINES * deadlineMs, LEAST_GIVE_UP_MS) : Number.POSITIVE_INFINITY
  }

  async *#run(placed: Placed): Events {
    const { book, clock, edge, keep, settings } = this.#context
    const { stream, class: wanted } = this.#ask
    const { request, ask } = this.#rest()
    const { arm, leg } = placed
    const limit = new LegLimit(clock, this.#signal)
    const meter: ByteMeter = { bytes: 0 }
    const startedAt = clock.now()
    const held: CompletionEvent[] = []
    let firstTokenAt: number | undefined
    if (this.#told === '') this.#firstTokenAt = undefined
    let text = ''
    let ended: { reason: 'stop' | 'length'; finished?: Finished } | undefined
    let usage: Usage | undefined
    let error: ShoalError | undefined
    let source: LegEvents | undefined
    try {
      limit.set(placed.firstTokenMs, `${arm.id} gave no token`)
      if (leg.reserved > 0) await raceSignal(keep(), limit.signal)
      source = this.#open(placed, request, ask, meter, limit.signal)
      for (;;) {
        const next = await raceSignal(source.next(), limit.signal)
        if (next.done) break
        if (next.value.type === 'usage') usage = next.value.usage
        if (next.value.type === 'ended') {
          ended = next.value
          if (usage === undefined) limit.set(USAGE_MS, `${arm.id} told no usage`)
        }
        if (next.value.type !== 'pass') continue
        const { event } = next.value
        if (event.type === 'text') {
          if (event.text !== '' || event.tokens.length > 0) {
            firstTokenAt ??= clock.now()
            this.#firstTokenAt ??= firstTokenAt
            const stallMs = Math.max(LEAST_STALL_MS, STALL_TOKENS * wanted.perTokenMs)
            limit.set(placed.cloud === undefined ? Number.POSITIVE_INFINITY : stallMs, `${arm.id} stalled: no token`)
          }
          text += event.text
        }
        if (!stream) held.push(event)
        else {
          if (event.type === 'text') this.#told += event.text
          yield event
        }
      }
      if (ended === undefined) throw new DeadlineError(`${arm.id} ended without saying how`)
    } catch (thrown) {
      // Only usage can be missing of a text that is whole.
      if (ended === undefined || this.#signal.aborted) {
        error = toShoalError(thrown)
        throw thrown
      }
    } finally {
      const endedAt = clock.now()
      limit.end()
      const closed = source?.return().catch(() => {})
      // A reader that left waits for the KV to be free again, as without a choice of arms; a fallback does not.
      if (error === undefined || this.#signal.aborted) await closed
      const left = this.#signal.aborted || (error === undefined && ended === undefined)
      const failed = firstTokenAt === undefined && error !== undefined && isRefusal(error) ? 'refused' : 'failed'
      const result = left ? 'left' : error === undefined ? 'answered' : failed
      const tokens = usage ?? { promptTokens: ask.promptTokens, completionTokens: edge.countTokens(text) }
      const money = moneyOf(placed, usage, result)
      const elapsedMs = endedAt - startedAt
      const bytes = bytesOf(placed, tokens, meter.bytes)
      const energy = joulesOf(placed, tokens, bytes, elapsedMs, ended?.finished?.compute, settings.energyWeights)
      const times = { startedAt, endedAt, ...(firstTokenAt === undefined ? {} : { firstTokenAt }) }
      const outcome: Outcome = {
        result,
        stream,
        ...(stream ? times : { startedAt, endedAt }),
        ...tokens,
        energy,
        money: money ?? leg.reserved,
        ...sharesOf(placed, ask, book.inFlight(arm.id), bytes, elapsedMs)
      }
      const ownFault = error !== undefined && isOwnFault(error, placed)
      book.end(leg, { outcome: ownFault ? { ...outcome, result: 'left' } : outcome, money, error }, endedAt)
      this.#legs.push({
        arm: arm.id,
        reason: placed.reason,
        result,
        firstTokenMs: firstTokenAt === undefined ? undefined : firstTokenAt - startedAt,
        ms: endedAt - startedAt,
        ...tokens,
        joules: energy,
        money: outcome.money,
        moneyMeasured: money !== undefined,
        error: error?.message
      })
    }
    yield* held
    this.#finished = true
    yield this.#finishedEvent(ended!, usage, text)
  }

  #open({ edge: arm, cloud }: Placed, request: CompletionRequest, ask: Ask, meter: ByteMeter, signal: AbortSignal): LegEvents {
    const { edge, clock } = this.#context
    if (cloud === undefined) return edgeLeg(edge, arm!, request, signal)
    const { maxTokens, promptTokens, stream } = ask
    return cloudLeg(cloud, request, { maxTokens, promptTokens, stream, digest: edge.model.digest }, meter, clock.now, signal)
  }

  #finishedEvent(
    { reason, finished }: { reason: 'stop' | 'length'; finished?: Finished },
    usage: Usage | undefined,
    text: string
  ) {
    const { edge, clock } = this.#context
    const now = clock.now()
    const continued = this.#legs.some(({ result }) => result !== 'answered') && this.#ask.stream && this.#told !== text
    const completionTokens = continued ? edge.countTokens(this.#told) : (usage?.completionTokens ?? edge.countTokens(text))
    const firstAt = this.#firstTokenAt ?? now
    const event: Finished = {
      type: 'finished',
      reason,
      promptTokens: continued ? this.#ask.promptTokens : (usage?.promptTokens ?? this.#ask.promptTokens),
      completionTokens,
      ttftMs: firstAt - this.#startedAt,
      tpotMs: finished?.tpotMs ?? (completionTokens > 1 ? (now - firstAt) / (completionTokens - 1) : 0),
      hops: finished?.hops ?? [],
      ...(finished?.compute === undefined ? {} : { compute: finished.compute }),
      ...(finished?.drafts === undefined ? {} : { drafts: finished.drafts })
    }
    return event
  }

  #placedEvent({ arm, reason }: Placed): PlacedEvent {
    const last = this.#failures.at(-1)
    return {
      type: 'placed',
      placement: {
        class: this.#ask.class.name,
        arm: arm.id,
        reason,
        ...(last === undefined ? {} : { after: { arm: last.arm, error: last.error.code.toLowerCase() } })
      }
    }
  }

  #note(): void {
    const { book, edge } = this.#context
    const { class: wanted, promptTokens, stream, policy } = this.#ask
    book.note({
      at: this.#startedAt,
      model: edge.model.name,
      cell: cellOf(wanted, promptTokens, stream),
      policy,
      scores: this.#first?.scores ?? [],
      refused: this.#first?.refused ?? [],
      legs: this.#legs
    })
  }
}

const isFull =
  (id: string) =>
  ({ arm, why }: Choice['refused'][number]) =>
    arm === id && why === 'KV room'

function isRefusal(error: ShoalError): boolean {
  return error instanceof BusyError || error instanceof InvalidRequestError
}

/** What is wrong with the request itself stays wrong; of a cloud's word for it another arm may think otherwise. */
function isOwnFault(error: ShoalError, { cloud }: Candidate): boolean {
  return cloud === undefined && (error instanceof InvalidRequestError || error instanceof ContextLengthError)
}
