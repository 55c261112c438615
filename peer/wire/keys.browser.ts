/**
 * A tab's key, kept in IndexedDB. Tabs of one origin share that database but must not share a live peer id, so keys lie in
 * numbered slots and a tab holds the Web Lock of its slot until it is closed. Without IndexedDB or Web Locks (an insecure
 * context, private browsing) the key lives as long as the tab.
 */
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'

/** More open tabs of one origin than a person keeps; the next gets a key for its lifetime only. */
const MAX_SLOTS = 32
const STORE = 'keys'

/** The key of the lowest slot that no other tab holds. `place` names the database. */
export async function loadKey(place = 'shoal'): Promise<PrivateKey> {
  const slot = await takeSlot(place)
  if (slot === undefined) return generateKeyPair('Ed25519')
  try {
    return await keyOfSlot(place, slot)
  } catch {
    return generateKeyPair('Ed25519')
  }
}

/** Locks a free slot until the tab closes. */
async function takeSlot(place: string): Promise<number | undefined> {
  if (globalThis.navigator?.locks === undefined || globalThis.indexedDB === undefined) return undefined
  for (let slot = 0; slot < MAX_SLOTS; slot++) {
    const taken = await new Promise<boolean>((resolve, reject) => {
      navigator.locks
        .request(`${place}/key/${slot}`, { ifAvailable: true }, lock => {
          resolve(lock !== null)
          return lock === null ? undefined : new Promise<void>(() => {})
        })
        .catch(reject)
    })
    if (taken) return slot
  }
  return undefined
}

async function keyOfSlot(place: string, slot: number): Promise<PrivateKey> {
  const opening = indexedDB.open(place, 1)
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE)
  const database = await settled(opening)
  try {
    const kept: unknown = await settled(database.transaction(STORE).objectStore(STORE).get(slot))
    if (kept instanceof Uint8Array) {
      try {
        return privateKeyFromProtobuf(kept)
      } catch {
        // Damaged: replaced below.
      }
    }
    const key = await generateKeyPair('Ed25519')
    await settled(database.transaction(STORE, 'readwrite').objectStore(STORE).put(privateKeyToProtobuf(key), slot))
    return key
  } finally {
    database.close()
  }
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('IndexedDB failed'))
  })
}
