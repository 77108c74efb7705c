// A browser of the plainest kind: it follows links and redirects, keeps cookies, fills forms and presses buttons,
// and has no JavaScript. It sends the Fetch metadata headers that a real one would, which `fetch` cannot.

import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { parse } from 'parse5'
import { rememberCookies, rememberParameters, rememberUrl } from './artefacts.mjs'

const redirectsMax = 10

export class FormBrowser {
  #cookies = new Map()

  /** Opens a URL as if an app elsewhere had sent the person there. */
  open(url) {
    return this.#navigate({ url: new URL(url), method: 'GET', from: null })
  }

  /**
   * Presses the button with this text, in whichever form of the page it is, after filling that form's fields.
   * A field given as null is left out: a box unticked.
   */
  press(page, buttonText, fields = {}) {
    const { form, button } = page.button(buttonText)
    const body = new URLSearchParams(page.entries(form, button))
    for (const [name, value] of Object.entries(fields)) {
      if (!body.has(name)) throw new Error(`the form with the button "${buttonText}" has no field ${name}:\n${page.text}`)
      if (value === null) body.delete(name)
      else body.set(name, value)
    }
    rememberParameters(body)
    const method = (attribute(button, 'formmethod') ?? attribute(form, 'method') ?? 'get').toUpperCase()
    const url = new URL(attribute(button, 'formaction') ?? attribute(form, 'action') ?? '', page.url)
    if (method === 'GET') url.search = body
    return this.#navigate({ url, method, body: method === 'GET' ? undefined : body.toString(), from: page.url })
  }

  // A chain of redirects that another site began stays cross-site to its end: strict cookies stay at home.
  #cookieHeader(url, crossSite) {
    return [...this.#cookies.values()]
      .filter((cookie) => cookie.host === url.hostname && url.pathname.startsWith(cookie.path))
      .filter((cookie) => !crossSite || cookie.sameSite !== 'strict')
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
  }

  // `from` is the page that was left, or null where another site sent the person here.
  async #navigate({ url, method, body, from }) {
    const { origin } = from ?? url
    for (let redirects = 0; redirects <= redirectsMax; redirects++) {
      rememberUrl(url.href)
      // the client's own address: only what it is sent matters
      if (url.origin !== origin) return new Page(url, 0, {}, '', { method, body })
      const response = await this.#send({ url, method, body, from })
      const { location } = response.headers
      if (response.status < 300 || response.status >= 400 || !location) {
        return new Page(url, response.status, response.headers, response.body)
      }
      url = new URL(location, url)
      if (response.status !== 307 && response.status !== 308) {
        method = 'GET'
        body = undefined
      }
    }
    throw new Error(`more than ${redirectsMax} redirects`)
  }

  #send({ url, method, body, from }) {
    const headers = {
      accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
      'accept-language': 'en',
      'user-agent': 'Mozilla/5.0 (entryway interop)',
      'upgrade-insecure-requests': '1',
      'sec-fetch-site': from ? 'same-origin' : 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
      'sec-fetch-user': '?1',
    }
    const cookie = this.#cookieHeader(url, !from)
    if (cookie) headers.cookie = cookie
    if (method === 'POST') {
      headers.origin = from.origin
      headers['content-type'] = 'application/x-www-form-urlencoded'
      headers['content-length'] = Buffer.byteLength(body)
    }
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest
    return new Promise((done, fail) => {
      const request = send(url, { method, headers }, (response) => {
        const chunks = []
        response.on('data', (chunk) => chunks.push(chunk))
        response.on('error', fail)
        response.on('end', () => {
          this.#keepCookies(url, response.headers['set-cookie'] ?? [])
          done({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString('utf8') })
        })
      })
      request.on('error', fail)
      request.end(body)
    })
  }

  #keepCookies(url, headers) {
    rememberCookies(headers)
    for (const header of headers) {
      const [pair, ...attributes] = header.split(';').map((part) => part.trim())
      const [name, ...rest] = pair.split('=')
      const cookie = { name, value: rest.join('='), host: url.hostname, path: '/', sameSite: 'lax' }
      let gone = cookie.value === ''
      for (const item of attributes) {
        const [key, value = ''] = item.split('=')
        if (key.toLowerCase() === 'path') cookie.path = value
        if (key.toLowerCase() === 'samesite') cookie.sameSite = value.toLowerCase()
        if (key.toLowerCase() === 'max-age' && Number(value) <= 0) gone = true
      }
      const key = `${cookie.host} ${cookie.path} ${name}`
      if (gone) this.#cookies.delete(key)
      else this.#cookies.set(key, cookie)
    }
  }
}

