// <script src="https://…/widget.js" defer></script> defines <wengang-chat>; a page that has none gets one in the corner, a
// button. What it opens is loaded when it is pressed. For whoever embeds it: docs/嵌入网站.md.
(() => {
  const base = new URL("./", document.currentScript.src);
  const file = (name) => new URL(`web/widget/${name}`, base).href;
  const MODULES = ["words", "talk", "replies", "chat"];
  let sheet = null;

  /** Give a shadow root our style: as a constructed sheet, which no policy for inline styles forbids, else as a link. */
  async function style(root) {
    if (!("adoptedStyleSheets" in root)) {
      const link = document.createElement("link");
      Object.assign(link, { rel: "stylesheet", href: file("style.css") });
      await new Promise((done) => {
        link.onload = done;
        link.onerror = done;
        root.append(link);
      });
      return;
    }
    sheet = sheet || fetch(file("style.css")).then((response) => response.text());
    const own = new CSSStyleSheet();
    own.replaceSync(await sheet);
    root.adoptedStyleSheets = [own];
  }

  function loaded() {
    return Promise.all(MODULES.map((name) => import(file(`${name}.js`)))).then((all) => all[all.length - 1]);
  }

  class WengangChat extends HTMLElement {
    static get observedAttributes() {
      return ["open", "elder"];
    }

    constructor() {
      super();
      this.attachShadow({ mode: "open" });
      this._chat = null; // what chat.js made
      this._launcher = null;
    }

    /** Whether it is a button in the corner that opens, not a part of the page. */
    get floating() {
      return this.hasAttribute("floating");
    }

    async connectedCallback() {
      if (this._begun) return;
      this._begun = true;
      try {
        if (!Object.hasOwn || !CSS.supports("selector(:focus-visible)")) throw new Error("this browser is too old");
        if (!this.floating) loaded().catch(() => {}); // beside the style, not behind it
        await style(this.shadowRoot);
        if (this.floating) await this._launch();
        if (!this.floating || this.hasAttribute("open")) await this._open();
      } catch (error) {
        this._instead(error);
      }
    }

    disconnectedCallback() {
      if (this._chat) this._chat.leave();
    }

    attributeChangedCallback(name) {
      if (!this._chat) return;
      if (name === "elder") this._chat.elder(this.hasAttribute("elder"));
      if (name === "open" && this.floating) (this.hasAttribute("open") ? this._open() : this._close()); // prettier-ignore
    }

    async _launch() {
      const { WORDS } = await import(file("words.js"));
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "launcher", textContent: WORDS.launch });
      button.setAttribute("aria-expanded", "false");
      button.addEventListener("click", () => this._open(true).catch((error) => this._instead(error)));
      this._launcher = button;
      this.shadowRoot.append(button);
    }

    async _open(pressed = false) {
      if (!this._chat) {
        if (this._opening) return;
        this._opening = true;
        if (this._launcher) this._launcher.setAttribute("aria-busy", "true");
        try {
          const { Chat } = await loaded();
          this._chat = new Chat(this, base, () => this._close());
        } finally {
          this._opening = false;
          if (this._launcher) this._launcher.removeAttribute("aria-busy");
        }
      }
      if (this._launcher) {
        this._launcher.hidden = true;
        this._launcher.setAttribute("aria-expanded", "true");
      }
      this._chat.show(pressed);
    }

    _close() {
      this._chat.hide();
      this._launcher.hidden = false;
      this._launcher.setAttribute("aria-expanded", "false");
      this._launcher.focus();
    }

    /** A browser too old for our modules, or a network that lost them: the way to the page that needs no script. */
    _instead(error) {
      console.error("wengang-chat:", error);
      const link = document.createElement("a");
      Object.assign(link, { href: new URL("plain", base).href, target: "_blank", rel: "noopener", className: "launcher" });
      link.textContent = "政策助手（简单网页）"; // words.js itself may be what did not arrive
      this.shadowRoot.replaceChildren(link);
    }
  }

  if (customElements.get("wengang-chat")) return;
  customElements.define("wengang-chat", WengangChat);
  const add = () => {
    if (document.querySelector("wengang-chat")) return;
    const corner = document.createElement("wengang-chat");
    corner.setAttribute("floating", "");
    document.body.append(corner);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", add);
  else add();
})();
