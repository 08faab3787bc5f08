// The modules of a test file, instantiated anew each time, with one of them replaced. What a module keeps from one call to
// the next, such as a pool, is thereby never that of an earlier mutant. Modules of Node and of packages are shared.

import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { type Module, SourceTextModule, SyntheticModule } from 'node:vm'

interface Compiled {
  readonly text: string
  cachedData: Buffer | undefined
}

/** What the declarations of Node 20 leave out. */
type Cached = SourceTextModule & { createCachedData(): Buffer }

/** The texts of the modules, as they are to be compiled. */
export class ModuleTexts {
  readonly #compiled = new Map<string, Compiled>()
  readonly #instrument: (path: string, text: string) => string

  constructor(instrument: (path: string, text: string) => string) {
    this.#instrument = instrument
  }

  read(path: string): Compiled {
    let compiled = this.#compiled.get(path)
    if (compiled === undefined) {
      compiled = { text: this.#instrument(path, readFileSync(path, 'utf8')), cachedData: undefined }
      this.#compiled.set(path, compiled)
    }
    return compiled
  }
}

const shared = new Map<string, SyntheticModule>()

async function sharedModule(specifier: string): Promise<SyntheticModule> {
  let module = shared.get(specifier)
  if (module === undefined) {
    module = syntheticModule(specifier, (await import(specifier)) as Record<string, unknown>)
    shared.set(specifier, module)
  }
  return module
}

function syntheticModule(identifier: string, namespace: Record<string, unknown>): SyntheticModule {
  const names = Object.keys(namespace)
  return new SyntheticModule(
    names,
    function (this: SyntheticModule) {
      for (const name of names) this.setExport(name, namespace[name])
    },
    { identifier },
  )
}

export class ModuleGraph {
  readonly #texts: ModuleTexts
  readonly #modules = new Map<string, SourceTextModule>()
  readonly #replaced: ReadonlyMap<string, string>
  readonly #testModule: SyntheticModule

  /** @param replaced Texts that stand in the place of modules, by path. @param nodeTest What `node:test` is. */
  constructor(texts: ModuleTexts, replaced: ReadonlyMap<string, string>, nodeTest: Record<string, unknown>) {
    this.#texts = texts
    this.#replaced = replaced
    this.#testModule = syntheticModule('node:test', nodeTest)
  }

  /** The paths of all that was loaded. */
  get paths(): string[] {
    return [...this.#modules.keys()].map((url) => new URL(url).pathname)
  }

  async load(path: string): Promise<void> {
    const module = this.#module(pathToFileURL(path).href)
    await this.#evaluate(module)
  }

  async #evaluate(module: Module): Promise<void> {
    if (module.status === 'unlinked') {
      await module.link((specifier, referrer) => this.#resolve(specifier, referrer.identifier))
    }
    await module.evaluate()
  }

  #resolve(specifier: string, from: string): Module | Promise<Module> {
    if (specifier === 'node:test') return this.#testModule
    if (!specifier.startsWith('.') && !specifier.startsWith('file:')) return sharedModule(specifier)
    return this.#module(new URL(specifier, from).href)
  }

  #module(url: string): SourceTextModule {
    const known = this.#modules.get(url)
    if (known !== undefined) return known
    const path = new URL(url).pathname
    const replacement = this.#replaced.get(path)
    const compiled = replacement === undefined ? this.#texts.read(path) : undefined
    const module = new SourceTextModule(replacement ?? compiled!.text, {
      identifier: url,
      initializeImportMeta: (meta) => {
        meta.url = url
      },
      importModuleDynamically: (async (specifier: string) => {
        const imported = await this.#resolve(specifier, url)
        await this.#evaluate(imported)
        return imported
      }) as never,
      ...(compiled?.cachedData ? { cachedData: compiled.cachedData } : {}),
    })
    // Node does not find the callback of a dynamic import again in a module that comes from a cache.
    if (compiled !== undefined && !compiled.text.includes('import(')) {
      compiled.cachedData ??= (module as Cached).createCachedData()
    }
    this.#modules.set(url, module)
    return module
  }
}
