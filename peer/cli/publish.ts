/**
 * `shoal publish`: makes the manifest of a model's file, whose digest names the model.
 */
import { writeFile } from 'node:fs/promises'
import { Command } from 'commander'
import { untilToldToEnd } from './lifetime.ts'
import { progressBar } from './progress-bar.ts'

interface PublishOptions {
  out?: string
  json?: boolean
}

export function publishCommand(): Command {
  return new Command('publish')
    .summary('make the manifest that names a model')
    .description(
      'Reads a GGUF file, hashes its tensors and writes its manifest. The manifest’s digest names the model: same digest, same bytes. ' +
        'Serve it with `shoal bootstrap --manifest FILE --model FILE|URL`.'
    )
    .argument('<model>', 'GGUF file (of a split model: any part), or URL that answers range requests')
    .option('-o, --out <file>', 'where to write the manifest (default: NAME.manifest.json)')
    .option('--json', 'print one JSON object')
    .action((place: string, options: PublishOptions) => untilToldToEnd(signal => publish(place, options, signal)))
}

async function publish(place: string, options: PublishOptions, signal: AbortSignal): Promise<void> {
  const [{ openModelSource }, { buildManifest }] = await Promise.all([
    import('./model-source.ts'),
    import('../model/manifest.ts')
  ])
  const source = await openModelSource(place, signal)
  const bar = progressBar('hashing')
  const named = await source
    .readHeader(signal)
    .then(header => buildManifest(header, source, done => bar.update(done.bytesDone, done.bytesTotal), signal))
    .finally(async () => {
      bar.clear()
      await source.close()
    })
  const { name } = named.manifest
  const out = options.out ?? `${name.replaceAll(/[^\w.-]+/g, '-')}.manifest.json`
  await writeFile(out, named.bytes)
  const facts = { digest: named.digest, name, manifest: out, bytes: named.bytes.byteLength }
  process.stdout.write(options.json ? `${JSON.stringify(facts)}\n` : `${named.digest}  ${out}\n`)
}
