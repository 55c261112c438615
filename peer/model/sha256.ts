/**
 * SHA-256 through WebCrypto. Pages that came over plain HTTP have none, and still must tell one model from another: they
 * compute it in JavaScript, a few milliseconds a megabyte.
 */
export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  // Typed as always there; browsers leave it out of insecure contexts.
  const subtle = crypto.subtle as SubtleCrypto | undefined
  if (subtle !== undefined) return hexOf(new Uint8Array(await subtle.digest('SHA-256', bytes)))
  const { sha256 } = await import('@noble/hashes/sha2.js')
  return hexOf(sha256(bytes))
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
}