/** What a navigation ended at: a page of the server, or the client's own address with the answer it was sent. */
class Page {
  #document

  constructor(url, status, headers, body, sent) {
    this.url = url
    this.status = status
    this.headers = headers
    this.body = body
    this.sent = sent
    this.#document = parse(body)
  }

  /** The text a person would read. */
  get text() {
    return textOf(this.#document).replace(/\s+/g, ' ').trim()
  }

  get title() {
    return textOf(this.#find((node) => node.tagName === 'title')[0]).trim()
  }

  /** The texts of all buttons that can be pressed. */
  get buttons() {
    return this.#buttons().map(nameOf)
  }

  /** The names of the boxes that are ticked before anybody touches them. */
  get ticked() {
    return this.#find((node) => attribute(node, 'type') === 'checkbox' && attribute(node, 'checked') !== undefined).map((node) =>
      attribute(node, 'name'),
    )
  }

  /** The value that a field shows before anybody types, or undefined where there is no such field. */
  field(name) {
    const input = this.#find((node) => node.tagName === 'input' && attribute(node, 'name') === name)[0]
    return input && (attribute(input, 'value') ?? '')
  }

  /** The parameters that the client was sent, in whichever response mode. */
  get answer() {
    if (!this.sent) throw new Error(`still at the server, not at the client (${this.status} ${this.url}):\n${this.text}`)
    if (this.sent.method === 'POST') return new URLSearchParams(this.sent.body)
    return new URLSearchParams(this.url.hash ? this.url.hash.slice(1) : this.url.search)
  }

  /** The button whose text is, or else contains, this one, and its form. */
  button(text) {
    const buttons = this.#buttons()
    const button = buttons.find((node) => nameOf(node) === text) ?? buttons.find((node) => nameOf(node).includes(text))
    if (!button) {
      throw new Error(`no button "${text}" but [${this.buttons.join(', ')}] at ${this.status} ${this.url}:\n${this.text}`)
    }
    const formId = attribute(button, 'form')
    let form = formId ? this.#find((node) => attribute(node, 'id') === formId)[0] : button.parentNode
    while (form && form.tagName !== 'form') form = form.parentNode
    if (!form) throw new Error(`the button "${text}" is in no form`)
    return { form, button }
  }

  /** What a browser would send when this button of this form is pressed. */
  entries(form, button) {
    const entries = []
    for (const node of descendants(form)) {
      const name = attribute(node, 'name')
      if (!name || attribute(node, 'disabled') !== undefined) continue
      const type = (attribute(node, 'type') ?? '').toLowerCase()
      if (node.tagName === 'input' && ['checkbox', 'radio'].includes(type)) {
        if (attribute(node, 'checked') !== undefined) entries.push([name, attribute(node, 'value') ?? 'on'])
      } else if (node.tagName === 'input' && !['submit', 'button', 'image', 'reset'].includes(type)) {
        entries.push([name, attribute(node, 'value') ?? ''])
      } else if (node.tagName === 'textarea') {
        entries.push([name, textOf(node)])
      } else if (node === button) {
        entries.push([name, attribute(node, 'value') ?? ''])
      }
    }
    return entries
  }

  #buttons() {
    return this.#find(
      (node) =>
        attribute(node, 'disabled') === undefined &&
        ((node.tagName === 'button' && (attribute(node, 'type') ?? 'submit') === 'submit') ||
          (node.tagName === 'input' && attribute(node, 'type') === 'submit')),
    )
  }

  #find(wanted) {
    return [...descendants(this.#document)].filter(wanted)
  }
}

function* descendants(node) {
  for (const child of node.childNodes ?? []) {
    yield child
    yield* descendants(child)
  }
}

function attribute(node, name) {
  return node.attrs?.find((item) => item.name === name)?.value
}

function textOf(node) {
  if (!node || ['style', 'script', 'template'].includes(node.tagName)) return ''
  if (node.nodeName === '#text') return node.value
  return (node.childNodes ?? []).map(textOf).join(' ')
}

function nameOf(button) {
  const text = button.tagName === 'input' ? (attribute(button, 'value') ?? 'Submit') : textOf(button)
  return text.replace(/\s+/g, ' ').trim()
}
