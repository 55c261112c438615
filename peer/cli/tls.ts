/** The certificate of a service that is reached by HTTPS. */
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { InvalidRequestError, SourceError, toShoalError } from '../errors.ts'
import type { TlsCertificate } from '../wire/limits.ts'

export interface TlsOptions {
  tlsCert?: string
  tlsKey?: string
}

export function addTlsOptions(command: Command): Command {
  return command
    .option('--tls-cert <file>', 'certificate chain (PEM)')
    .option('--tls-key <file>', 'private key of the certificate (PEM)')
}

/** @throws InvalidRequestError, SourceError */
export async function readTls({ tlsCert, tlsKey }: TlsOptions): Promise<TlsCertificate | undefined> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined
  if (tlsCert === undefined || tlsKey === undefined) throw new InvalidRequestError('--tls-cert and --tls-key go together')
  const [cert, key] = await Promise.all([readPem(tlsCert), readPem(tlsKey)])
  return { cert, key }
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new SourceError(`${path}: ${toShoalError(cause).message}`, {}, { cause })
  }
}
