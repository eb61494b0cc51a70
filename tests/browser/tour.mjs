// A visit of a page by keyboard: what `console.mjs` does, and what it expects of every page.

import assert from "node:assert/strict";

const { SCREENSHOTS } = process.env;
const WIDTH = 1100;
const HEIGHT = 900;

/** A visit in one colour scheme. Its messages of errors are collected until it ends. */
export class Tour {
  static async start(browser, url, scheme) {
    const context = await browser.newContext({
      colorScheme: scheme,
      // No flash of a changed row: it would be in pictures, and fainter than its text allows.
      reducedMotion: "reduce",
      viewport: { width: WIDTH, height: HEIGHT },
    });
    const page = await context.newPage();
    const tour = new Tour(page, scheme);
    page.on("console", (message) => tour.#heard(message));
    page.on("pageerror", (error) => tour.errors.push(`${error}`));
    await page.addInitScript(() => {
      addEventListener("securitypolicyviolation", (event) => {
        console.error(`violates ${event.violatedDirective}: ${event.blockedURI}`);
      });
    });
    // The service's own address leads to the console.
    await page.goto(url);
    assert.equal(await page.title(), "Gatehouse console");
    return tour;
  }

  constructor(page, scheme) {
    this.page = page;
    this.scheme = scheme;
    this.username = `ada-${scheme}`;
    this.errors = [];
  }

  #heard(message) {
    // The browser reports every refused call as an error; those are the tour's purpose.
    const isRefusedCall =
      message.text().startsWith("Failed to load resource") &&
      !message.location().url.includes("/_gatehouse/");
    if (["error", "warning"].includes(message.type()) && !isRefusedCall) {
      this.errors.push(message.text());
    }
  }

  /** Moves the focus with the Tab key until it is on `locator`, then presses a key. */
  async #reaches(locator, key) {
    await locator.waitFor();
    for (let stops = 0; stops < 80; stops += 1) {
      if (await locator.evaluate((element) => element === document.activeElement)) {
        if (key) {
          await this.page.keyboard.press(key);
        }
        return;
      }
      await this.page.keyboard.press("Tab");
    }
    assert.fail(`the Tab key does not reach ${locator}`);
  }

  /** Presses a button. */
  async presses(name) {
    await this.#reaches(this.page.getByRole("button", { name, exact: true }), "Enter");
  }

  /** Chooses a radio button with the arrow keys, or toggles a checkbox. */
  async chooses(name) {
    const radio = this.page.getByRole("radio", { name, exact: true });
    if ((await radio.count()) === 0) {
      await this.#reaches(this.page.getByRole("checkbox", { name, exact: true }), "Space");
      return;
    }
    await this.#reaches(this.page.locator("input[type=radio]:checked"));
    for (let presses = 0; !(await radio.isChecked()); presses += 1) {
      assert.ok(presses < 5, `the arrow keys do not reach ${name}`);
      await this.page.keyboard.press("ArrowDown");
    }
  }

  /** Types into a field, in place of what it has. */
  async types(label, text) {
    await this.#reaches(this.page.getByRole("textbox", { name: label }).or(this.page.getByLabel(label, { exact: true })));
    await this.page.keyboard.press("Control+A");
    await this.page.keyboard.type(text);
  }

  /** Waits until the page announces a text to a screen reader. */
  async says(text) {
    const status = this.page.getByRole("status");
    const announced = status.filter({ hasText: text });
    await announced.waitFor().catch(async () => {
      assert.fail(`expected ${text}, the page says: ${await status.textContent()}`);
    });
  }

  /** Waits until one row of a table, or one line of a log, has all of these texts. */
  async shows(name, texts) {
    const region = this.page.getByRole("region", { name }).or(this.page.getByRole("log", { name }));
    let rows = region.locator("tr, li");
    for (const hasText of texts) {
      rows = rows.filter({ hasText });
    }
    await rows.first().waitFor();
  }

  /** Returns the cells of a table, by its caption. */
  async rows(caption) {
    const table = this.page.getByRole("table", { name: caption });
    const rows = await table.locator("tbody tr").all();
    return Promise.all(rows.map((row) => row.locator("th, td").allInnerTexts()));
  }

  /** Takes a picture of a part of the page, if there is a folder for it. */
  async photographs(name, selector) {
    if (SCREENSHOTS) {
      // In a lower window, the status at its top would cover a part.
      await this.page.setViewportSize({ width: WIDTH, height: 5 * HEIGHT });
      const path = `${SCREENSHOTS}/console-${name}-${this.scheme}.png`;
      await this.page.locator(selector).screenshot({ path });
      await this.page.setViewportSize({ width: WIDTH, height: HEIGHT });
    }
  }

  /** Fails if anything was reported as an error. */
  async ends() {
    assert.deepEqual(this.errors, [], this.scheme);
    await this.page.context().close();
  }
}

const ROLES = ["button", "textbox", "link", "radio", "checkbox", "region", "log", "table", "article", "group", "navigation"];

/** Fails if a control, or a part that a screen reader can jump to, has no accessible name. */
export async function names(page) {
  for (const role of ROLES) {
    // One query: between two, a field may appear.
    const unnamed = page.getByRole(role, { name: /^\s*$/ });
    assert.equal(await unnamed.count(), 0, `every ${role} has a name`);
  }
  const unlabelled = await page.evaluate(() => {
    const controls = document.querySelectorAll("input, select, textarea");
    return Array.from(controls, (it) => it.labels.length).filter((count) => count !== 1);
  });
  assert.deepEqual(unlabelled, [], "every field has one label");
  assert.equal(await page.getByRole("status").count(), 1);
  assert.equal(await page.getByRole("main").count(), 1);
  assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1);
}

/** Fails if a text has less contrast than WCAG 2.2 requires of small text (1.4.3). */
export async function colours(page) {
  const faint = await page.evaluate(() => {
    const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
    const luminance = ([red, green, blue]) => {
      const [r, g, b] = [red, green, blue].map((value) => {
        const part = value / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const background = (element) => {
      for (let it = element; it; it = it.parentElement) {
        const colour = channels(getComputedStyle(it).backgroundColor);
        if (colour[3] !== 0) {
          return colour;
        }
      }
      return [255, 255, 255];
    };
    const hasText = (element) =>
      Array.from(element.childNodes).some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    const texts = Array.from(document.body.querySelectorAll("*")).filter(
      (element) => hasText(element) && element.checkVisibility() && !element.closest(":disabled, .changed"),
    );
    return texts
      .map((element) => {
        const [one, other] = [channels(getComputedStyle(element).color), background(element)].map(luminance);
        const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
        return [ratio, element.outerHTML.slice(0, 80)];
      })
      .filter(([ratio]) => ratio < 4.5);
  });
  assert.deepEqual(faint, [], "texts with too little contrast");
}
