// What is wrong with the looks of every <wengang-chat> (or, without one, of the page): a list of sentences.
() => {
  const host = document.querySelector("wengang-chat");
  const top = host ? host.shadowRoot : document.body;
  const frame = top.querySelector(".chat") ?? document.documentElement;
  const elder = frame.classList.contains("elder");
  const [letters, tap, box] = elder ? [18, 60, 180] : [16, 44, 200];
  const found = [];
  const name = (one) => `${one.tagName}.${one.className} “${(one.textContent || one.getAttribute("aria-label") || "").slice(0, 16)}”`;
  const above = (one) => one.parentElement ?? (one.getRootNode() instanceof ShadowRoot ? one.getRootNode().host : null);
  const parse = (text) => (text.match(/[\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) =>
    [r, g, b].map((v) => ((v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (one) => {
    for (let at = one; at; at = above(at)) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const seen = (one) => one.getClientRects().length && !one.closest(".for-ears") && getComputedStyle(one).visibility === "visible";
  const all = [...top.querySelectorAll("*")].filter((one) => seen(one) && !["STYLE", "LINK"].includes(one.tagName));
  const edge = frame.getBoundingClientRect();
  if (edge.left < -0.5 || edge.right > innerWidth + 0.5 || edge.top < -0.5 || edge.bottom > innerHeight + 0.5)
    found.push(`the chat sticks out of the window: ${JSON.stringify(edge)}`);
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth) found.push("the page scrolls sideways");
  for (const one of all) {
    const style = getComputedStyle(one);
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    const field = one.matches("input:not([type=checkbox]), textarea");
    const rect = one.getBoundingClientRect();
    if (own || field) {
      const [a, b] = [light(parse(style.color)), light(ground(one))].sort((x, y) => y - x);
      const contrast = (a + 0.05) / (b + 0.05);
      if (contrast < 4.5) found.push(`${name(one)}: contrast ${contrast.toFixed(2)}`);
      if (parseFloat(style.fontSize) < letters) found.push(`${name(one)}: letters of ${style.fontSize}`);
      if (rect.left < edge.left - 0.5 || rect.right > edge.right + 0.5) found.push(`${name(one)}: sticks out sideways`);
      if (rect.width < parseFloat(style.fontSize) - 0.5) found.push(`${name(one)}: squeezed to ${rect.width}px`);
      if (style.overflowX !== "visible" && one.scrollWidth > one.clientWidth + 1) found.push(`${name(one)}: words are cut`);
    }
    if (one.scrollWidth > one.clientWidth + 1 && /auto|scroll/.test(style.overflowX)) found.push(`${name(one)}: scrolls sideways`);
    if (one.matches("textarea") && rect.width < box) found.push(`${name(one)}: a text box of ${rect.width}px`);
    if (one.matches(".helper input") && rect.width < 100) found.push(`${name(one)}: a box of ${rect.width}px`);
    if (one.matches("textarea") && one.scrollHeight > one.clientHeight + 1 && one.rows < 6) found.push(`${name(one)}: a line is hidden`);
    if (one.matches("button, summary, label:has(input), input:not([type=checkbox]), textarea, .menu a, .quote a, .intro a")) {
      if (rect.height < tap - 0.1 || (rect.width < tap - 0.1 && !one.matches("a"))) found.push(`${name(one)}: target of ${rect.width}×${rect.height}`);
      if (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1)
        if (!one.matches("textarea, a")) found.push(`${name(one)}: its words do not fit`);
    }
    if (one.matches("button, input, textarea") && !(one.textContent.trim() || one.labels?.length || one.getAttribute("aria-label")))
      found.push(`${name(one)}: no name`);
    if (one.hasAttribute("style")) found.push(`${name(one)}: a style of its own`);
  }
  // What can be pressed, and the lines one reads, do not lie on each other. The open menu lies over the rest on purpose.
  const menu = top.querySelector(".menu");
  const pieces = all.filter((one) => one.matches("button, summary, .boxes label, .helper input, textarea, .bubble, .chip, .count, .brand, .state, .note, dt, dd"));
  const free = pieces.filter((one) => !menu?.contains(one)).map((one) => [one, one.getBoundingClientRect()]);
  for (const [i, [one, a]] of free.entries())
    for (const [other, b] of free.slice(i + 1)) {
      if (one.contains(other) || other.contains(one)) continue;
      const scrolled = (x) => x.closest(".scroll, .sheet");
      if (scrolled(one) !== scrolled(other)) continue; // what is scrolled away lies behind header and composer
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > 1 && high > 1) found.push(`${name(one)} lies on ${name(other)}`);
    }
  return found;
}
