/**
 * Debian packages for machines that lack them, from wherever the machine takes its packages already.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run, say } from './machine.mjs'

const sourcesFolder = '/etc/apt/sources.list.d'

/**
 * Adds the backports of a release to apt's sources, from the mirror and with the key that the release itself comes
 * from; does nothing where they are there already.
 * @returns the name of the backports release
 */
export function addBackports(codename) {
  const name = `${codename}-backports`
  const sources = readSources()
  if (sources.some(source => suitesOf(source).includes(name))) return name
  const found = sources.map(source => deriveSource(source, codename)).find(text => text !== undefined)
  if (found === undefined) {
    say(`apt has no source for ${codename} to take ${name} from`)
    return undefined
  }
  writeFileSync(join(sourcesFolder, `shoal-backports.${found.deb822 ? 'sources' : 'list'}`), found.text)
  return name
}

export function installPackages(packages, release) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  // Hundreds of lines of progress; errors come on standard error.
  const stdio = ['ignore', 'ignore', 2]
  run('apt-get', ['update', '-qq'], { env, stdio })
  const from = release === undefined ? [] : ['-t', release]
  const { ok, reason } = run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...from, ...packages], { env, stdio })
  if (!ok) say(`apt-get install ${packages.join(' ')} failed (${reason})`)
  return ok
}

/** Every stanza of the deb822 files and every binary line of the one-line files, see sources.list(5). */
function readSources() {
  const files = existsSync(sourcesFolder) ? readdirSync(sourcesFolder).map(name => join(sourcesFolder, name)) : []
  const read = path => readFileSync(path, 'utf8')
  const withoutComments = text => text.replaceAll(/^\s*#.*\n?/gm, '')
  const stanzas = files
    .filter(path => path.endsWith('.sources'))
    .flatMap(path => withoutComments(read(path)).split(/\n\s*\n/))
    .map(text => ({ text: text.trim(), deb822: true }))
  const lines = [...files.filter(path => path.endsWith('.list')), '/etc/apt/sources.list']
    .filter(path => existsSync(path))
    .flatMap(path => withoutComments(read(path)).split('\n'))
    .filter(line => line.startsWith('deb '))
    .map(line => ({ text: line.trim(), deb822: false }))
  return [...stanzas, ...lines]
}

const oneLine = /^deb\s+(?<options>\[[^\]]*\]\s+)?(?<uri>\S+)\s+(?<suite>\S+)/

function suitesOf({ text, deb822 }) {
  if (!deb822) return [text.match(oneLine)?.groups.suite]
  const unused = /^Enabled:\s*no/im.test(text) || !/^Types:.*\bdeb\b(?!-)/im.test(text)
  return unused
    ? []
    : (text
        .match(/^Suites:(.*)$/im)?.[1]
        .trim()
        .split(/\s+/) ?? [])
}

/** The source with `codename`'s backports in place of its suites; undefined where it does not carry `codename`. */
export function deriveSource(source, codename) {
  if (!suitesOf(source).includes(codename)) return undefined
  const { text, deb822 } = source
  const name = `${codename}-backports`
  if (deb822) {
    const changed = text
      .replace(/^Types:.*$/im, 'Types: deb')
      .replace(/^Suites:.*$/im, `Suites: ${name}`)
      .replace(/^Components:.*$/im, 'Components: main')
    return { text: `${changed}\n`, deb822 }
  }
  const { options = '', uri } = text.match(oneLine).groups
  return { text: `deb ${options}${uri} ${name} main\n`, deb822 }
}
