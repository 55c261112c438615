/**
 * The ways a chain of three can lose hops under an answer, and one of them carried out: at the moment that the peer itself
 * tells of, on real processes, with the answer read off the gateway's HTTP stream.
 */
import assert from 'node:assert/strict'
import { type AnswerEnd, assertGolden, type StreamedToken, streamAnswer } from './answer-stream.ts'
import { goldenText } from './golden-texts.ts'
import { Killer } from './killer.ts'
import type { Loss, Pool } from './pool.ts'

export const PARTS = ['0-2', '3-5', '6-7']
const HOP_NAMES = ['first', 'middle', 'last']

export type DeathSignal = 'SIGKILL' | 'SIGSTOP'
/** During the first chunk of the prompt, or while the hop runs the step that decodes so many tokens after the prompt's last. */
export type Moment = 'prefill' | 0 | 1 | 20

export interface Cell {
  signal: DeathSignal
  /** Hops that die together. */
  hops: readonly number[]
  moment: Moment
  /** The replacement dies too, while it is fed. */
  again: boolean
}

const SIGNALS: readonly DeathSignal[] = ['SIGKILL', 'SIGSTOP']
const MOMENTS: readonly Moment[] = ['prefill', 0, 1, 20]
const TOGETHER = [
  [0, 1],
  [1, 2]
]

/** A chunk has 128 tokens: this prompt takes two. */
const LONG = goldenText('psalm-23', 36, 20)
const SHORT = goldenText('psalm-23', 0, 32)

/** Longest an answer may take: freezes twice, each found by a ping or a deadline of seconds, on a busy machine. */
const ANSWER_MS = 90_000

/** Killed ones first: frozen peers cost the gateway its memory of whom to avoid. */
export function allCells(): Cell[] {
  const alone = [0, 1, 2].flatMap(hop => [false, true].map(again => ({ hops: [hop], again })))
  const ways = [...alone, ...TOGETHER.map(hops => ({ hops, again: false }))]
  return SIGNALS.flatMap(signal => ways.flatMap(way => MOMENTS.map(moment => ({ signal, moment, ...way }))))
}

export function cellName({ signal, hops, moment, again }: Cell): string {
  const who = hops.map(hop => HOP_NAMES[hop]).join(' and ')
  return `${signal} ${who}, ${moment === 'prefill' ? 'prefill' : `step ${moment}`}${again ? ', then its replacement' : ''}`
}

export interface CellResult {
  /** Tokens that were out when the first died. */
  tokensBefore: number
  /** Longest silence of the stream after the first death. */
  silenceMs: number
  recoveries: AnswerEnd['recoveries']
  losses: readonly Loss[]
}

/** Leaves the swarm to be restored. @throws AssertionError when the answer is not whole, golden and marked as recovered */
export async function runCell(pool: Pool, cell: Cell): Promise<CellResult> {
  const golden = cell.moment === 'prefill' ? LONG : SHORT
  const killer = new Killer({
    hops: cell.hops,
    position: cell.moment === 'prefill' ? 0 : golden.promptTokens + cell.moment,
    again: cell.again,
    strike: holder => (cell.signal === 'SIGKILL' ? pool.kill(holder) : pool.freeze(holder))
  })
  const lossesBefore = pool.losses.length
  const stream = streamAnswer(pool.url, golden, AbortSignal.timeout(ANSWER_MS))
  pool.onEvent = event => killer.hear(event, stream.tokens.length)
  let end: AnswerEnd
  try {
    end = await stream.ended
  } catch (error) {
    const losses = pool.losses.slice(lossesBefore)
    throw new Error(
      `${cellName(cell)}: ${(error as Error).message}\n${JSON.stringify({ killed: killer.deaths.map(({ peer }) => peer), losses }, null, 1)}`,
      {
        cause: error
      }
    )
  } finally {
    pool.onEvent = () => {}
  }
  assertGolden(stream, golden)
  assert.equal(end.finish, 'length')
  assert.equal(killer.deaths.length, cell.hops.length + (cell.again ? 1 : 0), 'deaths in time')
  if (cell.moment === 'prefill') assert.equal(killer.tokensBefore, 0)
  else assert.ok(killer.tokensBefore <= cell.moment + 1, `${killer.tokensBefore} tokens before step ${cell.moment} had run`)
  assert.ok(end.recoveries.length >= 1, 'marked as recovered')
  const dead = new Set(killer.deaths.map(({ peer }) => peer))
  for (const peer of end.chain) assert.ok(!dead.has(peer), `${peer} is dead and in the last chain`)
  for (const { lost } of end.recoveries) assert.ok(lost === '' || dead.has(lost), `${lost} is blamed and alive`)
  return {
    tokensBefore: killer.tokensBefore,
    silenceMs: longestSilence(stream.tokens, killer.diedAt),
    recoveries: end.recoveries,
    losses: pool.losses.slice(lossesBefore)
  }
}

/** Longest time without a token after `since`, ms. */
export function longestSilence(tokens: readonly StreamedToken[], since: number): number {
  let [before, longest] = [since, 0]
  for (const { at } of tokens) {
    if (at <= since) continue
    longest = Math.max(longest, at - before)
    before = at
  }
  return longest
}
