/**
 * `shoal key`: makes, lists and removes the API keys of a gateway, in a file that holds their hashes alone.
 */
import { join } from 'node:path'
import { Command } from 'commander'
import { InvalidRequestError } from '../errors.ts'
import { type KeyLimits, makeKey, type StoredKey } from '../gateway/api-keys.ts'
import { changeKeys, loadKeys } from './key-file.ts'
import { stateFolder } from './layout.ts'
import { parseCount } from './parse-options.ts'
import { table } from './table.ts'

interface KeyOptions {
  keys: string
  json?: boolean
}

interface AddOptions extends KeyOptions, KeyLimits {
  operator?: boolean
}

export function keyCommand(): Command {
  const file = ['--keys <file>', 'the file of keys', join(stateFolder(), 'keys.json')] as const
  const command = new Command('key')
    .summary('make, list and remove API keys of the gateway')
    .description('Keeps the keys that `shoal serve --keys FILE` asks clients for. The file holds hashes: a key is shown once.')
  command
    .command('add')
    .description('Makes a key and prints it; it can’t be read again.')
    .argument('<name>', 'whose it is, for people')
    .option(...file)
    .option('--requests-per-minute <n>', 'most requests in any minute (default: no limit)', parseCount)
    .option('--tokens-per-minute <n>', 'most tokens of prompts and answers in any minute (default: no limit)', parseCount)
    .option('--tokens-per-day <n>', 'the same in any 24 hours (default: no limit)', parseCount)
    .option('--concurrent <n>', 'most answers at once (default: no limit)', parseCount)
    .option('--operator', 'it may also read /health, /metrics and /v1/shoal/selector, which tell of all clients')
    .option('--json', 'print one JSON object')
    .action(add)
  command
    .command('list')
    .description('Lists the keys by id and name.')
    .option(...file)
    .option('--json', 'print them as JSON')
    .action(({ keys, json }: KeyOptions) => {
      const shown = loadKeys(keys).map(({ hash: _hash, ...rest }) => rest)
      process.stdout.write(json ? `${JSON.stringify(shown, null, 2)}\n` : `${keysTable(shown)}\n`)
    })
  command
    .command('remove')
    .description('Takes a key back, within a second also from a gateway that runs.')
    .argument('<id>', 'id as `shoal key list` shows it')
    .option(...file)
    .action((id: string, { keys: path }: KeyOptions) =>
      changeKeys(path, keys => {
        const left = keys.filter(key => key.id !== id)
        if (left.length === keys.length) throw new InvalidRequestError(`${path} has no key ${id}`)
        return left
      })
    )
  return command
}

async function add(name: string, options: AddOptions): Promise<void> {
  const { requestsPerMinute, tokensPerMinute, tokensPerDay, concurrent, operator } = options
  const rights = {
    ...(operator === true ? { operator } : {}),
    ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
    ...(tokensPerMinute === undefined ? {} : { tokensPerMinute }),
    ...(tokensPerDay === undefined ? {} : { tokensPerDay }),
    ...(concurrent === undefined ? {} : { concurrent })
  }
  const { key, stored } = makeKey(name, rights, new Date())
  await changeKeys(options.keys, keys => [...keys, stored])
  process.stdout.write(options.json ? `${JSON.stringify({ key, id: stored.id, name, ...rights })}\n` : `${key}\n`)
}

function keysTable(keys: readonly Omit<StoredKey, 'hash'>[]): string {
  if (keys.length === 0) return 'no keys'
  const rows = keys.map(({ id, name, created, operator, requestsPerMinute, tokensPerMinute, tokensPerDay, concurrent }) => [
    id,
    name,
    created,
    operator === true ? 'operator' : 'client',
    ...[requestsPerMinute, tokensPerMinute, tokensPerDay, concurrent].map(limit => String(limit ?? '–'))
  ])
  return table(['id', 'name', 'created', 'for', 'requests/min', 'tokens/min', 'tokens/day', 'concurrent'], rows)
}
