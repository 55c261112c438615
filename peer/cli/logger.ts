/**
 * Structured logs: one JSON object a line on standard error, so that standard output carries results alone.
 */
import { InvalidArgumentError, Option } from 'commander'
import { type Logger, pino } from 'pino'

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent']

export function logLevelOption(fallback: string): Option {
  return new Option('--log-level <level>', `lowest level of log lines on standard error: ${LEVELS.join(', ')}`)
    .default(fallback)
    .argParser(text => {
      if (!LEVELS.includes(text)) throw new InvalidArgumentError(`Give one of ${LEVELS.join(', ')}.`)
      return text
    })
}

/** Written at once, so that the last lines before an end are not lost. */
export function openLogger(level: string): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd: 2, sync: true }))
}
