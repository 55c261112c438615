/**
 * What a hop demands of an open before it takes anything for it: that the plan covers the model, names this peer in this
 * place with this span, and stays within what a host grants.
 */
import type { EngineShape } from '../engine/engine.ts'
import { BusyError, InvalidFrameError, ModelMismatchError, NotNamedError } from '../errors.ts'
import { INT8_BLOCK } from '../wire/activation-codec.ts'
import { Encoding, type OpenPlan } from '../wire/frames.pb.js'
import { toHex } from '../wire/hex.ts'
import { MAX_CLOCK_SKEW_MS, MAX_HOPS, MAX_LEASE_MS, MAX_WAIT_MS, MAX_WINDOW, MIN_LEASE_MS } from './limits.ts'

/** Facts of the model a host serves a span of. */
export interface ModelFacts {
  /** Manifest digest, lower-case hex. */
  digest: string
  layers: number
  width: number
  vocabulary: number
  contextLength: number
}

export interface OpenPlace {
  self: string
  /** Who sent the open, proven by the connection. */
  sender: string
  shape: EngineShape
  model: ModelFacts
  now: number
}

/**
 * This peer's index in the plan.
 * @throws NotNamedError, ModelMismatchError, InvalidFrameError, BusyError
 */
export function checkOpen(plan: OpenPlan, place: OpenPlace): number {
  const { self, sender } = place
  const index = plan.hops.findIndex(hop => hop.peer === self)
  if (index < 0) throw new NotNamedError(`open: ${self} is not named`)
  const previous = index === 0 ? plan.driver : plan.hops[index - 1]!.peer
  if (sender !== previous)
    throw new NotNamedError(`open: sent by ${sender}, but names ${previous} before this hop`, { peer: sender })
  checkPlace(plan, index, place)
  return index
}

/**
 * The index of the hop that this peer stands by for, which must be the sender.
 * @throws NotNamedError, ModelMismatchError, InvalidFrameError, BusyError
 */
export function checkStandbyOpen(plan: OpenPlan, place: OpenPlace): number {
  const { self, sender, shape } = place
  const index = plan.hops.findIndex(({ peer, standby }) => peer === sender && standby?.peer === self)
  if (index < 0) throw new NotNamedError(`open: ${self} is not named as the standby of ${sender}`, { peer: sender })
  checkPlace(plan, index, place)
  // KV of another class may not even be of the same size.
  const { numerics } = plan.hops[index]!
  if (numerics !== shape.numerics)
    throw new ModelMismatchError(`open: KV of numerics ${numerics}, this peer computes ${shape.numerics}`, { peer: self })
  return index
}

/** Whether the plan is one, and the hop's part one that this peer holds. */
function checkPlace(plan: OpenPlan, index: number, { self, shape, model, now }: OpenPlace): void {
  if (plan.session.length !== 16) throw new InvalidFrameError(`open: a session id has 16 bytes, not ${plan.session.length}`)
  if (plan.epoch < 1) throw new InvalidFrameError('open: epochs count from 1')
  if (plan.hops.length < 1 || plan.hops.length > MAX_HOPS) throw new InvalidFrameError(`open: ${plan.hops.length} hops`)
  if (Math.abs(now - Number(plan.issuedAt)) > MAX_CLOCK_SKEW_MS) {
    throw new InvalidFrameError('open: issued too long ago or in the future, so it may be a replay; is a clock wrong?')
  }
  const digest = toHex(plan.model)
  if (digest !== model.digest) throw new ModelMismatchError(`open: model ${digest}, this peer serves ${model.digest}`)
  checkHops(plan, model.layers)
  const { firstLayer, endLayer, numerics } = plan.hops[index]!
  if (firstLayer !== shape.span.first || endLayer !== shape.span.end) {
    throw new ModelMismatchError(
      `open: layers [${firstLayer}, ${endLayer}), this peer runs [${shape.span.first}, ${shape.span.end})`,
      { peer: self }
    )
  }
  if (numerics !== '' && numerics !== shape.numerics) {
    throw new ModelMismatchError(`open: numerics ${numerics}, this peer computes ${shape.numerics}`, { peer: self })
  }
  const { reserveTokens, leaseMs, waitMs, window, committed } = plan
  if (reserveTokens < 1 || reserveTokens > model.contextLength) {
    throw new InvalidFrameError(`open: ${reserveTokens} positions of a context of ${model.contextLength}`)
  }
  if (committed > reserveTokens) throw new InvalidFrameError(`open: ${committed} committed of ${reserveTokens} reserved`)
  if (leaseMs < MIN_LEASE_MS || leaseMs > MAX_LEASE_MS) throw new InvalidFrameError(`open: a lease of ${leaseMs} ms`)
  if (waitMs > MAX_WAIT_MS) throw new BusyError(`open: would wait ${waitMs} ms, this peer lets nobody wait over ${MAX_WAIT_MS}`)
  if (plan.encoding === Encoding.INT8 && shape.width % INT8_BLOCK !== 0)
    throw new InvalidFrameError(`open: int8 blocks of ${INT8_BLOCK} values of a width of ${shape.width}`)
  if (window < 1 || window > MAX_WINDOW) throw new InvalidFrameError(`open: a window of ${window} steps`)
}

function checkHops({ hops }: OpenPlan, layers: number): void {
  let covered = 0
  const peers = new Set<string>()
  for (const { peer, firstLayer, endLayer } of hops) {
    if (firstLayer !== covered || endLayer <= firstLayer) {
      throw new InvalidFrameError(`open: layers [${firstLayer}, ${endLayer}) do not follow on ${covered}`)
    }
    // A peer has one place in a chain: its steps are told apart by session and epoch alone.
    if (peers.has(peer)) throw new InvalidFrameError(`open: ${peer} is named twice`)
    peers.add(peer)
    covered = endLayer
  }
  if (covered !== layers) throw new InvalidFrameError(`open: covers ${covered} of ${layers} layers`)
  for (const { standby } of hops) {
    if (standby === undefined) continue
    // One part in a session each, hop or standby.
    if (peers.has(standby.peer)) throw new InvalidFrameError(`open: ${standby.peer} is named twice`)
    peers.add(standby.peer)
  }
}
