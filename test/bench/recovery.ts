/**
 * How long the reader of an answer waits when a hop is lost, beside the same answer undisturbed: a chain of three on real
 * processes behind a gateway, whose middle hop is killed, frozen or told to leave while it decodes.
 */
import { assertGolden, streamAnswer } from '../deaths/answer-stream.ts'
import { longestSilence, PARTS } from '../deaths/cells.ts'
import { goldenText } from '../deaths/golden-texts.ts'
import { Killer } from '../deaths/killer.ts'
import { type Holder, Pool } from '../deaths/pool.ts'
import type { Bench, BenchContext } from './bench.ts'
import { measureAlternately } from './measure.ts'
import { type Row, ratioRow, valueRow } from './rows.ts'

const bench = 'recovery'
const ROUNDS = 5
/** The middle has one that takes over. */
const HOLDERS = [1, 2, 1]
const MIDDLE = 1
/** Tokens decoded before the loss. */
const BEFORE = 8
/** Of which the hop that takes over is fed all that came before: the prompt and these. */
const ANSWER = goldenText('psalm-23', 0, 64)
/** The same text up to the loss as a prompt: its prefill is the one that recovery can't do without. */
const UNDISTURBED = goldenText('psalm-23', BEFORE, 56)
const ANSWER_MS = 90_000

interface Undisturbed {
  tokenMs: number
  /** Of the middle hop: from the start of its prefill to that of the hop after it. */
  prefillMs: number
}

interface Disturbed {
  /** From the blow to the driver's word that the chain is lost; undefined when it never was. */
  detectionMs: number | undefined
  /** Longest silence of the stream after the blow. */
  pauseMs: number
}

/** What each death may cost beyond a prefill of the lost span, ms (goals of the issue; a leave is no worse than a close). */
const KINDS = {
  killed: { strike: (pool: Pool, holder: Holder) => pool.kill(holder), allowedMs: 1_000 },
  frozen: { strike: (pool: Pool, holder: Holder) => pool.freeze(holder), allowedMs: 3_000 },
  leaving: { strike: (pool: Pool, holder: Holder) => void pool.leave(holder), allowedMs: 1_000 }
}
type Kind = keyof typeof KINDS

export const recovery: Bench = { name: bench, run }

async function run(context: BenchContext): Promise<Row[]> {
  const pool = await Pool.start(PARTS, HOLDERS)
  try {
    const disturb = (kind: Kind) => async (): Promise<Disturbed> => {
      const measured = await disturbed(pool, kind, context.signal)
      context.log(`${kind}: detection ${measured.detectionMs?.toFixed(0)} ms, pause ${measured.pauseMs.toFixed(0)} ms`)
      return measured
    }
    const undisturb = async (): Promise<Undisturbed> => await undisturbed(pool, context.signal)
    // The first answer of a gateway dials everybody.
    await undisturb()
    const samples = await measureAlternately<'undisturbed' | Kind, Undisturbed | Disturbed>(
      { undisturbed: undisturb, killed: disturb('killed'), frozen: disturb('frozen'), leaving: disturb('leaving') },
      { rounds: context.quick ? 1 : ROUNDS, warmUps: 0, deadline: context.deadline, signal: context.signal }
    )
    return rows(samples.undisturbed as Undisturbed[], kind => samples[kind] as Disturbed[])
  } finally {
    await pool.end()
  }
}

function rows(plain: readonly Undisturbed[], disturbedOf: (kind: Kind) => Disturbed[]): Row[] {
  const tokens = plain.map(({ tokenMs }) => tokenMs)
  const prefills = plain.map(({ prefillMs }) => prefillMs)
  const measured: Row[] = [
    valueRow({ bench, name: 'token time, undisturbed', unit: 'ms' }, tokens),
    valueRow({ bench, name: `prefill of the lost span, ${UNDISTURBED.promptTokens} tokens`, unit: 'ms' }, prefills)
  ]
  for (const kind of Object.keys(KINDS) as Kind[]) {
    const samples = disturbedOf(kind)
    const detections = samples.flatMap(({ detectionMs }) => (detectionMs === undefined ? [] : [detectionMs]))
    const name = `detection, ${kind}`
    if (detections.length === 0) measured.push({ bench, name, notRun: 'the answer ended on the chain it had' })
    else measured.push(valueRow({ bench, name, unit: 'ms' }, detections))
    const { allowedMs } = KINDS[kind]
    measured.push(
      ratioRow(
        { bench, name: `pause, ${kind}`, unit: 'ms', against: `${allowedMs / 1000} s + prefill`, goal: { max: 1 } },
        samples.map(({ pauseMs }) => pauseMs),
        prefills.map(prefillMs => allowedMs + prefillMs)
      )
    )
  }
  return measured
}

async function undisturbed(pool: Pool, signal: AbortSignal): Promise<Undisturbed> {
  const startedAt: number[] = []
  pool.onEvent = ({ holder, what, position, at }) => {
    if (what === 'step started' && position === 0) startedAt[holder.part] = at
  }
  try {
    const stream = streamAnswer(pool.url, UNDISTURBED, limited(signal))
    await stream.ended
    assertGolden(stream, UNDISTURBED)
    const { tokens } = stream
    return {
      tokenMs: (tokens.at(-1)!.at - tokens[0]!.at) / (tokens.length - 1),
      prefillMs: startedAt[MIDDLE + 1]! - startedAt[MIDDLE]!
    }
  } finally {
    pool.onEvent = () => {}
  }
}

/** Leaves the swarm whole. */
async function disturbed(pool: Pool, kind: Kind, signal: AbortSignal): Promise<Disturbed> {
  let struckAt = 0
  const killer = new Killer({
    hops: [MIDDLE],
    position: ANSWER.promptTokens + BEFORE,
    again: false,
    strike: holder => {
      struckAt = Date.now()
      KINDS[kind].strike(pool, holder)
    }
  })
  const lossesBefore = pool.losses.length
  const stream = streamAnswer(pool.url, ANSWER, limited(signal))
  pool.onEvent = event => killer.hear(event, stream.tokens.length)
  try {
    await stream.ended
  } finally {
    pool.onEvent = () => {}
  }
  assertGolden(stream, ANSWER)
  const loss = pool.losses[lossesBefore]
  // One that is resumed would be avoided by this gateway for a while; a new one is as good as the last was.
  for (const holder of pool.holders) if (holder.state === 'frozen') pool.kill(holder)
  await pool.restore()
  return {
    detectionMs: loss === undefined ? undefined : loss.at - struckAt,
    pauseMs: longestSilence(stream.tokens, killer.diedAt)
  }
}

const limited = (signal: AbortSignal) => AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)])
