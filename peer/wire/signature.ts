/**
 * Signed bytes that name their purpose: a signature made for one kind of message never passes for another. The signer is
 * the peer whose id the public key yields.
 */
import { publicKeyFromProtobuf, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { InvalidFrameError } from '../errors.ts'

/** Ed25519 in libp2p's protobuf is 36 bytes, its signature 64; other key kinds are not used and RSA would be slow to verify. */
const PUBLIC_KEY_BYTES = 36
const SIGNATURE_BYTES = 64

export interface SignedBytes {
  payload: Uint8Array<ArrayBuffer>
  publicKey: Uint8Array<ArrayBuffer>
  signature: Uint8Array<ArrayBuffer>
}

function domainSeparated(domain: string, payload: Uint8Array): Uint8Array {
  const name = new TextEncoder().encode(`${domain}\0`)
  const bytes = new Uint8Array(name.byteLength + payload.byteLength)
  bytes.set(name)
  bytes.set(payload, name.byteLength)
  return bytes
}

export async function sign(domain: string, payload: Uint8Array, key: PrivateKey): Promise<SignedBytes> {
  return {
    payload: Uint8Array.from(payload),
    publicKey: Uint8Array.from(publicKeyToProtobuf(key.publicKey)),
    signature: Uint8Array.from(await key.sign(domainSeparated(domain, payload)))
  }
}

/** The id of the peer that signed. @throws InvalidFrameError */
export async function signerOf(domain: string, { payload, publicKey, signature }: SignedBytes): Promise<string> {
  if (publicKey.byteLength !== PUBLIC_KEY_BYTES)
    throw new InvalidFrameError(`publicKey: ${publicKey.byteLength} bytes, an Ed25519 key has ${PUBLIC_KEY_BYTES}`)
  if (signature.byteLength !== SIGNATURE_BYTES)
    throw new InvalidFrameError(`signature: ${signature.byteLength} bytes, ${SIGNATURE_BYTES} expected`)
  try {
    const key = publicKeyFromProtobuf(publicKey)
    if (await key.verify(domainSeparated(domain, payload), signature)) return peerIdFromPublicKey(key).toString()
  } catch (cause) {
    throw new InvalidFrameError(`publicKey: ${cause instanceof Error ? cause.message : String(cause)}`, {}, { cause })
  }
  throw new InvalidFrameError(`signature: does not match the key and '${domain}'`)
}
