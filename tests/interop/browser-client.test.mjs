// The unmodified BrowserOAuthClient in a page of another origin, and a person who clicks.

import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { startApp } from './lib/app-server.mjs'
import { launchChromium, newPerson, skip } from './lib/chromium.mjs'
import { button, signInAndAuthorize, status, typeAndSignIn } from './lib/clicks.mjs'
import { startEntryway } from './lib/entryway.mjs'

describe('the stock browser client', { skip }, () => {
  let entryway
  let app
  let chromium
  let person
  let page

  before(async () => {
    entryway = await startEntryway()
    app = await startApp(entryway)
    chromium = await launchChromium()
  })
  after(async () => {
    await chromium?.close()
    app?.stop()
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

  for (const path of ['/fragment', '/query']) {
    test(`a person logs in, writes, comes back, refreshes and signs out (${path.slice(1)})`, async () => {
      await logIn(path)
      assert.equal(await page.locator('#did').textContent(), entryway.alice.did)
      assert.equal(page.url(), app.origin + path, 'the answer is cleared from the address')

      await button(page, 'Write a record').click()
      await status(page, /^wrote at:/)
      assert.match(await page.locator('#records li').first().textContent(), /^written at/)

      await page.reload()
      await status(page, 'logged in')
      assert.equal(await page.locator('#did').textContent(), entryway.alice.did)

      await button(page, 'Refresh').click()
      await status(page, /^refreshed until/)
      await button(page, 'Refresh').click()
      await status(page, /^refreshed until/)

      await button(page, 'Sign out').click()
      await status(page, 'signed out')
      await page.reload()
      await status(page, 'logged out')
    })
  }

  test('the client id that the library makes by itself is enough to log in', async () => {
    await logIn('/')
    assert.equal(await page.locator('#did').textContent(), entryway.alice.did)
    await button(page, 'Refresh').click()
    await status(page, /^refreshed until/)
    // nobody asked for more than to know who it is
    await button(page, 'Write a record').click()
    await status(page, /^failed: 403/)
  })

  test('a login in a popup comes back to the page that opened it', async () => {
    await openSignIn('/fragment', 'Log in with a popup', async (popup) => {
      await signInAndAuthorize(popup, entryway.alice)
    })
    await status(page, 'logged in')
    assert.equal(await page.locator('#did').textContent(), entryway.alice.did)
  })

  test('a person who says no is back in the app, which is told access_denied', async () => {
    await openSignIn('/fragment')
    await typeAndSignIn(page, entryway.alice)
    await button(page, 'Deny access').click()
    await status(page, 'failed: access_denied')
  })

  test('a wrong password says so, and the next try counts', async () => {
    await openSignIn('/fragment')
    await typeAndSignIn(page, entryway.alice, 'pass-that-is-wrong')
    await page.getByRole('alert').waitFor()
    assert.equal(await page.locator('input[name=password]').inputValue(), '', 'a password is never sent back')
    await signInAndAuthorize(page, entryway.alice)
    await status(page, 'logged in')
  })

  test('a person who is signed in already is asked for nothing but consent', async () => {
    await logIn('/fragment')
    await button(page, 'Sign out').click()
    await status(page, 'signed out')
    await openSignIn('/fragment')
    await button(page, 'Authorize').click()
    await status(page, 'logged in')
  })

  for (const locks of ['with', 'without']) {
    test(`two tabs ${locks} Web Locks that refresh at once, five times, both live on`, async () => {
      if (locks === 'without') {
        await person.context.addInitScript(() => Object.defineProperty(Navigator.prototype, 'locks', { value: undefined }))
      }
      await logIn('/fragment')
      const other = await person.newPage()
      await other.goto(app.origin + '/fragment')
      await status(other, 'logged in')
      for (let round = 0; round < 5; round++) {
        await Promise.all([page, other].map((tab) => button(tab, 'Refresh').click()))
        await Promise.all([page, other].map((tab) => status(tab, /^refreshed until/)))
      }
      for (const tab of [page, other]) {
        await button(tab, 'Write a record').click()
        await status(tab, /^wrote at:/)
      }
    })
  }

  async function openSignIn(path, label = 'Log in', inPopup) {
    if (new URL(page.url(), app.origin).href !== app.origin + path) await page.goto(app.origin + path)
    await page.getByLabel('Handle').fill('alice.test')
    if (inPopup) {
      const [popup] = await Promise.all([page.waitForEvent('popup'), button(page, label).click()])
      await inPopup(popup)
    } else {
      await button(page, label).click()
      await page.waitForURL(`${entryway.issuer}/**`)
    }
  }

  async function logIn(path) {
    await openSignIn(path)
    await signInAndAuthorize(page, entryway.alice)
    await status(page, 'logged in')
  }
})
