/**
 * The unit and the container file say what the command understands. Neither can be run here; systemd checks its own part
 * where it is installed.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { bootstrapCommand } from '../../../peer/cli/bootstrap.ts'
import { edgeCommand } from '../../../peer/cli/edge.ts'
import { EXIT } from '../../../peer/cli/exit-codes.ts'
import { serveCommand } from '../../../peer/cli/serve.ts'
import { configOption, variableOf } from '../../../peer/cli/settings.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const unitPath = join(root, 'scripts/deploy/shoal@.service')
const unit = readFileSync(unitPath, 'utf8')
const container = readFileSync(join(root, 'scripts/deploy/Containerfile'), 'utf8')
const services = [bootstrapCommand(), edgeCommand(), serveCommand()]

/** Values of a setting of the unit. */
const settings = (name: string) =>
  unit.split('\n').flatMap(line => (line.startsWith(`${name}=`) ? [line.slice(name.length + 1)] : []))

test('variables that the unit sets are options', () => {
  const known = new Set([configOption(), ...services.flatMap(({ options }) => options)].map(variableOf))
  const set = settings('Environment').filter(text => text.startsWith('SHOAL_'))
  assert.ok(set.length >= 2)
  for (const text of set) assert.ok(known.has(text.split('=')[0]!), text)
})

test('systemd waits for longer than a service drains, and does not restart what can’t go on', () => {
  const drain = Number(
    settings('Environment')
      .find(text => text.startsWith('SHOAL_DRAIN='))!
      .split('=')[1]
  )
  // After draining, goodbyes and the end of what runs are bounded by 8 s.
  assert.ok(Number(settings('TimeoutStopSec')[0]) > drain + 8)
  assert.deepEqual(settings('RestartPreventExitStatus')[0]!.split(' ').map(Number), [EXIT.usage, EXIT.gpu])
})

test('systemd finds nothing wrong with the unit', t => {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-unit-'))
  try {
    for (const service of services) {
      const path = join(folder, `shoal@${service.name()}.service`)
      copyFileSync(unitPath, path)
      const { error, status, stderr } = spawnSync('systemd-analyze', ['verify', path], { encoding: 'utf8' })
      if (error !== undefined) return t.skip('systemd-analyze is not installed')
      assert.deepEqual([status, stderr], [0, ''])
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('what the container file copies is in the checkout, and its ports are the defaults', () => {
  const copied = [...container.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources]) => sources!.split(' '))
  assert.ok(copied.includes('peer') && copied.includes('package-lock.json'))
  for (const path of copied) assert.ok(existsSync(join(root, path)), path)
  const ports = services.flatMap(({ options }) =>
    options.filter(({ long }) => long === '--port').map(option => option.defaultValue)
  )
  assert.deepEqual(/^EXPOSE (.*)$/m.exec(container)![1]!.split(' ').map(Number), ports)
})
