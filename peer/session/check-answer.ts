/**
 * What a driver demands of an answer before it samples from it: the shape it asked for and numbers that can be logits.
 * Whatever is wrong is charged to the last hop, which made it.
 */
import { InvalidFrameError, NonFiniteError } from '../errors.ts'
import type { Route } from '../swarm/types.ts'
import type { Answer, Row, Step } from '../wire/frames.pb.js'

/** @throws InvalidFrameError */
export function checkAnswer(answer: Answer, step: Step, vocabulary: number, route: Route): void {
  const peer = route.hops.at(-1)!.peer
  const wrong = (what: string) => new InvalidFrameError(`answer ${answer.number}: ${what}`, { peer })
  const rows = step.head?.rows ?? 0
  if (answer.position !== step.position || answer.count !== step.count) throw wrong('another position')
  if (answer.rows.length !== rows) throw wrong(`${answer.rows.length} rows of ${rows} asked`)
  if (answer.timings.length !== route.hops.length) throw wrong(`${answer.timings.length} timings of ${route.hops.length} hops`)
  for (const row of answer.rows) {
    const { ids, logits, extraLogits } = row
    if (ids.length !== step.head!.topK || logits.length !== ids.length)
      throw wrong(`${ids.length} ids of ${step.head!.topK} asked`)
    if (extraLogits.length !== step.head!.extraIds.length) throw wrong(`${extraLogits.length} extra logits`)
    if (ids.some(id => id >= vocabulary)) throw wrong('an id beyond the vocabulary')
    if (![...logits, ...extraLogits, row.logSumExp, row.logSumExpAtTemperature].every(Number.isFinite)) throw wrong('not finite')
    for (let at = 1; at < ids.length; at++) {
      if (logits[at]! > logits[at - 1]! || (logits[at] === logits[at - 1] && ids[at]! <= ids[at - 1]!))
        throw wrong('rows out of order')
    }
  }
}

export function logitsOf({ logits }: Row): Float32Array {
  // Copied, since a frame's bytes lie at any offset.
  return new Float32Array(Uint8Array.from(logits).buffer)
}

/** @throws InvalidFrameError, NonFiniteError */
export function checkRow(row: Row, vocabulary: number, route: Route): void {
  const { peer } = route.hops.at(-1)!
  if (row.logits.length !== 4 * vocabulary)
    throw new InvalidFrameError(`row: ${row.logits.length} bytes for ${vocabulary} logits`, { peer })
  const logits = logitsOf(row)
  const bad = logits.findIndex(logit => !Number.isFinite(logit))
  if (bad >= 0) throw new NonFiniteError(`row: the logit of id ${bad} is ${logits[bad]}`, { peer })
}
