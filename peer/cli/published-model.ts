/**
 * A model as the bootstrap publishes it: from its file or URL, with a manifest at hand or made now.
 */
import { readFile } from 'node:fs/promises'
import type { PublishedModel } from '../../bootstrap/published-model.ts'
import { ModelMismatchError } from '../errors.ts'
import { buildManifest, parseManifest } from '../model/manifest.ts'
import { isUrl, openModelSource } from './model-source.ts'
import { progressBar } from './progress-bar.ts'

/** What people type: `Psalter 6M` becomes psalter-6m. */
export function shortName(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9._]+/g, '-')
    .replaceAll(/^-|-$/g, '')
}

/** @throws InvalidFileError, UnsupportedModelError, SourceError naming the file */
export async function publishedModel(
  place: string,
  manifestPath: string | undefined,
  signal: AbortSignal
): Promise<PublishedModel> {
  const source = await openModelSource(place, signal)
  try {
    const bar = progressBar(`hashing ${source.name}`)
    const header = await source.readHeader(signal)
    const named =
      manifestPath === undefined
        ? await buildManifest(header, source, done => bar.update(done.bytesDone, done.bytesTotal), signal).finally(bar.clear)
        : await parseManifest(new Uint8Array(await readFile(manifestPath)))
    const { name, fileSize, hyperparameters } = named.manifest
    if (fileSize !== source.size)
      throw new ModelMismatchError(`${manifestPath} describes a file of ${fileSize} bytes, ${place} has ${source.size}`)
    const weights = isUrl(place)
      ? { sources: [place] }
      : { sources: [], ...(source.paths.length === 1 ? { weightsPath: place } : { weightsParts: source.paths }) }
    return {
      name: shortName(name) || named.digest.slice(0, 12),
      digest: named.digest,
      layers: hyperparameters.layers,
      manifest: named.bytes,
      ...weights
    }
  } finally {
    await source.close()
  }
}
