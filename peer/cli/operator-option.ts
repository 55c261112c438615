/** The option that names where operators ask a process for its figures. */
import { isIP } from 'node:net'
import { InvalidArgumentError, Option } from 'commander'

export interface OperatorAddress {
  host: string
  port: number
}

export function operatorOption(): Option {
  return new Option(
    '--metrics <[host:]port>',
    'serve GET /metrics (Prometheus) and /ready there, on loopback unless a host is named; 0 lets the system choose'
  ).argParser(parseAddress)
}

export function parseAddress(text: string): OperatorAddress {
  const [, bracketed, plain, digits] = /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain ?? '127.0.0.1'
  const port = Number(digits)
  if (digits === undefined || port > 65_535 || (isIP(host) === 0 && host !== 'localhost'))
    throw new InvalidArgumentError('Give a port, or an IP address and a port, e.g. 9100 or 0.0.0.0:9100.')
  return { host, port }
}
