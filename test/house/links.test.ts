// Every page of the documentation is found from the README, and no link leads nowhere.

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../support/programs.ts'

const DOCS = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.md'))
  .map((file) => join('docs', file))
const PAGES = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', ...DOCS]

/** The text of a page without its code blocks, where brackets are code. */
function textOf(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8').replaceAll(/^```[\s\S]*?^```$/gm, '')
}

/** What a page links to in the repository: the file, and the heading in it. */
function linksOf(page: string): { file: string; anchor: string | undefined }[] {
  return [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor] = target.split('#')
      const file = path === '' ? page : relative(ROOT, resolve(ROOT, dirname(page), path))
      return { file, anchor }
    })
}

/** The anchors of a page as GitHub makes them of its headings. */
function anchorsOf(page: string): string[] {
  return [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/** How many links it takes to get from the README to each page. */
function distances(): Map<string, number> {
  const found = new Map([['README.md', 0]])
  for (const [page, distance] of found) {
    if (!page.endsWith('.md')) continue
    for (const { file } of linksOf(page)) if (!found.has(file)) found.set(file, distance + 1)
  }
  return found
}

test('every page of the documentation is at most two links from the README', () => {
  const found = distances()
  assert.ok(DOCS.length > 10)
  for (const page of DOCS) assert.ok((found.get(page) ?? Number.POSITIVE_INFINITY) <= 2, page)
})

test('the options, with all their sections, are one link from the README', () => {
  assert.equal(distances().get(join('docs', 'reference', 'options.md')), 1)
})

test('every guide leads to what it is about among the options', () => {
  const reference = join('docs', 'reference')
  for (const page of DOCS.filter((file) => file.startsWith(join('docs', 'guide')))) {
    assert.ok(
      linksOf(page).some(({ file }) => file.startsWith(reference)),
      page,
    )
  }
})

for (const page of PAGES) {
  test(`the links of ${page} lead to files and headings that are there`, () => {
    for (const { file, anchor } of linksOf(page)) {
      assert.ok(existsSync(join(ROOT, file)), file)
      if (anchor !== undefined) assert.ok(anchorsOf(file).includes(anchor), `${file}#${anchor}`)
    }
  })
}
