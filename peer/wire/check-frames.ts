/**
 * What protobuf can't say of a frame: one body at most, ids of the right length, numbers from 1, bounded counts and
 * strings, finite floats. Checked as frames are decoded, before anybody sees them; what depends on the model (widths,
 * vocabulary, spans) its host checks. Errors name the field and its value.
 */
import { InvalidFrameError } from '../errors.ts'
import { INT8_BLOCK_BYTES } from './activation-codec.ts'
import { MAX_ADDRESS_CHARS, MAX_ADDRESSES } from './addresses.ts'
import {
  type Activation,
  type Answer,
  type AnswerFrame,
  type ChainFrame,
  type DirectoryFrame,
  Dtype,
  type Failure,
  type GossipFrame,
  type HeadRow,
  type HopTiming,
  type ModelEntry,
  type Open,
  type OpenPlan,
  type Row,
  type Step
} from './frames.pb.js'
import { isPart, Part } from './step-parts.ts'

export const SESSION_BYTES = 16
export const DIGEST_BYTES = 32

/** More hops than layers of any model in use would need. */
export const MAX_HOPS = 256

/** Tokens in one step; a prefill chunk is far smaller. */
export const MAX_STEP_TOKENS = 8_192

/** Equal to the engine's MAX_TOP_K: no hop answers more. */
export const MAX_TOP_K = 128

/** Ids biased, penalised or drafted in one step. */
export const MAX_EXTRA_IDS = 4_096

/** Rows of head results in one step: prompt positions are scored in chunks, a draft is shorter. */
export const MAX_HEAD_ROWS = 256

/** Bytes of logits in one row: a vocabulary of 512k, twice the largest in use, in f32. */
export const MAX_ROW_BYTES = 512 * 1024 * 4

/** An open with 256 hops of 16 addresses each would be larger than any sent; a plan of hops is a few KiB. */
export const MAX_PLAN_BYTES = 256 * 1024

/** Peer ids in base58 (Ed25519: 52 characters). */
const MAX_PEER_CHARS = 64

const MAX_NUMERICS_CHARS = 128
const MAX_CODE_CHARS = 64
const MAX_MESSAGE_CHARS = 1_024

/** One signed announcement. */
export const MAX_ANNOUNCEMENT_BYTES = 16 * 1024

/** Announcements in one answer of a directory node. */
export const MAX_FOUND_ENTRIES = 1_024

export const MAX_MODELS = 256
export const MAX_MODEL_URLS = 16
export const MAX_URL_CHARS = 2_048
export const MAX_MODEL_NAME_CHARS = 128

/** Leases renewed by one gossip message: about 32 KiB. */
export const MAX_RENEWALS = 512

/** Peers watched on one stream: the hops of the longest chain, or of many usual ones. */
export const MAX_WATCHED = 256

/** Models and addresses that one directory node tells its like of. */
export const MAX_TOLD_MODELS = 16
export const MAX_TOLD_ADDRESSES = 8

export function refuse(field: string, value: unknown, expected: string): never {
  throw new InvalidFrameError(`${field}: ${String(value).slice(0, 80)}, ${expected}`)
}

export function bounded(field: string, value: number, least: number, most: number): void {
  if (!(value >= least && value <= most)) refuse(field, value, `${least} … ${most} expected`)
}

function length(field: string, value: Uint8Array, bytes: number): void {
  if (value.byteLength !== bytes) refuse(field, `${value.byteLength} bytes`, `${bytes} expected`)
}

function text(field: string, value: string, most: number): void {
  if (value.length > most) refuse(field, `${value.length} characters`, `at most ${most} allowed`)
  // The decoder makes lone surrogates of bytes that are no UTF-8; they would come back as others.
  if (!value.isWellFormed()) refuse(field, 'no UTF-8', 'text expected')
}

function few(field: string, value: readonly unknown[], most: number): void {
  if (value.length > most) refuse(field, `${value.length} entries`, `at most ${most} allowed`)
}

function finite(field: string, values: readonly number[]): void {
  const wrong = values.find(value => !Number.isFinite(value))
  if (wrong !== undefined) refuse(field, wrong, 'a finite number expected')
}

