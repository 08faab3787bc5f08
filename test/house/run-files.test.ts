// How the tests are run on other runtimes: what a report says, and that the list of exceptions has to be true.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { EXCEPTIONS, NOT_RUN } from '../runtimes/exceptions.ts'
import { parseJunit } from '../runtimes/junit.ts'
import { compare } from '../runtimes/run-files.ts'
import { testFile } from '../support/programs.ts'

test('a report of Bun says what became of each test, groups innermost first', () => {
  const report = `<?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="bun test" tests="4">
      <testsuite name="a.test.js" file="a.test.js">
        <testsuite name="outer &lt;&amp;&quot;&#10;&gt;">
          <testcase name="one" classname="outer &lt;&amp;&quot;&#10;&gt;" time="0.1" />
          <testcase name="two" classname="in &gt; outer &lt;&amp;&quot;&#10;&gt;"><failure message="1 !== 2">x</failure></testcase>
        </testsuite>
        <testcase name="three" classname=""><skipped /></testcase>
      </testsuite>
    </testsuites>`
  assert.deepEqual(parseJunit(report), [
    { name: 'outer <&"\n> > one', result: 'passed' },
    { name: 'outer <&"\n> > in > two', result: 'failed' },
    { name: 'three', result: 'skipped' },
  ])
})

test('a report of Deno says it with the groups in the name', () => {
  const report = `<testsuites name="deno test"><testsuite name="./a.test.js">
      <testcase name="outer" classname="./a.test.js" time="0.058"><failure message="1 step">1 step</failure></testcase>
      <testcase name="four" classname="./a.test.js" line="10">
      </testcase>
    </testsuite><testsuite name="ext:deno_node/testing.ts">
      <testcase name="outer &gt; it&apos;s &#x41;" classname="ext:deno_node/testing.ts"><error/></testcase>
    </testsuite></testsuites>`
  assert.deepEqual(parseJunit(report), [
    { name: 'outer', result: 'failed' },
    { name: 'four', result: 'passed' },
    { name: "outer > it's A", result: 'failed' },
  ])
  assert.deepEqual(parseJunit(''), [])
})

test('a failure that is not listed is wrong, and so is an entry of the list that is not true', () => {
  const outcomes = [
    { name: 'a', result: 'passed' },
    { name: 'b', result: 'failed' },
    { name: 'c', result: 'skipped' },
  ] as const
  assert.deepEqual(compare('f', outcomes, []), ['f: b'])
  assert.deepEqual(compare('f', outcomes, [{ tests: ['b'] }]), [])
  assert.deepEqual(compare('f', outcomes, [{ tests: ['b', 'c'] }]), [])
  assert.deepEqual(compare('f', outcomes, [{ tests: ['a', 'b'], sometimes: true }]), [])
  assert.deepEqual(compare('f', outcomes, [{ tests: ['a'] }, { tests: ['b', 'd'] }]), [
    'f: a: the exception is no longer needed',
    'f: d: there is no such test',
  ])
})

test('every exception is about a file that is there', () => {
  for (const { file } of [...EXCEPTIONS, ...NOT_RUN]) assert.ok(existsSync(testFile(file)), file)
})
