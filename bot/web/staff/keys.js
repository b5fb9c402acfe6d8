// Every key with Alt is a button on the page, which says which: <button data-key="X">. Pressing either is the same.
// By the place of the key (event.code), since with Alt some systems type another character.

document.addEventListener("keydown", (event) => {
  if (event.repeat || !event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || !/^Key[A-Z]$/.test(event.code)) return;
  const buttons = [...document.querySelectorAll(`[data-key="${event.code[3]}"]`)];
  const button = buttons.find((one) => one.checkVisibility() && !one.disabled);
  if (!button) return;
  event.preventDefault();
  button.click();
});
