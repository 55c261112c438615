/**
 * How two peers prove to each other that they belong to one swarm: each names its network and a fresh nonce, then shows an
 * HMAC of both nonces, both peer ids and its own part in the connection. So a proof shows the secret without telling it,
 * and is worth nothing to anybody else, at any other time, or said back. For a public network, whose key everybody can
 * derive, it proves that both mean the same network.
 */
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { InvalidFrameError, InviteError } from '../errors.ts'
import { deriveKey, equalBytes, MAX_NETWORK_CHARS, type Membership } from './membership.ts'

const VERSION = 1
export const NONCE_BYTES = 32
export const PROOF_BYTES = 32
const HELLO_HEADER_BYTES = 2 + NONCE_BYTES

/** The longest hello, which is longer than a proof. */
export const MAX_MEMBER_MESSAGE_BYTES = HELLO_HEADER_BYTES + MAX_NETWORK_CHARS

const KEY_PURPOSE = 'shoal/member/1'

export interface Hello {
  network: string
  /** Whether an invite is needed. */
  private: boolean
  nonce: Uint8Array
}

export interface Party {
  peer: string
  nonce: Uint8Array
}

/** The two ends of a connection: who dialled and who was dialled. */
export interface Parties {
  initiator: Party
  responder: Party
}

export type Part = keyof Parties

export function helloOf({ network, secret }: Membership): Hello {
  return { network, private: secret !== undefined, nonce: crypto.getRandomValues(new Uint8Array(NONCE_BYTES)) }
}

/** version, flags, nonce, network id. */
export function encodeHello(hello: Hello): Uint8Array {
  const network = new TextEncoder().encode(hello.network)
  const bytes = new Uint8Array(HELLO_HEADER_BYTES + network.byteLength)
  bytes.set([VERSION, hello.private ? 1 : 0])
  bytes.set(hello.nonce, 2)
  bytes.set(network, HELLO_HEADER_BYTES)
  return bytes
}

/** @throws InvalidFrameError */
export function decodeHello(bytes: Uint8Array): Hello {
  if (bytes.byteLength <= HELLO_HEADER_BYTES || bytes.byteLength > MAX_MEMBER_MESSAGE_BYTES)
    throw new InvalidFrameError(
      `hello: ${bytes.byteLength} bytes, ${HELLO_HEADER_BYTES + 1} … ${MAX_MEMBER_MESSAGE_BYTES} expected`
    )
  const [version, flags] = bytes
  if (version !== VERSION) throw new InvalidFrameError(`hello.version: ${version}, ${VERSION} expected`)
  if (flags !== 0 && flags !== 1) throw new InvalidFrameError(`hello.flags: ${flags}, 0 or 1 expected`)
  return {
    network: new TextDecoder().decode(bytes.subarray(HELLO_HEADER_BYTES)),
    private: flags === 1,
    nonce: bytes.slice(2, HELLO_HEADER_BYTES)
  }
}

/** What `part` shows. */
export function proofOf(membership: Membership, part: Part, { initiator, responder }: Parties): Uint8Array {
  const encoder = new TextEncoder()
  const mac = hmac.create(sha256, deriveKey(membership, KEY_PURPOSE))
  // Nonces have one length and peer ids no line breaks, so no two contents run into the same bytes.
  mac.update(encoder.encode(`${part}\n${initiator.peer}\n${responder.peer}\n`))
  return mac.update(initiator.nonce).update(responder.nonce).digest()
}

/** @throws InviteError when the other's network is another one */
export function checkHello(membership: Membership, theirs: Hello, peer: string): void {
  const needed = membership.secret !== undefined
  if (theirs.network !== membership.network)
    throw new InviteError(`belongs to the network ${printable(theirs.network)}, not to ${membership.network}`, { peer })
  if (theirs.private && !needed)
    throw new InviteError(`the network ${membership.network} is private, an invite is needed`, { peer })
  if (!theirs.private && needed) throw new InviteError(`brought no invite to the network ${membership.network}`, { peer })
}

/** @throws InviteError when it does not show that the other knows the secret */
export function checkProof(membership: Membership, proof: Uint8Array, part: Part, parties: Parties): void {
  if (equalBytes(proof, proofOf(membership, part, parties))) return
  throw new InviteError(`another secret than this invite's to the network ${membership.network}`, { peer: parties[part].peer })
}

/** A stranger's text that may end in a log. */
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, MAX_NETWORK_CHARS)
}