/** None is one that this version does not know. */
export function onlyBody(kind: string, frame: object): void {
  const set = Object.entries(frame).filter(([, value]) => value !== undefined)
  if (set.length > 1) refuse(kind, set.map(([name]) => name).join(' and '), 'one body expected')
}

export function place(field: string, { session, epoch }: { session: Uint8Array; epoch: number }): void {
  length(`${field}.session`, session, SESSION_BYTES)
  if (epoch < 1) refuse(`${field}.epoch`, epoch, 'at least 1 expected')
}

export function numbered(field: string, frame: { session: Uint8Array; epoch: number; number: number }, least = 1): void {
  place(field, frame)
  if (frame.number < least) refuse(`${field}.number`, frame.number, `at least ${least} expected`)
}

/** Counts that the decoder enforces before it makes room for the next entry. */
const stepLimits = { tokens: { ids: MAX_STEP_TOKENS }, head: { extraIds: MAX_EXTRA_IDS }, timings: MAX_HOPS, parts: MAX_HOPS }
const answerLimits = {
  rows: MAX_HEAD_ROWS,
  rows$: { ids: MAX_TOP_K, logits: MAX_TOP_K, extraLogits: MAX_EXTRA_IDS },
  timings: MAX_HOPS
}
export const planLimits = {
  hops: MAX_HOPS,
  hops$: { addresses: MAX_ADDRESSES, standby: { addresses: MAX_ADDRESSES } },
  driverAddresses: MAX_ADDRESSES
}
export const chainLimits = { step: stepLimits, answer: answerLimits, opened: { hops: MAX_HOPS } }
export const answerFrameLimits = { answer: answerLimits }
export const directoryLimits = {
  watch: { peers: MAX_WATCHED },
  found: { entries: MAX_FOUND_ENTRIES },
  models: { models: MAX_MODELS, models$: { sources: MAX_MODEL_URLS, manifests: MAX_MODEL_URLS } }
}
export const gossipLimits = {
  renewals: { renewals: MAX_RENEWALS },
  directoryNode: {
    addresses: MAX_TOLD_ADDRESSES,
    models: MAX_TOLD_MODELS,
    models$: { sources: MAX_MODEL_URLS, manifests: MAX_MODEL_URLS }
  }
}

/** @throws InvalidFrameError */
export function checkChainFrame(frame: ChainFrame): void {
  onlyBody('ChainFrame', frame)
  const { open, step, beat, rowRequest, close, opened, answer, row, credit, failure, probe, probeReply } = frame
  if (open !== undefined) checkOpenFrame(open)
  if (step !== undefined) checkStepFrame(step)
  if (beat !== undefined) place('beat', beat)
  if (rowRequest !== undefined) numbered('rowRequest', rowRequest)
  if (close !== undefined) place('close', close)
  if (opened !== undefined) {
    place('opened', opened)
    bounded('opened.hops', opened.hops.length, 1, MAX_HOPS)
    for (const { logFirst, logEnd } of opened.hops)
      if (logFirst > logEnd) refuse('opened.hops.logFirst', logFirst, `at most logEnd ${logEnd}`)
  }
  if (answer !== undefined) checkAnswer(answer)
  if (row !== undefined) checkRow(row)
  // 0: nothing executed yet.
  if (credit !== undefined) numbered('credit', credit, 0)
  if (failure !== undefined) checkFailure(failure)
  if (probe !== undefined) numbered('probe', probe)
  if (probeReply !== undefined) {
    numbered('probeReply', probeReply)
    bounded('probeReply.hop', probeReply.hop, 0, MAX_HOPS - 1)
    bounded('probeReply.executed', probeReply.executed, 0, probeReply.received)
  }
}

export function checkOpenFrame({ plan }: Open): void {
  bounded('open.plan bytes', plan.byteLength, 1, MAX_PLAN_BYTES)
}

/** @throws InvalidFrameError */
export function checkAnswerFrame(frame: AnswerFrame): void {
  onlyBody('AnswerFrame', frame)
  if (frame.attach !== undefined) place('attach', frame.attach)
  if (frame.answer !== undefined) checkAnswer(frame.answer)
  if (frame.rowRequest !== undefined) numbered('rowRequest', frame.rowRequest)
  if (frame.row !== undefined) checkRow(frame.row)
}

