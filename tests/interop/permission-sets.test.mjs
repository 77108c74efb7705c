// Permission sets as a person meets them: the demo app asks for a bundle beside single permissions, the person
// opens it, unticks and grants, and what was granted is what the app can do.

import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { launchChromium, newPerson, picture, skip } from './lib/chromium.mjs'
import { button, typeAndSignIn } from './lib/clicks.mjs'
import { call, loopbackClient } from './lib/client.mjs'
import { startEntryway } from './lib/entryway.mjs'
import { FormBrowser } from './lib/form-browser.mjs'
import { walkToAnswer } from './lib/walk.mjs'

const set = 'test.jotter.basic'
const bundle = `include:${set}?aud=did:web:api.jotter.test%23search`
const posts = 'repo:app.bsky.feed.post?action=create'
const email = 'account:email'

const can = {
  notes: 'Write and delete notes',
  pins: 'Pin notes',
  posts: 'Share notes as posts',
  email: 'See your e-mail address',
  search: 'Call Jotter’s search service as you, which comes with the bundle',
}

describe('permission sets', { skip }, () => {
  let entryway
  let chromium
  let published
  let person
  let page

  before(async () => {
    entryway = await startEntryway()
    chromium = await launchChromium()
    published = await publishedSet()
  })
  after(async () => {
    await chromium?.close()
    await entryway?.stop()
  })
  beforeEach(async () => {
    person = await newPerson(chromium, { origin: entryway.issuer })
    page = await person.newPage()
  })
  afterEach(async () => {
    await person.close()
    await publish(published)
    await sandbox('DELETE', 'darkness')
    assert.deepEqual(person.faults, [])
  })

  //
  test('a bundle is opened on the page, and once granted with the rest the app can do all of it', async () => {
    await askFor('bundle', entryway.alice)
    const line = item(bundle)
    const said = await line.innerText()
    assert.ok(said.includes('Use a bundle of permissions from jotter.test, which calls it'), said)
    assert.ok(said.includes('“Keep your notes”'), said)
    assert.ok(said.includes('“Write, change and delete notes, pin the ones you need'), said)
    await picture(page, 'permission-sets-consent')

    const list = line.locator('.bundle-list')
    assert.equal(await list.isVisible(), false)
    await openBundle(line)
    // the exact list, with the audience that the second permission inherits
    assert.deepEqual(await list.locator('code').allTextContents(), [
      'repo?collection=test.jotter.note&collection=test.jotter.pin',
      'rpc?lxm=test.jotter.findNotes&lxm=test.jotter.suggestTags&aud=did:web:api.jotter.test%23search',
    ])
    await picture(page, 'permission-sets-consent-open')

    await authorize()
    assert.deepEqual(await granted(), ['atproto', bundle, posts])
    assert.deepEqual(await abilities(), [can.notes, can.pins, can.posts, can.search])
    await page.getByLabel('Share it as a post, too').check()
    await write('a note for everybody')
    await page.locator('#notice', { hasText: 'app.bsky.feed.post' }).waitFor()
    await button(page, 'Pin the note: a note for everybody').click()
    await button(page, 'Unpin the note: a note for everybody').waitFor()
    await refresh()
    await write('a note after the refresh')
    // the method is allowed at the service that the set's audience was given as
    await button(page, 'Call the search service').click()
    await page.locator('#notice', { hasText: 'did:web:api.jotter.test#search' }).waitFor()
    await picture(page, 'permission-sets-granted')
  })

  //
  test('without the single permission that was unticked the app may not do it, and the bundle works', async () => {
    await askFor('bundle', entryway.alice)
    await item(posts).getByRole('checkbox').uncheck()
    await picture(page, 'permission-sets-unticked')
    await authorize()
    assert.deepEqual(await granted(), ['atproto', bundle])
    assert.deepEqual(await abilities(), [can.notes, can.pins, can.search])

    assert.equal(await page.getByLabel('Share it as a post, too').count(), 0)
    await insist('/notes', { text: 'a note to share all the same', share: 'yes' })
    await refusal('repo:app.bsky.feed.post')

    await write('a note that stays here')
    await button(page, 'Pin the note: a note that stays here').click()
    await button(page, 'Unpin the note: a note that stays here').waitFor()
  })

  //
  test('without the bundle the app may do nothing that is in it, and the single permission works', async () => {
    await askFor('bundle', entryway.alice)
    // it was allowed in an earlier test, and can be taken out all the same
    await page.getByText('What you allowed it before').click()
    await item(bundle).getByRole('checkbox').uncheck()
    await authorize()
    assert.deepEqual(await granted(), ['atproto', posts])
    assert.deepEqual(await abilities(), [can.posts])

    await page.locator('#notes-not-granted').waitFor()
    await insist('/notes', { text: 'a note without permission' })
    await refusal('repo:test.jotter.note')
    await insist('/pins', { rkey: '3jui7kd54zh2y' })
    await refusal('repo:test.jotter.pin')
    await insist('/search', {})
    await refusal('rpc:test.jotter.findNotes')
  })

  // demand 3
  test('who asks for more shows what is new, with what was allowed before apart', async () => {
    await askFor('granular', entryway.bob)
    await authorize()
    assert.deepEqual(await abilities(), [can.notes])

    await page.locator('#extra-bundle').check()
    await page.locator('#extra-email').check()
    await button(page, 'Ask for it').click()
    await button(page, 'Authorize').waitFor()
    await page.getByRole('heading', { name: 'New: the app also wants to' }).waitFor()
    await page.getByRole('heading', { level: 1, name: 'asks for more access to your account' }).waitFor()
    assert.deepEqual(await shown('.allow > .group'), [email, bundle])
    assert.deepEqual(await shown('.held .group'), ['atproto', 'repo:test.jotter.note'])
    // of the bundle a part was allowed, of the address nothing
    const wider = 'More than you allowed before'
    assert.ok((await item(bundle).innerText()).includes(wider))
    assert.ok(!(await item(email).innerText()).includes(wider))
    assert.equal(await item('repo:test.jotter.note').isVisible(), false)
    await picture(page, 'permission-sets-upgrade')
    await page.getByText('What you allowed it before').click()
    await openBundle(item(bundle))
    await picture(page, 'permission-sets-upgrade-open')

    await authorize()
    assert.deepEqual((await granted()).toSorted(), [email, 'atproto', bundle, 'repo:test.jotter.note'].toSorted())
    assert.deepEqual(await abilities(), [can.notes, can.pins, can.email, can.search])
    assert.match(await page.locator('#session-email').textContent(), /@/)
    await write('a note of before and after')
    await button(page, 'Pin the note: a note of before and after').click()
    await button(page, 'Unpin the note: a note of before and after').waitFor()
  })

  // demand 3
  test('who says no to more keeps what was allowed', async () => {
    await askFor('bundle', entryway.bob)
    await item(posts).getByRole('checkbox').uncheck()
    await authorize()
    await page.locator('#extra-posts').check()
    await button(page, 'Ask for it').click()
    await button(page, 'Deny access').click()
    await page.locator('#problem').waitFor()
    await page.goto(entryway.demo_app)
    assert.deepEqual(await abilities(), [can.notes, can.pins, can.search])
    await write('a note in spite of it')
  })

  //
  test('a set changed by its publisher reaches the app at its next refresh', async () => {
    await askFor('bundle', entryway.alice)
    await authorize()
    await write('a note before the change')
    await publish(without(published, 'test.jotter.pin'))

    // the token of before the change is good until it ends
    await button(page, 'Pin the note: a note before the change').click()
    await button(page, 'Unpin the note: a note before the change').click()
    await refresh()
    assert.deepEqual(await granted(), ['atproto', bundle, posts])
    await button(page, 'Pin the note: a note before the change').click()
    await refusal('repo:test.jotter.pin')
    await write('a note after the change')

    await publish(published)
    await refresh()
    await button(page, 'Pin the note: a note after the change').click()
    await button(page, 'Unpin the note: a note after the change').waitFor()
  })

  //
  test('a stock client writes what a set allows and is told what it does not', async () => {
    const client = loopbackClient(entryway, { scope: 'atproto include:test.jotter.capture' })
    const browser = new FormBrowser()
    const opened = await browser.open(await client.authorize('alice.test'))
    const { answer } = await walkToAnswer(browser, opened, entryway.alice)
    const { session } = await client.callback(answer)
    const record = (collection) => ({ repo: session.did, collection, record: { $type: collection, text: 'by name' } })

    const note = record('test.jotter.note')
    const created = await call(session, 'com.atproto.repo.createRecord', note)
    assert.equal(created.status, 200)
    const rkey = created.body.uri.split('/').at(-1)
    const refused = [
      await call(session, 'com.atproto.repo.deleteRecord', { repo: session.did, collection: note.collection, rkey }),
      await call(session, 'com.atproto.repo.createRecord', record('test.jotter.notebook')),
    ]
    for (const { status, body } of refused) assert.deepEqual([status, body.error], [403, 'ScopeMissingError'])
  })

  // the last one, because the server does not ask a dark authority again for half a minute
  test('an authority gone dark breaks nothing that runs, and admits nothing unknown', async () => {
    await sandbox('POST', 'lexicons/test.jotter.late', { ...published, id: 'test.jotter.late' })
    await askFor('bundle', entryway.alice)
    await authorize()
    await sandbox('PUT', 'darkness')
    await refresh()
    await write('a note in the dark')
    await button(page, 'Pin the note: a note in the dark').click()
    await button(page, 'Unpin the note: a note in the dark').waitFor()

    // a set that was read before serves even somebody who is new
    const other = await newPerson(chromium, { origin: entryway.issuer })
    const another = await other.newPage()
    await askFor('bundle', entryway.bob, another)
    await another.getByText('“Keep your notes”').waitFor()
    await other.close()
    assert.deepEqual(other.faults, [])

    const unknown = loopbackClient(entryway, { scope: 'atproto include:test.jotter.late' })
    await assert.rejects(unknown.authorize('alice.test'), ({ payload }) => {
      assert.equal(payload.error, 'invalid_scope')
      assert.match(payload.error_description, /test\.jotter\.late/)
      return true
    })
  })

  /** From the app's first page to the question. */
  async function askFor(choice, account, at = page) {
    await at.goto(`${entryway.demo_app}?choice=${choice}&handle=${account.handle}`)
    await button(at, 'Continue').click()
    await typeAndSignIn(at, account)
    await button(at, 'Authorize').waitFor()
  }

  async function authorize() {
    await button(page, 'Authorize').click()
    await page.locator('#who').waitFor()
  }

  /** The line of the consent page about one scope value. */
  function item(scope) {
    return page.locator('.grant', { has: page.locator('.exact:not(.bundle) code').getByText(scope, { exact: true }) })
  }

  const openBundle = (line) => line.getByText('What it allows, in plain words').click()

  /** The scope values in a part of the consent page, in their order. */
  const shown = (part) => page.locator(`${part} .exact:not(.bundle) code`).allTextContents()

  const granted = () => page.locator('#session-scope .chip').allTextContents()

  const abilities = () => page.locator('#abilities li').allTextContents()

  async function write(text) {
    await page.getByLabel('A new note').fill(text)
    await button(page, 'Save note').click()
    await page.locator('#notes').getByText(text, { exact: true }).waitFor()
  }

  async function refresh() {
    const token = await page.locator('#token-fingerprint').textContent()
    await button(page, 'Refresh').click()
    await page.locator('#notice', { hasText: 'The access token changed' }).waitFor()
    assert.notEqual(await page.locator('#token-fingerprint').textContent(), token)
  }

  /** Has the app do what its page does not offer. */
  async function insist(path, fields) {
    const sent = page.waitForNavigation()
    await page.evaluate(([action, fields]) => {
      const form = Object.assign(document.createElement('form'), { method: 'post', action })
      for (const [name, value] of Object.entries(fields)) {
        form.append(Object.assign(document.createElement('input'), { type: 'hidden', name, value }))
      }
      document.body.append(form)
      form.submit()
    }, [path, fields])
    await sent
  }

  /** The PDS said no and named what is missing; then back to the app. */
  async function refusal(missing) {
    assert.equal(await page.locator('#problem-error').textContent(), 'ScopeMissingError')
    const description = await page.locator('#problem-description').textContent()
    assert.ok(description.includes(missing), description)
    await page.goto(entryway.demo_app)
    await page.locator('#who').waitFor()
  }

  async function sandbox(method, path, body) {
    const response = await fetch(`${entryway.pds}/sandbox/${path}`, {
      method,
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    assert.equal(response.status, 200, await response.clone().text())
    return response.json()
  }

  async function publishedSet() {
    const { lexicons } = await sandbox('GET', 'lexicons')
    return lexicons.find(({ value }) => value.id === set).value
  }

  const publish = (lexicon) => sandbox('POST', `lexicons/${set}`, lexicon)
})

/** The set without one of its collections. */
function without(lexicon, collection) {
  const changed = structuredClone(lexicon)
  for (const permission of changed.defs.main.permissions) {
    if (permission.collection) permission.collection = permission.collection.filter((one) => one !== collection)
  }
  return changed
}
