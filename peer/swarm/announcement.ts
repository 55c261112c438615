/**
 * Announcements as bytes: signed by the peer they speak of, bounded, and plausible enough to plan with. Whoever reads one
 * checks it, also when a directory node passed it on.
 */
import { publicKeyFromProtobuf, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { InvalidFrameError } from '../errors.ts'
import { Agent, type Offer, OfferState, SignedAnnouncement, SignedFields } from './announcement.pb.js'
import type { Announcement, SpanOffer } from './types.ts'

/** Sixteen addresses and sixteen offers, with room. */
export const MAX_SIGNED_BYTES = 16 * 1024
export const MAX_ADDRESSES = 16
export const MAX_ADDRESS_CHARS = 256
/** A peer serves one span or a few, of one model or a few. */
export const MAX_OFFERS = 16
export const MAX_ADAPTER_CHARS = 128
const MAX_NUMERICS_CHARS = 128
/** More layers than any model in use. */
export const MAX_LAYERS = 256
/** Tokens a second through one layer; no machine comes near, so larger is a lie. */
export const MAX_RATE = 1e9
/** A peer with an hour's queue has none to offer. */
export const MAX_QUEUE_MS = 3_600_000
/** A rack's; nobody runs a span on more. */
const MAX_WATTS = 100_000
export const MAX_KV_TOKENS = 2 ** 31
/** Sessions of one peer, and those it was asked for in a minute: more than any host takes on. */
export const MAX_SESSION_COUNT = 65_536
const DIGEST = /^[0-9a-f]{64}$/
const DOMAIN = new TextEncoder().encode('shoal/announcement/1\0')
/** An Ed25519 key in libp2p's protobuf, and its signature. */
const PUBLIC_KEY_BYTES = 36
const SIGNATURE_BYTES = 64

/** Signs what `key`'s peer says of itself. @throws InvalidFrameError when it would be refused by others */
export async function signAnnouncement(announcement: Announcement, key: PrivateKey): Promise<Uint8Array<ArrayBuffer>> {
  checkAnnouncement(announcement)
  const own = peerIdFromPublicKey(key.publicKey).toString()
  if (announcement.peer !== own) refuse('peer', announcement.peer, `${own} expected, the key's`)
  const payload = SignedFields.encode({
    peer: announcement.peer,
    sequence: BigInt(announcement.sequence),
    addresses: announcement.addresses,
    agent: announcement.agent === 'tab' ? Agent.TAB : Agent.NODE,
    adapter: announcement.adapter,
    ...(announcement.watts === undefined ? {} : { watts: announcement.watts }),
    offers: announcement.offers.map(offerToWire)
  })
  const signed = SignedAnnouncement.encode({
    payload,
    publicKey: Uint8Array.from(publicKeyToProtobuf(key.publicKey)),
    signature: Uint8Array.from(await key.sign(signedBytes(payload)))
  })
  if (signed.byteLength > MAX_SIGNED_BYTES) refuse('announcement', `${signed.byteLength} bytes`, `at most ${MAX_SIGNED_BYTES}`)
  return signed
}

/** The announcement, if its peer signed it and it is plausible. @throws InvalidFrameError */
export async function verifyAnnouncement(bytes: Uint8Array): Promise<Announcement> {
  if (bytes.byteLength > MAX_SIGNED_BYTES) refuse('announcement', `${bytes.byteLength} bytes`, `at most ${MAX_SIGNED_BYTES}`)
  const { payload, publicKey, signature } = decoded(() => SignedAnnouncement.decode(bytes))
  if (publicKey.byteLength !== PUBLIC_KEY_BYTES)
    refuse('publicKey', `${publicKey.byteLength} bytes`, `${PUBLIC_KEY_BYTES} expected`)
  if (signature.byteLength !== SIGNATURE_BYTES)
    refuse('signature', `${signature.byteLength} bytes`, `${SIGNATURE_BYTES} expected`)
  const key = decoded(() => publicKeyFromProtobuf(publicKey))
  if (!(await key.verify(signedBytes(payload), signature))) refuse('signature', 'wrong', 'the key did not make it')
  const fields = decoded(() => SignedFields.decode(payload, { limits: { addresses: MAX_ADDRESSES, offers: MAX_OFFERS } }))
  const announcement: Announcement = {
    peer: fields.peer,
    sequence: Number(fields.sequence),
    addresses: fields.addresses,
    agent: fields.agent === Agent.TAB ? 'tab' : 'node',
    adapter: fields.adapter,
    ...(fields.watts === undefined ? {} : { watts: fields.watts }),
    offers: fields.offers.map(offerFromWire)
  }
  const signer = peerIdFromPublicKey(key).toString()
  if (announcement.peer !== signer) refuse('peer', announcement.peer, `but signed by ${signer}`)
  checkAnnouncement(announcement)
  return announcement
}

/** @throws InvalidFrameError */
export function checkAnnouncement({ sequence, addresses, adapter, watts, offers }: Announcement): void {
  if (!Number.isSafeInteger(sequence) || sequence < 0) refuse('sequence', sequence, 'a whole number expected')
  // protons-runtime 7.1.2 writes a uint64 of exactly 32 bits as whatever lay in its buffer: a directory node that passed such
  // a sequence on would send its like what they take for forged.
  if (sequence >= 2 ** 31 && sequence < 2 ** 32) refuse('sequence', sequence, 'none of 2³¹ … 2³² − 1 expected')
  if (addresses.length > MAX_ADDRESSES) refuse('addresses', addresses.length, `at most ${MAX_ADDRESSES}`)
  for (const address of addresses)
    if (address.length > MAX_ADDRESS_CHARS) refuse('addresses', `${address.length} characters`, `at most ${MAX_ADDRESS_CHARS}`)
  if (adapter.length > MAX_ADAPTER_CHARS) refuse('adapter', `${adapter.length} characters`, `at most ${MAX_ADAPTER_CHARS}`)
  if (watts !== undefined && !(watts >= 0 && watts <= MAX_WATTS)) refuse('watts', watts, `0 … ${MAX_WATTS} expected`)
  if (offers.length > MAX_OFFERS) refuse('offers', offers.length, `at most ${MAX_OFFERS}`)
  offers.forEach(checkOffer)
}

function checkOffer(offer: SpanOffer): void {
  const { model, layers, span, numerics, prefillRate, decodeRate, freeKvTokens, queueMs, sessions = 0, demand = 0 } = offer
  if (!DIGEST.test(model)) refuse('offer.model', model, '64 lower-case hex digits expected')
  if (!(Number.isInteger(layers) && layers >= 1 && layers <= MAX_LAYERS))
    refuse('offer.layers', layers, `1 … ${MAX_LAYERS} expected`)
  if (
    !(
      Number.isInteger(span.first) &&
      Number.isInteger(span.end) &&
      span.first >= 0 &&
      span.first < span.end &&
      span.end <= layers
    )
  )
    refuse('offer.span', `[${span.first}, ${span.end})`, `layers of [0, ${layers}) expected`)
  if (numerics.length > MAX_NUMERICS_CHARS)
    refuse('offer.numerics', `${numerics.length} characters`, `at most ${MAX_NUMERICS_CHARS}`)
  for (const [name, rate] of Object.entries({ prefillRate, decodeRate }))
    if (!(rate > 0 && rate <= MAX_RATE)) refuse(`offer.${name}`, rate, `more than 0, at most ${MAX_RATE} expected`)
  if (!(Number.isInteger(freeKvTokens) && freeKvTokens >= 0 && freeKvTokens <= MAX_KV_TOKENS))
    refuse('offer.freeKvTokens', freeKvTokens, `0 … ${MAX_KV_TOKENS} expected`)
  if (!(queueMs >= 0 && queueMs <= MAX_QUEUE_MS)) refuse('offer.queueMs', queueMs, `0 … ${MAX_QUEUE_MS} expected`)
  for (const [name, count] of Object.entries({ sessions, demand }))
    if (!(Number.isInteger(count) && count >= 0 && count <= MAX_SESSION_COUNT))
      refuse(`offer.${name}`, count, `0 … ${MAX_SESSION_COUNT} expected`)
}

function offerToWire(offer: SpanOffer): Offer {
  return {
    model: Uint8Array.from({ length: 32 }, (_, i) => Number.parseInt(offer.model.slice(2 * i, 2 * i + 2), 16)),
    layers: offer.layers,
    firstLayer: offer.span.first,
    endLayer: offer.span.end,
    state: offer.state === 'serving' ? OfferState.SERVING : OfferState.LOADING,
    numerics: offer.numerics,
    prefillRate: offer.prefillRate,
    decodeRate: offer.decodeRate,
    freeKvTokens: offer.freeKvTokens,
    queueMs: offer.queueMs,
    ...(offer.sessions === undefined ? {} : { sessions: offer.sessions }),
    movable: offer.movable ?? false,
    roams: offer.roams ?? false,
    leaving: offer.leaving ?? false,
    demand: offer.demand ?? 0,
    int8: offer.int8 ?? false
  }
}

function offerFromWire(offer: Offer): SpanOffer {
  return {
    // A digest of another length becomes a text of another length, which checkOffer refuses.
    model: Array.from(offer.model.subarray(0, 64), byte => byte.toString(16).padStart(2, '0')).join(''),
    layers: offer.layers,
    span: { first: offer.firstLayer, end: offer.endLayer },
    state: offer.state === OfferState.SERVING ? 'serving' : 'loading',
    numerics: offer.numerics,
    prefillRate: offer.prefillRate,
    decodeRate: offer.decodeRate,
    freeKvTokens: offer.freeKvTokens,
    queueMs: offer.queueMs,
    ...(offer.sessions === undefined ? {} : { sessions: offer.sessions }),
    ...(offer.movable ? { movable: true } : {}),
    ...(offer.roams ? { roams: true } : {}),
    ...(offer.leaving ? { leaving: true } : {}),
    ...(offer.demand > 0 ? { demand: offer.demand } : {}),
    ...(offer.int8 ? { int8: true } : {})
  }
}

function signedBytes(payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(DOMAIN.byteLength + payload.byteLength)
  bytes.set(DOMAIN)
  bytes.set(payload, DOMAIN.byteLength)
  return bytes
}

function decoded<T>(decode: () => T): T {
  try {
    return decode()
  } catch (cause) {
    throw new InvalidFrameError(`announcement: ${cause instanceof Error ? cause.message : String(cause)}`, {}, { cause })
  }
}

function refuse(field: string, value: unknown, expected: string): never {
  throw new InvalidFrameError(`announcement ${field}: ${String(value).slice(0, 80)}, ${expected}`)
}