/** @throws InvalidFrameError */
export function checkDirectoryFrame(frame: DirectoryFrame): void {
  onlyBody('DirectoryFrame', frame)
  const { announce, withdraw, query, found, failure, models, watch, gone } = frame
  if (announce !== undefined) bounded('announce.announcement bytes', announce.announcement.byteLength, 0, MAX_ANNOUNCEMENT_BYTES)
  if (withdraw !== undefined) bounded('withdraw.announcement bytes', withdraw.announcement.byteLength, 0, MAX_ANNOUNCEMENT_BYTES)
  if (query !== undefined && query.model.byteLength !== 0) length('query.model', query.model, DIGEST_BYTES)
  if (found !== undefined) {
    few('found.entries', found.entries, MAX_FOUND_ENTRIES)
    for (const { announcement } of found.entries)
      bounded('found.entries.announcement bytes', announcement.byteLength, 1, MAX_ANNOUNCEMENT_BYTES)
  }
  if (failure !== undefined) checkTexts(failure)
  if (models !== undefined) {
    few('models', models.models, MAX_MODELS)
    for (const entry of models.models) checkModelEntry(entry)
  }
  if (watch !== undefined) {
    few('watch.peers', watch.peers, MAX_WATCHED)
    for (const peer of watch.peers) text('watch.peers', peer, MAX_PEER_CHARS)
  }
  if (gone !== undefined) text('gone.peer', gone.peer, MAX_PEER_CHARS)
}

/** @throws InvalidFrameError */
export function checkGossipFrame(frame: GossipFrame): void {
  onlyBody('GossipFrame', frame)
  const { announce, renewals, directoryNode } = frame
  if (announce !== undefined) bounded('announce.announcement bytes', announce.announcement.byteLength, 1, MAX_ANNOUNCEMENT_BYTES)
  if (renewals !== undefined) {
    bounded('renewals', renewals.renewals.length, 1, MAX_RENEWALS)
    for (const { peer, sequence } of renewals.renewals) {
      text('renewals.peer', peer, MAX_PEER_CHARS)
      // protons-runtime 7.1.2 writes these as bytes that nobody can read; announcements are refused for them.
      if (sequence >= 2n ** 31n && sequence < 2n ** 32n) refuse('renewals.sequence', sequence, 'none of 2³¹ … 2³² − 1 expected')
    }
  }
  if (directoryNode !== undefined) {
    few('directoryNode.addresses', directoryNode.addresses, MAX_TOLD_ADDRESSES)
    checkAddresses('directoryNode.addresses', directoryNode.addresses)
    few('directoryNode.models', directoryNode.models, MAX_TOLD_MODELS)
    for (const entry of directoryNode.models) checkModelEntry(entry)
  }
}

function checkModelEntry({ model, name, layers, sources, manifests }: ModelEntry): void {
  length('models.model', model, DIGEST_BYTES)
  text('models.name', name, MAX_MODEL_NAME_CHARS)
  bounded('models.layers', layers, 1, MAX_HOPS)
  few('models.sources', sources, MAX_MODEL_URLS)
  few('models.manifests', manifests, MAX_MODEL_URLS)
  for (const url of [...sources, ...manifests]) text('models URL', url, MAX_URL_CHARS)
}

/** What can be said of a plan without knowing the model. @throws InvalidFrameError */
export function checkPlan(plan: OpenPlan): void {
  place('plan', plan)
  length('plan.model', plan.model, DIGEST_BYTES)
  text('plan.driver', plan.driver, MAX_PEER_CHARS)
  bounded('plan.hops', plan.hops.length, 1, MAX_HOPS)
  bounded('plan.window', plan.window, 1, Number.MAX_SAFE_INTEGER)
  checkAddresses('plan.driverAddresses', plan.driverAddresses)
  let covered = 0
  for (const hop of plan.hops) {
    text('plan.hops.peer', hop.peer, MAX_PEER_CHARS)
    text('plan.hops.numerics', hop.numerics, MAX_NUMERICS_CHARS)
    checkAddresses('plan.hops.addresses', hop.addresses)
    if (hop.standby !== undefined) {
      text('plan.hops.standby.peer', hop.standby.peer, MAX_PEER_CHARS)
      checkAddresses('plan.hops.standby.addresses', hop.standby.addresses)
    }
    if (hop.firstLayer !== covered)
      refuse('plan.hops.firstLayer', hop.firstLayer, `${covered} expected: hops cover every layer once`)
    if (hop.endLayer <= hop.firstLayer) refuse('plan.hops.endLayer', hop.endLayer, `more than ${hop.firstLayer} expected`)
    covered = hop.endLayer
  }
}

