// Every page that a person sees: pictures of it in light and dark, on a phone and on a desktop, and what tools can
// check of its accessibility. The pictures are for a person to look at.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import axe from 'axe-core'
import { launchChromium, newPerson, picture, skip } from './lib/chromium.mjs'
import { button, signInAndAuthorize, typeAndSignIn } from './lib/clicks.mjs'
import { loopbackClient } from './lib/client.mjs'
import { startEntryway } from './lib/entryway.mjs'

const gallery = process.env.ENTRYWAY_GALLERY ?? resolve(import.meta.dirname, '../../target/debug/examples/gallery')

const everything = 'atproto transition:generic transition:chat.bsky transition:email'

describe('the pages', { skip }, () => {
  let entryway
  let chromium
  let person
  let page

  before(async () => {
    entryway = await startEntryway()
    chromium = await launchChromium()
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
    assert.deepEqual(person.faults, [])
  })

  test('home', async () => {
    await page.goto(entryway.issuer)
    await look('home')
  })

  test('sign-in', async () => {
    await page.goto(await authorizeUrl(entryway.pds))
    await look('sign-in')
  })

  test('sign-in for the account that the app named', async () => {
    await page.goto(await authorizeUrl('alice.test'))
    await look('sign-in-with-hint')
  })

  test('sign-in after a wrong password', async () => {
    await page.goto(await authorizeUrl('alice.test'))
    await typeAndSignIn(page, entryway.alice, 'pass-that-is-wrong')
    await page.getByRole('alert').waitFor()
    await look('sign-in-with-error')
  })

  test('sign-up in the middle of a request, as far as consent', async () => {
    await page.goto(await authorizeUrl(entryway.pds, { prompt: 'create' }))
    await look('sign-up')
    await page.getByRole('link', { name: 'Sign in instead' }).click()
    await page.getByRole('link', { name: 'Create an account' }).click()
    await typeAndSignUp({ name: 'alice', email: 'somebody@mail.example' })
    await page.getByRole('alert').waitFor()
    await look('sign-up-with-error')
    const name = newName()
    await typeAndSignUp({ name, email: `${name}@mail.example` })
    await button(page, 'Authorize').waitFor()
    assert.ok((await page.content()).includes(`${name}.test`))
  })

  test('sign-up without an app', async () => {
    await page.goto(`${entryway.issuer}/account/new`)
    await look('account-new')
    const name = newName()
    await typeAndSignUp({ name, email: `${name}@mail.example` })
    await page.getByRole('status').waitFor()
    await look('account-of-a-newcomer')
  })

  test('consent', async () => {
    await page.goto(await authorizeUrl('alice.test', { scope: everything }))
    await typeAndSignIn(page, entryway.alice)
    await button(page, 'Authorize').waitFor()
    assert.ok((await page.content()).includes('http://localhost?'), 'the full client_id is shown')
    await look('consent')
  })

  test('consent to the account alone', async () => {
    await page.goto(await authorizeUrl('alice.test', { scope: 'atproto' }))
    await typeAndSignIn(page, entryway.alice)
    await button(page, 'Authorize').waitFor()
    await look('consent-minimal')
  })

  test('the choice among accounts', async () => {
    for (const account of [entryway.alice, entryway.bob]) {
      await page.goto(await authorizeUrl(account.handle, { prompt: 'login' }))
      await typeAndSignIn(page, account)
      await button(page, 'Authorize').waitFor()
    }
    await page.goto(await authorizeUrl(entryway.pds, { prompt: 'select_account' }))
    await page.getByRole('button', { name: 'bob.test' }).waitFor()
    await look('account-chooser')
  })

  test('the step back to an app that wants its answer by form, where its script does not run', async () => {
    await page.route('**/*.js', (route) => route.fulfill({ contentType: 'text/javascript', body: '' }))
    await page.goto(await authorizeUrl('alice.test', { responseMode: 'form_post' }))
    await signInAndAuthorize(page, entryway.alice)
    await button(page, 'Continue').waitFor()
    await look('form-post')
  })

  test('signing out of this device', async () => {
    await page.goto(await authorizeUrl('alice.test'))
    await typeAndSignIn(page, entryway.alice)
    await button(page, 'Authorize').waitFor()
    await page.goto(entryway.issuer)
    await look('home-signed-in')
    await button(page, 'Sign out of this device').click()
    await page.getByRole('status').waitFor()
    await look('signed-out')
  })

  test('an error that the app made', async () => {
    const answer = await page.goto(
      `${entryway.issuer}/oauth/authorize?client_id=http%3A%2F%2Flocalhost&request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3Areq-unknown`,
    )
    assert.equal(answer.status(), 400)
    await look('error')
  })

  test('an address where nothing is', async () => {
    const answer = await page.goto(`${entryway.issuer}/nowhere`)
    assert.equal(answer.status(), 404)
    await look('not-found')
  })

  test('the demo app', async () => {
    await page.goto(entryway.demo_app)
    await look('demo-home')
    await page.getByLabel('Your handle').fill('alice.test')
    await button(page, 'Continue').click()
    await signInAndAuthorize(page, entryway.alice)
    await page.getByLabel('A new note').fill('The door was open, so I came in and left this note.')
    await button(page, 'Save note').click()
    await page.locator('#notes').waitFor()
    await look('demo-signed-in')
    await button(page, 'Sign out').click()
    await page.locator('#notice').waitFor()
    await look('demo-signed-out')
  })

  test('the demo app when the person says no', async () => {
    await page.goto(entryway.demo_app)
    await page.getByLabel('Your handle').fill('alice.test')
    await button(page, 'Continue').click()
    await typeAndSignIn(page, entryway.alice)
    await button(page, 'Deny access').click()
    await page.locator('#problem').waitFor()
    await look('demo-problem')
  })

  // drawn from samples: what they show takes more than one app, or an app that a log-in page knows
  test('the pages of the gallery', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'entryway-gallery-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const { status, stderr } = spawnSync(gallery, [folder], { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    for (const name of ['sign-up-domains', 'sign-up-invite-spent', 'sign-up-later', 'consent-bundle', 'consent-upgrade', 'consent-known', 'consent-native', 'account', 'account-more']) {
      await page.goto(pathToFileURL(join(folder, `${name}.html`)).href)
      await look(name)
      const closed = page.locator('details:not([open])')
      while (await closed.count()) await closed.first().locator('summary').first().click()
      await look(`${name}-open`)
    }
  })

  test('the mailbox', async () => {
    await page.goto(entryway.mailbox)
    await look('mailbox')
  })

  async function authorizeUrl(input, { scope, responseMode, ...options } = {}) {
    return (await loopbackClient(entryway, { scope, responseMode }).authorize(input, options)).href
  }

  /** One that no run before this one took. */
  function newName() {
    return `new-${randomBytes(5).toString('hex')}`
  }

  async function typeAndSignUp({ name, email }) {
    await page.getByLabel('Handle').fill(name)
    await page.getByLabel('E-mail address').fill(email)
    await page.getByLabel('Password').fill('four words in a row')
    await button(page, 'Create account').click()
  }

  /** Takes the pictures, then has the page checked as both colour schemes show it. */
  async function look(name) {
    await picture(page, name)
    for (const width of [320, 390, 1280]) {
      await page.setViewportSize({ width, height: 800 })
      const wide = await page.evaluate(() => document.documentElement.scrollWidth)
      assert.ok(wide <= width, `${name} is ${wide} wide on a screen of ${width}`)
    }
    const found = []
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme })
      await page.evaluate(axe.source)
      const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }))
      for (const { id, help, nodes } of violations) {
        found.push(...nodes.map(({ target, any }) => `${colorScheme}: ${id} (${help}) at ${target}: ${any[0]?.message ?? ''}`))
      }
    }
    await page.emulateMedia({ colorScheme: null })
    assert.deepEqual(found, [])
  }
})
