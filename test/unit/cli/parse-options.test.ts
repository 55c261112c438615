/**
 * Option values: what is understood, what is refused.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidArgumentError } from 'commander'
import { parseBytes, parseCount, parseHttpUrl, parseLayers, parsePort, parseWithin } from '../../../peer/cli/parse-options.ts'

const accepted: [parse: (text: string) => unknown, text: string, value: unknown][] = [
  [parseLayers, '0-2', { first: 0, end: 3 }],
  [parseLayers, '7-7', { first: 7, end: 8 }],
  [parseBytes, '2G', 2 * 1024 ** 3],
  [parseBytes, '1.5g', 1.5 * 1024 ** 3],
  [parseBytes, '512MiB', 512 * 1024 ** 2],
  [parseBytes, '100', 100],
  [parsePort, '0', 0],
  [parsePort, '65535', 65535],
  [parseHttpUrl, 'https://swarm.example/x', 'https://swarm.example/x'],
  [parseCount, '12', 12],
  [parseWithin(0, 2), '0.5', 0.5]
]
for (const [parse, text, value] of accepted)
  test(`${parse.name || 'parseWithin'} takes ${text}`, () => assert.deepEqual(parse(text), value))

const refused: [parse: (text: string) => unknown, text: string][] = [
  [parseLayers, '3'],
  [parseLayers, '3-1'],
  [parseLayers, '-1-2'],
  [parseBytes, '0'],
  [parseBytes, '2 apples'],
  [parseBytes, 'G'],
  [parsePort, '65536'],
  [parsePort, '1e3'],
  [parseHttpUrl, 'swarm.example'],
  [parseHttpUrl, 'ftp://swarm.example'],
  [parseCount, '0'],
  [parseCount, '1.5'],
  [parseWithin(0, 1), ''],
  [parseWithin(0, 1), 'NaN'],
  [parseWithin(0, 1), '1.01']
]
for (const [parse, text] of refused)
  test(`${parse.name || 'parseWithin'} refuses '${text}'`, () => assert.throws(() => parse(text), InvalidArgumentError))
