// Our reading of scopes beside that of the reference's package, on values, grants and permission sets made up by
// crates/scope/examples/generate. Needs no server: `cargo build -p entryway-scope --example generate` first.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { actsOf, allows, expand, needed, normalForm } from './lib/scope-reference.mjs'
import { cureRule, formRule, nameRule, refusalRule, rules, sameMeaning, setCureRule } from './lib/scope-rules.mjs'

const generator =
  process.env.ENTRYWAY_SCOPE_GENERATOR ?? resolve(import.meta.dirname, '../../target/debug/examples/generate')
const seed = process.env.ENTRYWAY_SCOPE_SEED ?? '1'
const count = process.env.ENTRYWAY_SCOPE_COUNT ?? '100000'

/** How often each rule had us differ. */
const differences = new Map(rules.map((rule) => [rule, 0]))
const asked = { values: 0, acts: 0, wants: 0, sets: 0 }
const agreed = { values: 0, acts: 0, wants: 0, sets: 0 }
/** What no rule explains, by kind; the first of them are enough to read. */
const unexplained = { values: [], acts: [], wants: [], sets: [] }

before(async () => {
  assert.ok(existsSync(generator), `there is no ${generator}: cargo build -p entryway-scope --example generate`)
  const child = spawn(generator, [seed, count], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise((done) => child.once('exit', (code) => done(code)))
  for await (const line of createInterface({ input: child.stdout })) {
    const question = JSON.parse(line)
    const [kind, compare] = kindOf(question)
    asked[kind] += 1
    const answer = compare(question)
    if (answer === true) agreed[kind] += 1
    else if (differences.has(answer)) differences.set(answer, differences.get(answer) + 1)
    else unexplained[kind].push(line)
  }
  assert.equal(await ended, 0, 'the generator fails')
})

after(() => {
  console.log(`seed ${seed}: asked ${JSON.stringify(asked)}, agreed ${JSON.stringify(agreed)}, differed by rule:`)
  for (const [rule, times] of differences) console.log(`${String(times).padStart(8)}  ${rule}`)
})

for (const [kind, name] of Object.entries({
  values: 'every value is valid here and there and has one normal form, or a rule says why not',
  acts: 'every grant allows the same here and there and is said to lack the same, or a rule says why not',
  wants: 'every scope that is wanted is granted here and there, or a rule says why not',
  sets: 'every permission set grants the same here and there, or a rule says why not',
})) {
  test(name, () => {
    assert.ok(asked[kind] >= count / 10, `${asked[kind]} were asked`)
    assert.deepEqual(unexplained[kind].slice(0, 20), [], `${unexplained[kind].length} in all`)
  })
}

test('every rule has us differ somewhere', () => {
  assert.deepEqual([...differences].filter(([, times]) => times === 0), [])
})

function kindOf(question) {
  if ('scope' in question) return ['values', compareValue]
  if ('act' in question) return ['acts', compareAct]
  if ('want' in question) return ['wants', compareWant]
  return ['sets', compareSet]
}

// Each answers true where both agree, or the rule by which we differ.

function compareValue({ scope, canonical }) {
  const theirs = normalForm(scope)
  if (theirs === canonical) return true
  if (canonical === null) return refusalRule(scope)
  if (theirs === null || !sameMeaning(scope, canonical)) return undefined
  return formRule(canonical, theirs, scope)
}

function compareAct({ grant, act, missing }) {
  const isAsOurs = (grant, act) => answer(grant, act) === (missing === null)
  if (!isAsOurs(grant, act)) return cureRule(grant, act, isAsOurs)
  if (missing === null) return true
  const theirs = needed(act)
  return theirs === missing ? true : nameRule(missing, theirs, act)
}

function compareWant({ grant, want, missing }) {
  for (const act of actsOf(want)) {
    const lacks = missing?.split(' ').flatMap(actsOf).some((lacked) => isWithin(act, lacked)) ?? false
    const isAsOurs = (grant, act) => answer(grant, act) === !lacks
    if (!isAsOurs(grant, act)) return cureRule(grant, act, isAsOurs)
  }
  return true
}

function compareSet({ include, permissions, scopes }) {
  const isAsOurs = (permissions) => {
    const theirs = expand(include, permissions)
    return theirs.length === scopes.length && theirs.every((scope, index) => sameMeaning(scope, scopes[index]))
  }
  return isAsOurs(permissions) || setCureRule(permissions, isAsOurs)
}

function answer(grant, act) {
  try {
    return allows(grant, act)
  } catch {
    return 'it throws'
  }
}

const isWithin = (act, other) => Object.keys(other).every((name) => act[name] === other[name])
