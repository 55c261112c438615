/**
 * A progress bar on standard error for whoever watches; where nobody does, nothing.
 */
const WIDTH = 30
/** Redraws a second are for eyes; more cost time. */
const REDRAW_MS = 50

export interface ProgressBar {
  update: (done: number, total: number) => void
  /** Clears the line, for whatever is printed next. */
  clear: () => void
}

export function progressBar(label: string, stream: NodeJS.WriteStream = process.stderr): ProgressBar {
  if (!stream.isTTY) return { update: () => {}, clear: () => {} }
  let drawnAt = 0
  return {
    update: (done, total) => {
      const now = performance.now()
      if (done < total && now - drawnAt < REDRAW_MS) return
      drawnAt = now
      stream.write(`\r\u001b[2K${renderProgress(label, done, total)}`)
    },
    clear: () => {
      stream.write('\r\u001b[2K')
    }
  }
}

export function renderProgress(label: string, done: number, total: number): string {
  const share = total > 0 ? Math.min(1, done / total) : 1
  const filled = Math.round(share * WIDTH)
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1)
  return `${label} [${'█'.repeat(filled)}${'·'.repeat(WIDTH - filled)}] ${Math.floor(share * 100)} % ${megabytes(done)}/${megabytes(total)} MB`
}
