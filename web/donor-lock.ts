/**
 * One tab donates per machine: two would share one GPU and each promise all of it. Web Locks tell tabs of one browser and
 * origin of each other; the lock falls free when its tab closes, however it does.
 */
const NAME = 'shoal/donor'

export interface DonorLock {
  release: () => void
}

/**
 * Undefined where another tab has it. `steal` takes it from that tab, which hears of it through its own `onLost`.
 * Where there are no Web Locks there is no WebGPU either, and nothing to share.
 */
export function takeDonorLock(onLost: () => void, steal = false): Promise<DonorLock | undefined> {
  const { locks } = navigator
  return new Promise((resolve, reject) => {
    let held = false
    const hold = (lock: Lock | null): Promise<void> | undefined => {
      if (lock === null) {
        resolve(undefined)
        return undefined
      }
      held = true
      return new Promise(release => resolve({ release }))
    }
    // A lock that is stolen rejects its request.
    locks.request(NAME, steal ? { steal } : { ifAvailable: true }, hold).catch(error => (held ? onLost() : reject(error)))
  })
}
