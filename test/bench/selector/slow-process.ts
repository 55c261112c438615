/** A slower machine: processes that are let run for a share of the time, so that they are really slow and take no core from others. */
import type { ServiceProcess } from '../../../peer/cli/service-process.ts'

export interface SlowProcesses {
  /** From now on, 0 to 1; 1 lets them run freely. */
  setShare: (share: number) => void
  /** They run freely again. */
  end: () => void
}

/** One turn of running and standing: shorter than what makes a chain doubt its hops. */
const TURN_MS = 200

export function slowProcesses(processes: readonly ServiceProcess[]): SlowProcesses {
  let timer: NodeJS.Timeout | undefined
  const all = (signal: 'SIGSTOP' | 'SIGCONT') => {
    for (const each of processes) each.kill(signal)
  }
  const setShare = (share: number) => {
    clearTimeout(timer)
    all('SIGCONT')
    if (share >= 1) return
    const stand = () => {
      all('SIGSTOP')
      timer = setTimeout(run, TURN_MS * (1 - share))
    }
    const run = () => {
      all('SIGCONT')
      timer = setTimeout(stand, TURN_MS * share)
    }
    stand()
  }
  return { setShare, end: () => setShare(1) }
}
