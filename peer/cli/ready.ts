/**
 * Says that a service is ready, to people and, with `--json`, to programs: one JSON object on a line of standard output.
 */
export interface ReadyNotice {
  event: 'ready'
  [field: string]: unknown
}

export function announceReady(json: boolean, notice: ReadyNotice, lines: readonly string[]): void {
  process.stdout.write(json ? `${JSON.stringify(notice)}\n` : `${lines.join('\n')}\n`)
}