function checkStepFrame(step: Step): void {
  numbered('step', step)
  bounded('step.count', step.count, 1, MAX_STEP_TOKENS)
  // In a recovery's steps, a hop that runs nothing is sent nothing; which hop that is depends on the chain.
  const none = step.tokens === undefined && step.hidden === undefined
  const both = step.tokens !== undefined && step.hidden !== undefined
  if (both || (none && step.parts.every(part => part === Part.run)))
    refuse('step', step.tokens === undefined ? 'neither tokens nor hidden' : 'both tokens and hidden', 'exactly one expected')
  if (step.tokens !== undefined && step.tokens.ids.length !== step.count)
    refuse('step.tokens.ids', `${step.tokens.ids.length} ids`, `count ${step.count} expected`)
  if (step.hidden !== undefined && !isOfRows(step.hidden, step.count))
    refuse('step.hidden.data', `${step.hidden.data.byteLength} bytes`, `as many for each of ${step.count} tokens expected`)
  if (step.head !== undefined) {
    bounded('step.head.rows', step.head.rows, 0, Math.min(step.count, MAX_HEAD_ROWS))
    bounded('step.head.topK', step.head.topK, 0, MAX_TOP_K)
    finite('step.head.temperature', [step.head.temperature])
    few('step.head.extraIds', step.head.extraIds, MAX_EXTRA_IDS)
  }
  checkTimings('step.timings', step.timings)
  few('step.parts', step.parts, MAX_HOPS)
  const foreign = step.parts.find(part => !isPart(part))
  if (foreign !== undefined) refuse('step.parts', foreign, 'a part expected')
}

function checkAnswer(answer: Answer): void {
  numbered('answer', answer)
  bounded('answer.count', answer.count, 1, MAX_STEP_TOKENS)
  few('answer.rows', answer.rows, Math.min(answer.count, MAX_HEAD_ROWS))
  for (const row of answer.rows) checkHeadRow(row)
  checkTimings('answer.timings', answer.timings)
}

function checkHeadRow({ ids, logits, extraLogits, logSumExp, logSumExpAtTemperature }: HeadRow): void {
  few('answer.rows.ids', ids, MAX_TOP_K)
  if (logits.length !== ids.length) refuse('answer.rows.logits', `${logits.length} logits`, `${ids.length} expected, one an id`)
  few('answer.rows.extraLogits', extraLogits, MAX_EXTRA_IDS)
  finite('answer.rows.logits', logits)
  finite('answer.rows.extraLogits', extraLogits)
  finite('answer.rows.logSumExp', [logSumExp, logSumExpAtTemperature])
}

function checkRow(row: Row): void {
  numbered('row', row)
  bounded('row.logits bytes', row.logits.byteLength, 4, MAX_ROW_BYTES)
  if (row.logits.byteLength % 4 !== 0) refuse('row.logits', `${row.logits.byteLength} bytes`, 'whole f32 values expected')
}

export function checkFailure(failure: Failure): void {
  place('failure', failure)
  checkTexts(failure)
}

function checkTexts({ code, message, peer }: Failure): void {
  text('failure.code', code, MAX_CODE_CHARS)
  text('failure.message', message, MAX_MESSAGE_CHARS)
  text('failure.peer', peer, MAX_PEER_CHARS)
}

function checkTimings(field: string, timings: readonly HopTiming[]): void {
  few(field, timings, MAX_HOPS)
}

function checkAddresses(field: string, addresses: readonly string[]): void {
  few(field, addresses, MAX_ADDRESSES)
  for (const address of addresses) text(field, address, MAX_ADDRESS_CHARS)
}

/** Whether the bytes can be those of `count` rows; of how wide ones the host of the span knows. */
function isOfRows({ dtype, data }: Activation, count: number): boolean {
  const least = dtype === Dtype.DTYPE_INT8 ? INT8_BLOCK_BYTES : 2
  return data.byteLength > 0 && data.byteLength % (count * least) === 0
}
